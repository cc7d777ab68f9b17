package model

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"segmenter/compute"
	"segmenter/photo"
)

// ErrTooLarge is wrapped by errors that a smaller size or a window avoids.
var ErrTooLarge = errors.New("too large")

// What a photo may need. Attention takes time with the square of the tokens:
// MaxTokens, a picture of 2896×2896 pixels at once, takes minutes.
const (
	MaxTokens = 1 << 15
	maxPixels = 1 << 28 // of the frame: 768 MB
	maxScores = 1 << 28 // of all windows: 1 GB
)

// A Segmenter runs a model. Its methods are not to be called concurrently.
type Segmenter struct {
	model   *Model
	devices []compute.Device
	network *network
	first   bool // whether the first rank is among the devices

	resizer photo.Resizer
	frame   photo.Image
	shape   shape
	passes  []*pass // one a rank, for shape
	view    compute.View
	errs    []error         // one a rank
	left    compute.Counter // knows the mask of the last photo, nil if that was given away
}

// New prepares a model for the ranks of a device (for example cpu.New(1, cpu.Int8)).
//
// Where the ranks of a group are in several programs, each has a Segmenter for
// its own ranks. All of them segment the same photo with the same options, at
// the same time; the one that has the first rank gets the mask.
func New(m *Model, devices []compute.Device) (*Segmenter, error) {
	n, err := newNetwork(m, devices[0])
	if err != nil {
		return nil, err
	}
	index, _ := devices[0].Rank()
	return &Segmenter{model: m, devices: devices, network: n, first: index == 0, errs: make([]error, len(devices))}, nil
}

// Options say how to segment a photo. The zero value takes the photo as it is,
// all at once, with the model's better decoder.
type Options struct {
	Decoder Decoder // "" = the first of [Model.Decoders]

	// Size is the length in pixels that the photo's short side is resized to
	// for the network, both sides rounded to whole patches; 0 = as it is.
	Size int
	// Window > 0 runs the network on squares of Window pixels, Stride apart,
	// and takes the mean where they overlap: for photos that are larger than
	// what the network was trained on.
	Window, Stride int

	// MaskHeight and MaskWidth are the size of the mask in pixels;
	// 0 = the photo's.
	MaskHeight, MaskWidth int

	// Refine has the edges of the mask follow those of the picture that the
	// network saw (compute.Refinement). Masks of sliding windows stay as they
	// are.
	Refine bool

	// Smoothing, from 0 (none) to below 1, is for the frames of a video: the
	// part that the scores of frames before keep, patch by patch, where the
	// picture has not changed (compute.Device.Smooth). A frame of another size,
	// and one after a frame without smoothing, begins anew. It does not go
	// together with a window.
	Smoothing float64

	// LeaveMask leaves the mask where it is if that is another memory than this
	// program's (compute.Counter): the result then has no Mask. See
	// [Segmenter.Mask] and [Segmenter.ClassAt].
	LeaveMask bool
	// Classified, if not nil, is then called before anything is waited for,
	// with what the mask is to the device.
	Classified func(compute.Mask) error

	// Progress, if not nil, is called before the first window and after each.
	Progress func(done, total int)
}

// Result is what was seen in a photo.
type Result struct {
	Height, Width int
	Mask          []uint8 // the class of each pixel, row by row; see [New] and [Options.LeaveMask]
	Areas         []int   // the number of pixels of each class

	Network struct{ Height, Width, Windows int } // what the network saw
	Times   struct{ Prepare, Network, Classify time.Duration }
}

// Segment finds the class of every pixel of a photo. Errors wrap [ErrTooLarge],
// the context's error, or that of the photo.
func (s *Segmenter) Segment(ctx context.Context, src photo.Source, o Options) (*Result, error) {
	r := new(Result)
	return r, s.SegmentInto(ctx, r, src, o)
}

// SegmentInto is Segment that uses r's memory again: for video.
func (s *Segmenter) SegmentInto(ctx context.Context, r *Result, src photo.Source, o Options) error {
	if err := s.check(&o); err != nil {
		return err
	}
	start := time.Now()
	want, filter, err := s.plan(src, o)
	if err != nil {
		return err
	}
	if err := s.prepare(want, o); err != nil {
		return err
	}
	if err := s.load(src, want, filter); err != nil {
		return err
	}
	prepared := time.Now()
	if err := s.infer(ctx, o); err != nil {
		return err
	}
	inferred := time.Now()
	if err := s.classify(r, o); err != nil {
		return err
	}
	r.Network.Height, r.Network.Width, r.Network.Windows = s.shape.frameHeight, s.shape.frameWidth, s.shape.windows
	r.Times.Prepare, r.Times.Network, r.Times.Classify = prepared.Sub(start), inferred.Sub(prepared), time.Since(inferred)
	if _, ok := s.passes[0].device.(compute.Counter); ok { // it did everything when it was waited for
		r.Times.Network += r.Times.Classify
		r.Times.Classify = 0
	}
	return nil
}

// check completes the options.
func (s *Segmenter) check(o *Options) error {
	decoders := s.model.Decoders()
	if o.Decoder == "" {
		o.Decoder = decoders[0]
	}
	switch {
	case !slices.Contains(decoders, o.Decoder):
		return fmt.Errorf("decoder %q: this model has %q", o.Decoder, decoders)
	case o.Size < 0 || o.Size > 1<<14:
		return fmt.Errorf("size %d: expected 0 (the photo's own) to %d pixels", o.Size, 1<<14)
	case o.MaskHeight < 0 || o.MaskWidth < 0 || (o.MaskHeight == 0) != (o.MaskWidth == 0):
		return fmt.Errorf("a mask of %d×%d pixels: expected both above 0, or both 0 (the photo's size)", o.MaskWidth, o.MaskHeight)
	case o.Window < 0 || o.Window > 0 && o.Window < s.model.Architecture.Patch:
		return fmt.Errorf("window %d: expected 0 (no window) or at least a patch, %d pixels", o.Window, s.model.Architecture.Patch)
	case !(o.Smoothing >= 0 && o.Smoothing < 1):
		return fmt.Errorf("smoothing %v: expected 0 (none) to below 1", o.Smoothing)
	case o.Smoothing > 0 && o.Window > 0:
		return fmt.Errorf("smoothing %v with a window of %d pixels: expected one without the other", o.Smoothing, o.Window)
	case o.Window > 0 && (o.Stride < 1 || o.Stride > o.Window):
		return fmt.Errorf("stride %d: expected 1 to the window's %d pixels", o.Stride, o.Window)
	}
	return nil
}

// Resize resizes a photo to what the network sees of it with these options.
// Segmenting the result with size 0, and the photo's size for the mask, is the
// same as segmenting the photo.
func (s *Segmenter) Resize(dst *photo.Image, src photo.Source, o Options) error {
	if err := s.check(&o); err != nil {
		return err
	}
	want, filter, err := s.plan(src, o)
	if err != nil {
		return err
	}
	return s.resize(dst, src, want, filter)
}

func (s *Segmenter) resize(dst *photo.Image, src photo.Source, want shape, filter photo.Filter) error {
	dst.Height, dst.Width = want.frameHeight, want.frameWidth
	return s.resizer.Resize(dst, src, filter)
}

// prepare makes the buffers for a shape.
func (s *Segmenter) prepare(want shape, o Options) error {
	if s.passes == nil || want != s.shape {
		s.freePasses()
		for _, d := range s.devices {
			p, err := newPass(s.model, s.network, d, want)
			if err != nil {
				s.freePasses()
				return err
			}
			s.passes = append(s.passes, p)
		}
		s.shape = want
	}
	s.view = compute.View{
		Patch: s.model.Architecture.Patch,
		Rows:  want.rows(s.model.Architecture.Patch), Cols: want.cols(s.model.Architecture.Patch),
		Height: want.frameHeight, Width: want.frameWidth,
		WindowHeight: want.windowHeight, WindowWidth: want.windowWidth,
		Windows: windows(s.view.Windows[:0], want, o.Stride),
	}
	return nil
}

// plan decides on the sizes of frame, windows and mask.
func (s *Segmenter) plan(src photo.Source, o Options) (shape, photo.Filter, error) {
	var want shape
	height, width := src.Size()
	if height < 1 || width < 1 {
		return want, 0, fmt.Errorf("the photo has %d×%d pixels: expected at least one", width, height)
	}
	patch := s.model.Architecture.Patch
	filter := photo.Cubic
	want.maskHeight, want.maskWidth = cmp.Or(o.MaskHeight, height), cmp.Or(o.MaskWidth, width)
	want.frameHeight, want.frameWidth = photo.Fit(height, width, o.Size, patch)
	if o.Window > min(want.frameHeight, want.frameWidth) {
		want.frameHeight, want.frameWidth = upscale(want.frameHeight, want.frameWidth, o.Window)
		if o.Size == 0 {
			filter = photo.Bilinear // as the official implementation does
		}
	}
	if want.frameHeight > maxPixels/want.frameWidth {
		return want, 0, fmt.Errorf("the photo of %d×%d pixels becomes %d×%d for windows of %d pixels, which is %w: use a smaller window, or none",
			width, height, want.frameWidth, want.frameHeight, o.Window, ErrTooLarge)
	}
	want.windowHeight, want.windowWidth, want.windows = want.frameHeight, want.frameWidth, 1
	if o.Window > 0 {
		want.windowHeight, want.windowWidth = o.Window, o.Window
		want.windows = countAnchors(want.frameHeight, o.Window, o.Stride) * countAnchors(want.frameWidth, o.Window, o.Stride)
	}
	tokens := want.rows(patch) * want.cols(patch)
	if tokens > MaxTokens {
		return want, 0, fmt.Errorf("%d×%d pixels at once are %d tokens, which is %w (at most %d): use a smaller size, or a window",
			want.windowWidth, want.windowHeight, tokens, ErrTooLarge, MaxTokens)
	}
	if scores := float64(want.windows) * float64(tokens) * float64(len(s.model.Classes)); scores > maxScores {
		return want, 0, fmt.Errorf("%d windows of %d tokens are %w for the memory: use a larger stride, or a smaller size",
			want.windows, tokens, ErrTooLarge)
	}
	return want, filter, nil
}

// load brings the photo to the devices, resized by them or for them.
func (s *Segmenter) load(src photo.Source, want shape, filter photo.Filter) error {
	if loader, ok := s.passes[0].device.(compute.Loader); ok {
		if loaded, err := loader.Load(s.passes[0].frame, src, filter); loaded || err != nil {
			return err
		}
	}
	if err := s.resize(&s.frame, src, want, filter); err != nil {
		return err
	}
	for _, p := range s.passes {
		p.device.WriteFrame(p.frame, s.frame.Pix)
	}
	return nil
}

// infer runs the network on every window.
func (s *Segmenter) infer(ctx context.Context, o Options) error {
	for i, at := range s.view.Windows {
		if o.Progress != nil {
			o.Progress(i, len(s.view.Windows))
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		last := i == len(s.view.Windows)-1
		err := s.onEveryRank(func(p *pass) error {
			p.window(i, at, o.Decoder)
			if last {
				return p.smooth(o.Smoothing, o.Refine) // the mask is waited for
			}
			return p.device.Finish()
		})
		if err != nil {
			return err
		}
	}
	if o.Progress != nil {
		o.Progress(len(s.view.Windows), len(s.view.Windows))
	}
	return nil
}

// classify paints the mask and measures it.
func (s *Segmenter) classify(r *Result, o Options) error {
	r.Height, r.Width = s.shape.maskHeight, s.shape.maskWidth
	r.Mask = r.Mask[:0]
	r.Areas = slices.Grow(r.Areas[:0], len(s.model.Classes))[:len(s.model.Classes)]
	s.left = nil
	if counter, ok := s.passes[0].device.(compute.Counter); ok && o.LeaveMask {
		p := s.passes[0]
		p.classify(&s.view, o.Refine)
		if o.Classified != nil {
			if err := o.Classified(p.pixels); err != nil {
				return err
			}
		}
		if err := counter.Count(r.Areas, p.pixels); err != nil {
			return err
		}
		s.left = counter
		return nil
	}
	if s.first {
		r.Mask = slices.Grow(r.Mask, r.Height*r.Width)[:r.Height*r.Width]
	}
	err := s.onEveryRank(func(p *pass) error {
		p.classify(&s.view, o.Refine)
		if p.first {
			return p.device.ReadMask(r.Mask, p.pixels)
		}
		return p.device.ReadMask(nil, p.pixels)
	})
	if err != nil {
		return err
	}
	clear(r.Areas)
	for _, class := range r.Mask {
		r.Areas[class]++
	}
	return nil
}

var errNotLeft = errors.New("the mask of the last photo was not left on the device: it is in the result")

// Mask is the mask that [Options.LeaveMask] left behind. dst has its pixels.
func (s *Segmenter) Mask(dst []uint8) error {
	if s.left == nil {
		return errNotLeft
	}
	return s.passes[0].device.ReadMask(dst, s.passes[0].pixels)
}

// ClassAt is the class of one pixel of the mask that [Options.LeaveMask] left
// behind.
func (s *Segmenter) ClassAt(y, x int) (uint8, error) {
	if s.left == nil {
		return 0, errNotLeft
	}
	return s.left.ClassAt(s.passes[0].pixels, y, x)
}

// Left is the mask that [Options.LeaveMask] left behind, as it is to the
// device; nil if it did not.
func (s *Segmenter) Left() compute.Mask {
	if s.left == nil {
		return nil
	}
	return s.passes[0].pixels
}

// onEveryRank runs f for all ranks at the same time.
func (s *Segmenter) onEveryRank(f func(*pass) error) error {
	if len(s.passes) == 1 {
		return f(s.passes[0])
	}
	var wait sync.WaitGroup
	for i, p := range s.passes {
		wait.Go(func() { s.errs[i] = f(p) })
	}
	wait.Wait()
	return errors.Join(s.errs...)
}

// Scores is the network's scores of the last photo, before they are smoothed and
// upsampled:
// (windows·rows·cols, C), rows and cols being the patches of a window.
func (s *Segmenter) Scores() (scores []float32, rows, cols int, err error) {
	if s.passes == nil {
		return nil, 0, 0, errors.New("no photo has been segmented yet: its scores are not known")
	}
	p := s.passes[0]
	scores = make([]float32, p.allScores.Rows()*p.allScores.Cols())
	patch := s.model.Architecture.Patch
	return scores, s.shape.rows(patch), s.shape.cols(patch), p.device.Read(scores, p.allScores)
}

// Probabilities is the probability of a class at every pixel of the last photo:
// the softmax of the pixel's scores over all classes.
func (s *Segmenter) Probabilities(class int) ([]float32, error) {
	C := len(s.model.Classes)
	if class < 0 || class >= C {
		return nil, fmt.Errorf("class %d: expected 0 to %d", class, C-1)
	}
	scores, _, _, err := s.Scores()
	if err != nil {
		return nil, err
	}
	height, width := s.shape.maskHeight, s.shape.maskWidth
	var up compute.Upsampler
	up.Reset(&s.view, scores, C, height, width)
	out := make([]float32, 0, height*width)
	for y := range height {
		row := up.Row(y)
		for x := range width {
			out = append(out, softmaxOf(row[x*C:][:C], class))
		}
	}
	return out, nil
}

// softmaxOf is the softmax of scores at one of them.
func softmaxOf(scores []float32, class int) float32 {
	sum := 0.
	for _, v := range scores {
		sum += math.Exp(float64(v - scores[class]))
	}
	return float32(1 / sum)
}

func (s *Segmenter) freePasses() {
	for _, p := range s.passes {
		p.free()
	}
	s.passes, s.left = nil, nil
}

// Close gives the devices' memory back.
func (s *Segmenter) Close() {
	s.freePasses()
	for _, d := range s.devices {
		d.Close()
	}
}
