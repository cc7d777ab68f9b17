//go:build js

package webgpu

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall/js"

	"segmenter/compute"
	"segmenter/compute/webgpu/gpu"
)

// mostClasses is how many classes a mask can have.
const mostClasses = 256

// Count implements [compute.Counter].
func (d *Device) Count(areas []int, m compute.Mask) error {
	mask := m.(*picture)
	d.grow(&d.zeros, "zeros", 4*mostClasses)
	d.grow(&d.areas, "areas", 4*mostClasses)
	d.copy(&tensor{d.areas, 0, 1, mostClasses}, &tensor{d.zeros, 0, 1, mostClasses})
	pixels := mask.height * mask.width
	d.run(call{
		program:    count,
		bindings:   [8]gpu.Binding{1: mask.buffer, d.areas},
		parameters: parameters{uint32(pixels)},
		groups:     [2]int{min(countGroups, groups(pixels, 4*mostClasses)), 1},
	})
	raw := make([]byte, 4*len(areas))
	if err := d.read(raw, d.areas, 0); err != nil {
		return err
	}
	for i := range areas {
		areas[i] = int(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return nil
}

// ClassAt implements [compute.Counter].
func (d *Device) ClassAt(m compute.Mask, y, x int) (uint8, error) {
	mask := m.(*picture)
	if y < 0 || x < 0 || y >= mask.height || x >= mask.width {
		return 0, fmt.Errorf("pixel %d, %d: the mask has %d×%d", x, y, mask.width, mask.height)
	}
	at := y*mask.width + x
	var word [4]byte
	err := d.read(word[:], mask.buffer, at/4*4)
	return word[at%4], err
}

// A Painting says how a mask becomes a picture.
type Painting struct {
	Height, Width int
	Palette       []byte // of each class: R, G, B, A
	Border        int    // the class whose border is drawn, or one of these:
}

const (
	AllBorders = -1
	NoBorder   = -2
)

// painter paints masks.
type painter struct {
	canvas   js.Value // OffscreenCanvas
	target   *gpu.Canvas
	pipeline *gpu.Pipeline

	palette    *gpu.Buffer
	parameters *gpu.Buffer
	mask       *gpu.Buffer // what group is made for
	group      *gpu.BindGroup
}

// Paint paints a mask, with all that was recorded before, and returns the
// picture, an ImageBitmap. Only the first call waits, for the shader; the picture
// shows what is painted by the time that it is shown.
func (d *Device) Paint(m compute.Mask, how Painting) (js.Value, error) {
	mask, p := m.(*picture), &d.painter
	if min(how.Height, how.Width) < 1 || len(how.Palette) > 4*mostClasses {
		return js.Null(), fmt.Errorf("a painting of %d×%d pixels and %d colours: expected at least 1×1, and at most %d colours",
			how.Width, how.Height, len(how.Palette)/4, mostClasses)
	}
	if d.err != nil {
		return js.Null(), d.err
	}
	if err := d.preparePainter(mask); err != nil {
		return js.Null(), err
	}
	line := max(1, (max(how.Height, how.Width)+450)/900)
	d.gpu.Write(p.parameters, 0, bytesOf([]uint32{
		uint32(how.Height), uint32(how.Width), uint32(mask.height), uint32(mask.width), uint32(line), uint32(int32(how.Border)),
	}))
	d.gpu.Write(p.palette, 0, how.Palette)
	for name, size := range map[string]int{"width": how.Width, "height": how.Height} {
		if p.canvas.Get(name).Int() != size {
			p.canvas.Set(name, size)
		}
	}
	view, err := p.target.CurrentView()
	if err != nil {
		return js.Null(), err
	}
	d.endPass()
	d.record()
	d.encoder.BeginRender("paint", view)
	d.encoder.SetPipeline(p.pipeline)
	d.encoder.SetBindGroup(0, p.group)
	d.encoder.Draw(3)
	d.encoder.End()
	d.send()
	return p.target.Bitmap()
}

// preparePainter makes what Paint needs and does not have yet.
func (d *Device) preparePainter(mask *picture) error {
	p := &d.painter
	if p.pipeline == nil {
		if err := d.newPainter(); err != nil {
			return err
		}
	}
	if p.mask != mask.buffer {
		p.mask = mask.buffer
		p.group = d.gpu.NewBindGroup(p.pipeline, 0, p.parameters, mask.buffer, p.palette)
	}
	return nil
}

func (d *Device) newPainter() error {
	class := js.Global().Get("OffscreenCanvas")
	if class.IsUndefined() {
		return errors.New("this browser has no OffscreenCanvas, which painting needs: update it")
	}
	p := painter{canvas: class.New(1, 1)}
	var err error
	if p.target, err = d.gpu.ConfigureCanvas(p.canvas); err != nil {
		return err
	}
	source, err := program{files: "paint"}.source()
	if err != nil {
		return err
	}
	shader, err := d.gpu.NewShader("paint", source)
	if err != nil {
		return err
	}
	p.pipeline, err = d.gpu.NewRenderPipeline(gpu.RenderSpec{
		Label: "paint", Shader: shader, Vertex: "corner", Fragment: "colour", Format: p.target.Format(),
	})
	if err != nil {
		return err
	}
	p.parameters = d.gpu.NewBuffer("painting", 24, gpu.Uniform|gpu.CopyDst)
	p.palette = d.gpu.NewBuffer("palette", 4*mostClasses, gpu.Storage|gpu.CopyDst)
	d.painter = p
	return nil
}
