//go:build js

package webgpu

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall/js"

	"segmenter/compute"
	"segmenter/compute/internal/host"
	"segmenter/compute/webgpu/gpu"
)

// maxClasses is the number of classes that a mask can have.
const maxClasses = 256

// Mask is a [compute.Mask] with one byte per pixel.
type Mask struct {
	device        *Device
	buffer        *gpu.Buffer
	height, width int
}

// NewMask: see [compute.Pictures].
func (d *Device) NewMask(height, width int) (compute.Mask, error) {
	b, err := d.buffer("mask", height*width)
	return &Mask{d, b, height, width}, err
}

func (m *Mask) Height() int { return m.height }
func (m *Mask) Width() int  { return m.width }

// Free: see [compute.Buffer].
func (m *Mask) Free() { m.device.destroy(m.buffer) }

// Read: see [compute.Mask].
func (m *Mask) Read(dst []uint8) error {
	host.SameLength("Read", m.height*m.width, len(dst))
	whole := make([]byte, (len(dst)+3)/4*4)
	err := m.device.read(whole, m.buffer, 0)
	copy(dst, whole)
	return err
}

// RemoveSpecks: see [compute.Mask]. The mask visits this side for it.
func (m *Mask) RemoveSpecks(least int) error {
	pixels := make([]byte, (m.height*m.width+3)/4*4)
	if err := m.device.read(pixels, m.buffer, 0); err != nil {
		return err
	}
	new(host.Specks).Remove(pixels[:m.height*m.width], m.width, least)
	m.device.gpu.Write(m.buffer, 0, pixels)
	return nil
}

// Count: see [compute.Mask].
func (m *Mask) Count(areas []int) error {
	d := m.device
	d.grow(&d.zeros, "zeros", 4*maxClasses)
	d.grow(&d.areas, "areas", 4*maxClasses)
	d.copy(scratch(d.areas, 1, maxClasses), scratch(d.zeros, 1, maxClasses))
	pixels := m.height * m.width
	d.run(call{
		program:    count,
		bindings:   [8]gpu.Binding{1: m.buffer, d.areas},
		parameters: parameters{uint32(pixels)},
		groups:     [2]int{min(countGroups, groups(pixels, 4*maxClasses)), 1},
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

// ClassAt: see [compute.Mask].
func (m *Mask) ClassAt(x, y int) (uint8, error) {
	if y < 0 || x < 0 || y >= m.height || x >= m.width {
		return 0, host.OutsideError(m, x, y)
	}
	at := y*m.width + x
	var word [4]byte
	err := m.device.read(word[:], m.buffer, at/4*4)
	return word[at%4], err
}

// A Painting says how to turn a mask into a picture.
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
	mask       *gpu.Buffer // that group binds
	group      *gpu.BindGroup
}

// Paint paints the mask after the commands recorded so far, and returns the
// picture, an ImageBitmap. Only the first call waits, for the shader.
func (m *Mask) Paint(painting Painting) (js.Value, error) {
	d := m.device
	p := &d.painter
	if min(painting.Height, painting.Width) < 1 || len(painting.Palette) > 4*maxClasses {
		return js.Null(), fmt.Errorf("a painting of %d×%d pixels and %d colours: expected at least 1×1, and at most %d colours",
			painting.Width, painting.Height, len(painting.Palette)/4, maxClasses)
	}
	if err := d.takeErr(); err != nil {
		return js.Null(), err
	}
	if err := d.preparePainter(m); err != nil {
		return js.Null(), err
	}
	line := max(1, (max(painting.Height, painting.Width)+450)/900)
	d.gpu.Write(p.parameters, 0, bytesOf([]uint32{
		uint32(painting.Height), uint32(painting.Width), uint32(m.height), uint32(m.width), uint32(line), uint32(int32(painting.Border)),
	}))
	d.gpu.Write(p.palette, 0, painting.Palette)
	for name, size := range map[string]int{"width": painting.Width, "height": painting.Height} {
		if p.canvas.Get(name).Int() != size {
			p.canvas.Set(name, size)
		}
	}
	view, err := p.target.CurrentView()
	if err != nil {
		return js.Null(), err
	}
	d.endPass()
	d.ensureEncoder()
	d.encoder.BeginRender("paint", view)
	d.encoder.SetPipeline(p.pipeline)
	d.encoder.SetBindGroup(0, p.group)
	d.encoder.Draw(3)
	d.encoder.End()
	d.send()
	return p.target.Bitmap()
}

// preparePainter makes the buffers, the shader and the bind group that Paint lacks.
func (d *Device) preparePainter(mask *Mask) error {
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
	p.palette = d.gpu.NewBuffer("palette", 4*maxClasses, gpu.Storage|gpu.CopyDst)
	d.painter = p
	return nil
}
