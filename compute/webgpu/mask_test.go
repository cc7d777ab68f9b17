//go:build js

package webgpu

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall/js"
	"testing"

	"segmenter/compute"
	"segmenter/web/tests/cases"
)

// newMask returns a mask of blobs, and its pixels.
func newMask(t *testing.T, d *Device, height, width, classes int) (*Mask, []byte) {
	seed := rand.New(rand.NewPCG(1, 2))
	corner := make([]byte, 64)
	for i := range corner {
		corner[i] = byte(seed.IntN(classes))
	}
	pixels := make([]byte, height*width)
	for i := range pixels {
		pixels[i] = corner[i/width*8/height*8+i%width*8/width]
	}
	return maskOf(t, d, height, width, pixels), pixels
}

// maskOf is a mask with these pixels.
func maskOf(t *testing.T, d *Device, height, width int, pixels []byte) *Mask {
	m, err := d.NewMask(height, width)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Free)
	padded := append(slices.Clone(pixels), 9, 9, 9)
	d.write(m.(*Mask).buffer, 0, padded[:(len(pixels)+3)/4*4])
	return m.(*Mask)
}

func TestCount(t *testing.T) {
	d := openDevice(t, compute.Int8, variant{})
	for _, c := range []struct{ height, width, classes int }{{1, 1, 1}, {7, 9, 5}, {301, 203, 256}, {640, 480, 3}} {
		mask, pixels := newMask(t, d, c.height, c.width, c.classes)
		want, got := make([]int, c.classes), make([]int, c.classes)
		for _, class := range pixels {
			want[class]++
		}
		for range 2 { // the second starts from 0 again
			if err := mask.Count(got); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d×%d pixels: areas %v, expected %v", c.width, c.height, got, want)
		}
	}
}

// TestPaint compares a painting with plain loops.
func TestPaint(t *testing.T) {
	requireCanvas(t)
	d := openDevice(t, compute.Int8, variant{})
	const classes = 5
	palette := make([]uint32, classes)
	for i := range palette {
		palette[i] = 0xff000000 | uint32(i)*0x302010
	}
	for _, c := range []struct{ height, width, h, w, border int }{
		{40, 60, 40, 60, AllBorders}, {40, 60, 40, 60, 2}, {41, 61, 23, 31, AllBorders}, {40, 60, 40, 60, NoBorder}, {20, 30, 1000, 1500, AllBorders},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			mask, pixels := newMask(t, d, c.height, c.width, classes)
			bitmap, err := mask.Paint(Painting{c.h, c.w, bytesOf(palette), c.border})
			if err != nil {
				t.Fatal(err)
			}
			got := pixelsOf(bitmap, c.h, c.w)
			at := func(y, x int) int {
				return int(pixels[int((float64(y)+0.5)*float64(c.height)/float64(c.h))*c.width+int((float64(x)+0.5)*float64(c.width)/float64(c.w))])
			}
			line := max(1, (max(c.h, c.w)+450)/900)
			border := func(a, b int) bool { return a != b && (c.border == AllBorders || a == c.border || b == c.border) }
			wrong := 0
			for y := range c.h {
				for x := range c.w {
					want := palette[at(y, x)]
					if x+line < c.w && border(at(y, x), at(y, x+line)) || y+line < c.h && border(at(y, x), at(y+line, x)) {
						want = 0xffffffff
					}
					if got[y*c.w+x] != want {
						wrong++
					}
				}
			}
			// Where a pixel falls between two of the mask, rounding decides.
			if wrong*200 > c.h*c.w {
				t.Errorf("%d of %d pixels have the wrong colour", wrong, c.h*c.w)
			}
		})
	}
	small, _ := newMask(t, d, 4, 4, 2)
	if _, err := small.Paint(Painting{0, 4, bytesOf(palette), AllBorders}); err == nil {
		t.Error("a painting without pixels: expected an error")
	}
}

// TestPaintings reads the cases that web/library/painting.js is held to as well.
func TestPaintings(t *testing.T) {
	requireCanvas(t)
	d := openDevice(t, compute.Int8, variant{})
	c := cases.Read[struct {
		Palette   map[int]string
		Paintings []struct {
			Name          string
			Mask, Painted []string
			Width, Height int
			Border        any // "all", "none" or a class's id
		}
		Lines []struct{ Longest, Line int }
	}](t, "painting")
	palette := make([]byte, 4*len(c.Palette))
	for id, colour := range c.Palette {
		rgba, err := hex.DecodeString((colour[1:] + "ff")[:8])
		if err != nil {
			t.Fatal(err)
		}
		copy(palette[4*id:], rgba)
	}
	const white = 0xffffffff
	paint := func(rows []string, height, width, border int) []uint32 {
		t.Helper()
		pixels := []byte(strings.Join(rows, ""))
		for i := range pixels {
			pixels[i] -= '0'
		}
		bitmap, err := maskOf(t, d, len(rows), len(rows[0]), pixels).Paint(Painting{height, width, palette, border})
		if err != nil {
			t.Fatal(err)
		}
		return pixelsOf(bitmap, height, width)
	}
	for _, p := range c.Paintings {
		border := AllBorders
		switch b := p.Border.(type) {
		case string:
			border = map[string]int{"all": AllBorders, "none": NoBorder}[b]
		case float64:
			border = int(b)
		}
		var want []uint32
		for _, pixel := range strings.Join(p.Painted, "") {
			if pixel == '|' {
				want = append(want, white)
			} else {
				want = append(want, binary.LittleEndian.Uint32(palette[4*(pixel-'0'):]))
			}
		}
		if got := paint(p.Mask, p.Height, p.Width, border); !slices.Equal(got, want) {
			t.Errorf("%s: got %08x, expected %08x", p.Name, got, want)
		}
	}
	for _, l := range c.Lines {
		painted := paint([]string{"01"}, 1, l.Longest, AllBorders)
		painted = slices.DeleteFunc(painted, func(pixel uint32) bool { return pixel != white })
		if len(painted) != l.Line {
			t.Errorf("of %d pixels %d are border, expected %d", l.Longest, len(painted), l.Line)
		}
	}
}

// pixelsOf reads the pixels of a bitmap, by way of a canvas.
func pixelsOf(bitmap js.Value, height, width int) []uint32 {
	context := js.Global().Get("OffscreenCanvas").New(width, height).Call("getContext", "2d")
	context.Call("drawImage", bitmap, 0, 0)
	raw := make([]byte, 4*height*width)
	js.CopyBytesToGo(raw, context.Call("getImageData", 0, 0, width, height).Get("data"))
	words := make([]uint32, height*width)
	for i := range words {
		words[i] = uint32(raw[4*i]) | uint32(raw[4*i+1])<<8 | uint32(raw[4*i+2])<<16 | uint32(raw[4*i+3])<<24
	}
	return words
}
