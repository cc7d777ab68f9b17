package model

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"segmenter/compute"
	"segmenter/photo"
)

// Errors that a smaller size or a window avoids wrap ErrTooLarge.
var ErrTooLarge = errors.New("too large")

// Limits on a photo. The time for attention grows with the square of the tokens:
// MaxTokens, a picture of 2896×2896 pixels in one window, takes minutes.
const (
	MaxTokens = 1 << 15
	maxSize   = 1 << 14
	maxPixels = 1 << 28 // of the frame: 768 MB
	maxScores = 1 << 28 // of all windows: 1 GB
)

// Options say how to segment a photo. The zero value takes the photo as it is,
// in one window, with the model's better decoder.
type Options struct {
	Decoder Decoder // "" = the first of [Model.Decoders]

	// Size is the length in pixels of the photo's short side after resizing for
	// the network. Both sides are rounded to whole patches; 0 = as it is.
	Size int
	// Window > 0 runs the network on squares of Window pixels, Stride apart, and
	// averages where they overlap: for photos larger than those in training.
	Window, Stride int

	// MaskHeight and MaskWidth are the size of the mask in pixels;
	// 0 = the photo's.
	MaskHeight, MaskWidth int

	// Refine makes the mask's edges follow those of the picture that the network
	// sees (compute.Refinement), and removes the specks that this leaves, unless
	// Smoothing is on. It has no effect with sliding windows.
	Refine bool

	// Smoothing, from 0 (none) to below 1, is for the frames of a video: the
	// weight that earlier frames' scores keep in patches where the picture has
	// not changed (compute.Pictures). It restarts at a frame of another size, and
	// after a frame without smoothing. It does not go with a window.
	Smoothing float64

	// Progress, if not nil, is called before the first window and after each.
	Progress func(done, total int)
}

// check completes the options.
func (o *Options) check(m *Model) error {
	decoders, patch := m.Decoders(), m.Architecture.Patch
	if o.Decoder == "" {
		o.Decoder = decoders[0]
	}
	switch {
	case !slices.Contains(decoders, o.Decoder):
		return fmt.Errorf("decoder %q: this model has %q", o.Decoder, decoders)
	case o.Size < 0 || o.Size > maxSize:
		return fmt.Errorf("size %d: expected 0 (the photo's own) to %d pixels", o.Size, maxSize)
	case o.MaskHeight < 0 || o.MaskWidth < 0 || (o.MaskHeight == 0) != (o.MaskWidth == 0):
		return fmt.Errorf("a mask of %d×%d pixels: expected both above 0, or both 0 (the photo's size)", o.MaskWidth, o.MaskHeight)
	case o.Window < 0 || o.Window > 0 && o.Window < patch:
		return fmt.Errorf("window %d: expected 0 (no window) or at least a patch, %d pixels", o.Window, patch)
	case !(o.Smoothing >= 0 && o.Smoothing < 1):
		return fmt.Errorf("smoothing %v: expected 0 (none) to below 1", o.Smoothing)
	case o.Smoothing > 0 && o.Window > 0:
		return fmt.Errorf("smoothing %v with a window of %d pixels: expected only one of them", o.Smoothing, o.Window)
	case o.Window > 0 && (o.Stride < 1 || o.Stride > o.Window):
		return fmt.Errorf("stride %d: expected 1 to the window's %d pixels", o.Stride, o.Window)
	}
	return nil
}

// A plan follows from a photo's size and the options: the geometry of the frame
// that the network sees, and the size of the mask. It determines the buffers.
type plan struct {
	view                  compute.View
	maskHeight, maskWidth int
	further               int // classes taught
}

// newPlan plans a photo of height×width pixels, and chooses the filter that
// resizes it to the frame. It completes the options.
func newPlan(m *Model, further, height, width int, o *Options) (plan, photo.Filter, error) {
	p := plan{further: further}
	if err := o.check(m); err != nil {
		return p, 0, err
	}
	if height < 1 || width < 1 {
		return p, 0, fmt.Errorf("the photo has %d×%d pixels: expected at least one", width, height)
	}
	filter := photo.Cubic
	frameHeight, frameWidth := photo.Fit(height, width, o.Size, m.Architecture.Patch)
	if o.Window > min(frameHeight, frameWidth) {
		frameHeight, frameWidth = upscale(frameHeight, frameWidth, o.Window)
		if o.Size == 0 {
			filter = photo.Bilinear // as the official implementation does
		}
	}
	if frameHeight > maxPixels/frameWidth {
		return p, 0, fmt.Errorf("the photo of %d×%d pixels becomes %d×%d for windows of %d pixels, which is %w: use a smaller window, or none",
			width, height, frameWidth, frameHeight, o.Window, ErrTooLarge)
	}
	p.view = compute.Whole(m.Architecture.Patch, frameHeight, frameWidth)
	if o.Window > 0 {
		p.view.WindowHeight, p.view.WindowWidth, p.view.Stride = o.Window, o.Window, o.Stride
	}
	p.maskHeight, p.maskWidth = cmp.Or(o.MaskHeight, height), cmp.Or(o.MaskWidth, width)
	return p, filter, p.fits(len(m.Classes) + further)
}

// fits reports a plan that takes too much time or memory.
func (p plan) fits(classes int) error {
	v := p.view
	tokens := v.Patches()
	if tokens > MaxTokens {
		return fmt.Errorf("%d×%d pixels at once are %d tokens, which is %w (at most %d): use a smaller size, or a window",
			v.WindowWidth, v.WindowHeight, tokens, ErrTooLarge, MaxTokens)
	}
	if scores := float64(v.Windows()) * float64(tokens) * float64(classes); scores > maxScores {
		return fmt.Errorf("%d windows of %d tokens are %w for memory: use a larger stride, or a smaller size",
			v.Windows(), tokens, ErrTooLarge)
	}
	return nil
}

// upscale returns the size of a picture after its short side is resized to size
// pixels, with the long side truncated: the official rule for photos smaller than
// the window (segm/model/utils.py).
func upscale(height, width, size int) (h, w int) {
	if height < width {
		return size, int(float64(width) / float64(height) * float64(size))
	}
	return int(float64(height) / float64(width) * float64(size)), size
}
