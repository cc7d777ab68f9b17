//go:build js

package webgpu

import (
	"math"
	"syscall/js"

	"segmenter/compute"
	"segmenter/compute/webgpu/gpu"
	"segmenter/photo"
)

// A Picture is a [photo.Source] that the browser holds: an ImageBitmap, a
// VideoFrame or a canvas, upright.
type Picture interface {
	photo.Source
	// Value returns the object that the browser copies to the GPU.
	Value() js.Value
}

// maxLines is the size in bytes that a picture may have when its rows have been
// resized and its columns have not. Load declines larger pictures.
const maxLines = 256 << 20

// loader resizes pictures.
type loader struct {
	height, width int // of the picture
	texture       *gpu.Texture
	lines         *gpu.Buffer // resized rows
	columns, rows taps
}

// taps holds the tables of [photo.Taps] for one direction.
type taps struct {
	source, target int
	filter         photo.Filter
	windows        *gpu.Buffer
	weights        *gpu.Buffer
}

// Load implements [compute.Loader] for pictures that are a [Picture].
func (d *Device) Load(f compute.Frame, src photo.Source, filter photo.Filter) (bool, error) {
	external, ok := src.(Picture)
	if !ok {
		return false, nil
	}
	picture, l := f.(*frame), &d.loader
	height, width := external.Size()
	lines := 16 * height * picture.width
	if max(height, width) > d.gpu.Limit("maxTextureDimension2D") || lines > min(maxLines, d.visible) {
		return false, nil
	}
	if err := d.setTexture(height, width); err != nil {
		return false, err
	}
	d.send() // the copy must come after the commands recorded so far
	if err := d.gpu.CopyExternalImage(external.Value(), l.texture, width, height); err != nil {
		return false, err
	}
	d.grow(&l.lines, "resized rows", lines)
	d.setTaps(&l.columns, width, picture.width, filter)
	d.setTaps(&l.rows, height, picture.height, filter)
	d.run(call{
		program:    resizeColumns,
		bindings:   [8]gpu.Binding{1: l.texture.View(), l.columns.windows, l.columns.weights, l.lines},
		parameters: parameters{uint32(height), uint32(picture.width)},
		groups:     [2]int{groups(picture.width, squareSide), groups(height, squareSide)},
	})
	d.run(call{
		program:    resizeRows,
		bindings:   [8]gpu.Binding{1: l.lines, l.rows.windows, l.rows.weights, picture.buffer},
		parameters: parameters{uint32(picture.height), uint32(picture.width)},
		groups:     [2]int{groups(picture.width, squareSide), groups(picture.height, squareSide)},
	})
	if err := d.takeErr(); err != nil {
		return false, err
	}
	return true, nil
}

// setTexture makes room for a picture.
func (d *Device) setTexture(height, width int) (err error) {
	l := &d.loader
	if l.texture != nil && l.height == height && l.width == width {
		return nil
	}
	d.dropTexture()
	err = d.gpu.Checked("a picture on the GPU", func() {
		l.texture = d.gpu.NewTexture("picture", width, height, "rgba8unorm", gpu.TextureBinding|gpu.TextureCopyDst|gpu.RenderAttachment)
	})
	if err != nil {
		d.dropTexture()
		return err
	}
	l.height, l.width = height, width
	return nil
}

func (d *Device) dropTexture() {
	l := &d.loader
	if l.texture == nil {
		return
	}
	d.send()
	view := l.texture.View()
	d.unbind(func(bound gpu.Binding) bool { return bound == view })
	l.texture.Destroy()
	l.texture = nil
}

// setTaps makes the tables for a direction, unless they are there.
func (d *Device) setTaps(t *taps, source, target int, f photo.Filter) {
	if t.windows != nil && t.source == source && t.target == target && t.filter == f {
		return
	}
	var windows, weights []uint32
	for _, tap := range photo.Taps(source, target, f) {
		windows = append(windows, uint32(tap.First), uint32(len(weights)))
		for _, w := range tap.Weights {
			weights = append(weights, math.Float32bits(w))
		}
	}
	windows = append(windows, 0, uint32(len(weights))) // the end of the last one's weights
	d.grow(&t.windows, "windows of pixels", 4*len(windows))
	d.grow(&t.weights, "weights of pixels", 4*len(weights))
	if d.err != nil {
		return
	}
	d.write(t.windows, 0, bytesOf(windows))
	d.write(t.weights, 0, bytesOf(weights))
	t.source, t.target, t.filter = source, target, f
}
