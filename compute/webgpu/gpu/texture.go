//go:build js

package gpu

import (
	"errors"
	"fmt"
	"syscall/js"
)

// TextureUsage says what a texture is used for.
type TextureUsage int

const (
	TextureCopySrc   TextureUsage = 0x01
	TextureCopyDst   TextureUsage = 0x02 // CopyExternalImage needs this and RenderAttachment
	TextureBinding   TextureUsage = 0x04
	StorageBinding   TextureUsage = 0x08
	RenderAttachment TextureUsage = 0x10
)

// A Texture is a picture on the GPU.
type Texture struct {
	value js.Value // GPUTexture
	view  *View
}

// NewTexture makes a transparent picture of width×height pixels. Errors go to
// Checked or Err; destroy the texture even then.
func (d *Device) NewTexture(label string, width, height int, format string, usage TextureUsage) *Texture {
	return &Texture{value: d.value.Call("createTexture", map[string]any{
		"label": label, "size": []any{width, height}, "format": format, "usage": int(usage),
	})}
}

// View returns the whole picture, for a bind group or as the target of a render
// pass.
func (t *Texture) View() *View {
	if t.view == nil {
		t.view = &View{t.value.Call("createView")}
	}
	return t.view
}

// Destroy frees the memory once the GPU has run what was submitted.
func (t *Texture) Destroy() { t.value.Call("destroy") }

// A View is a texture as a shader sees it.
type View struct{ value js.Value }

// A Sampler says how a shader reads between the pixels of a texture.
type Sampler struct{ value js.Value }

// NewSampler makes a sampler with the filter "nearest" or "linear". Outside a
// texture it repeats the colour of the edge.
func (d *Device) NewSampler(filter string) *Sampler {
	return &Sampler{d.value.Call("createSampler", map[string]any{"magFilter": filter, "minFilter": filter})}
}

// CopyExternalImage copies width×height pixels, from the top left, of an
// ImageBitmap, a VideoFrame, a canvas or another source that the browser takes to
// t, without premultiplied alpha. It returns the browser's objections to the
// source, such as that it is closed; other errors go to Checked or Err. It does not
// wait.
func (d *Device) CopyExternalImage(source js.Value, t *Texture, width, height int) error {
	err := catch(func() {
		d.queue.Call("copyExternalImageToTexture",
			map[string]any{"source": source}, map[string]any{"texture": t.value}, []any{width, height})
	})
	if err != nil {
		return fmt.Errorf("copy a picture to the GPU: %w", err)
	}
	return nil
}

// A Canvas is a canvas, on the page or off it, that the GPU draws to.
type Canvas struct {
	context js.Value // GPUCanvasContext
	format  string
}

// ConfigureCanvas prepares a canvas for drawing by the GPU, in the format that the
// browser prefers and with premultiplied alpha. Compute shaders can write to it too
// if the device can store to that format.
func (d *Device) ConfigureCanvas(canvas js.Value) (*Canvas, error) {
	usage := RenderAttachment | TextureCopySrc | TextureCopyDst
	if d.format != "bgra8unorm" || d.Has("bgra8unorm-storage") {
		usage |= StorageBinding
	}
	c := &Canvas{format: d.format}
	err := d.Checked("configure a canvas", func() {
		if c.context = canvas.Call("getContext", "webgpu"); c.context.IsNull() {
			return
		}
		c.context.Call("configure", map[string]any{
			"device": d.value, "format": d.format, "alphaMode": "premultiplied", "usage": int(usage),
		})
	})
	if err != nil {
		return nil, err
	}
	if c.context.IsNull() {
		return nil, errors.New("configure a canvas: it has a context of another kind, or the browser has no WebGPU for canvases")
	}
	return c, nil
}

// Format is the format of its pixels.
func (c *Canvas) Format() string { return c.format }

// CurrentView returns the picture to draw the next frame to. The browser shows it
// at the end of this turn of its event loop, so do not wait in between.
func (c *Canvas) CurrentView() (*View, error) {
	v := new(View)
	if err := catch(func() { v.value = c.context.Call("getCurrentTexture").Call("createView") }); err != nil {
		return nil, fmt.Errorf("draw to a canvas: %w", err)
	}
	return v, nil
}

// Bitmap takes the drawing out of an offscreen canvas, as an ImageBitmap. Call it in
// the same turn of the browser's event loop as the drawing.
func (c *Canvas) Bitmap() (bitmap js.Value, err error) {
	err = catch(func() { bitmap = c.context.Get("canvas").Call("transferToImageBitmap") })
	if err != nil {
		return js.Null(), fmt.Errorf("take a picture from a canvas: %w", err)
	}
	return bitmap, nil
}
