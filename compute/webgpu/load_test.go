//go:build js

package webgpu

import (
	"fmt"
	"math/rand/v2"
	"syscall/js"
	"testing"

	"segmenter/compute"

	"segmenter/photo"
)

// canvas is a Picture with the pixels of an image.
type canvas struct {
	photo.Image
	value js.Value
}

func (c *canvas) Value() js.Value { return c.value }

func newCanvas(height, width int) *canvas {
	c := &canvas{Image: photo.Image{Height: height, Width: width, Pix: make([]byte, 3*height*width)}}
	seed := rand.New(rand.NewPCG(1, 2))
	rgba := make([]byte, 4*height*width)
	for i := range height * width {
		for k := range 3 {
			c.Pix[3*i+k] = byte(seed.Uint32())
			rgba[4*i+k] = c.Pix[3*i+k]
		}
		rgba[4*i+3] = 255
	}
	c.value = js.Global().Get("OffscreenCanvas").New(width, height)
	c.value.Call("getContext", "2d").Call("putImageData", imageData(rgba, width, height), 0, 0)
	return c
}

func imageData(rgba []byte, width, height int) js.Value {
	array := js.Global().Get("Uint8ClampedArray").New(len(rgba))
	js.CopyBytesToJS(array, rgba)
	return js.Global().Get("ImageData").New(array, width, height)
}

func requireCanvas(t *testing.T) {
	if js.Global().Get("OffscreenCanvas").IsUndefined() {
		t.Skip("there is no canvas here")
	}
}

// newFrame makes a frame that is freed when the test ends.
func newFrame(t *testing.T, d *Device, height, width int) *frame {
	t.Helper()
	f, err := d.NewFrame(height, width)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Free)
	return f.(*frame)
}

// TestLoad compares Load with the resizing of package photo.
func TestLoad(t *testing.T) {
	requireCanvas(t)
	d := openDevice(t, compute.Int8, variant{})
	for _, c := range []struct {
		height, width, h, w int
		filter              photo.Filter
	}{
		{60, 90, 60, 90, photo.Cubic}, {61, 97, 32, 48, photo.Cubic}, {200, 31, 48, 16, photo.Cubic},
		{17, 13, 64, 48, photo.Cubic}, {17, 13, 64, 48, photo.Bilinear}, {1, 1, 16, 16, photo.Cubic},
	} {
		t.Run(fmt.Sprintf("%dx%d to %dx%d", c.width, c.height, c.w, c.h), func(t *testing.T) {
			src := newCanvas(c.height, c.width)
			picture := newFrame(t, d, c.h, c.w)
			if loaded, err := d.Load(picture, src, c.filter); !loaded || err != nil {
				t.Fatalf("loaded %v: %v", loaded, err)
			}
			got := make([]byte, 4*c.h*c.w)
			if err := d.read(got, picture.buffer, 0); err != nil {
				t.Fatal(err)
			}
			want := photo.Image{Height: c.h, Width: c.w}
			if err := new(photo.Resizer).Resize(&want, src, c.filter); err != nil {
				t.Fatal(err)
			}
			different := 0
			for i, v := range want.Pix {
				switch d := int(got[i/3*4+i%3]) - int(v); {
				case d*d > 1:
					t.Fatalf("value %d of pixel %d is %d, expected %d", i%3, i/3, got[i/3*4+i%3], v)
				case d != 0:
					different++
				}
			}
			if different*200 > len(want.Pix) {
				t.Errorf("%d of %d values are rounded differently", different, len(want.Pix))
			}
		})
	}
}

// TestLoadRefuses loads pictures that the device cannot take.
func TestLoadRefuses(t *testing.T) {
	d := openDevice(t, compute.Int8, variant{})
	picture := newFrame(t, d, 16, 16)
	for name, src := range map[string]photo.Source{
		"no picture": &photo.Image{Height: 1, Width: 1, Pix: make([]byte, 3)},
		"too wide":   &canvas{Image: photo.Image{Height: 1, Width: 1 << 20}},
	} {
		if loaded, err := d.Load(picture, src, photo.Cubic); loaded || err != nil {
			t.Errorf("%s: loaded %v: %v", name, loaded, err)
		}
	}
}

// TestLoadClosed loads a closed bitmap.
func TestLoadClosed(t *testing.T) {
	requireCanvas(t)
	d := openDevice(t, compute.Int8, variant{})
	picture := newFrame(t, d, 16, 16)
	src := newCanvas(16, 16)
	src.value = src.value.Call("transferToImageBitmap")
	src.value.Call("close")
	if _, err := d.Load(picture, src, photo.Cubic); err == nil {
		t.Error("a closed bitmap was loaded")
	}
}

// TestLoadTransparent loads a transparent picture, which becomes white.
func TestLoadTransparent(t *testing.T) {
	requireCanvas(t)
	d := openDevice(t, compute.Int8, variant{})
	picture := newFrame(t, d, 16, 16)
	src := newCanvas(40, 30)
	src.value.Call("getContext", "2d").Call("clearRect", 0, 0, 30, 40)
	if loaded, err := d.Load(picture, src, photo.Cubic); !loaded || err != nil {
		t.Fatalf("loaded %v: %v", loaded, err)
	}
	got := make([]byte, 4*16*16)
	if err := d.read(got, picture.buffer, 0); err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		if v != 255 {
			t.Fatalf("value %d is %d, expected white", i, v)
		}
	}
}
