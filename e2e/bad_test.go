package e2e

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOddPhotos gives the page odd and broken photos. The page opens those that it
// can. For the others it shows an error and keeps the previous picture.
func TestOddPhotos(t *testing.T) {
	chelsea := filepath.Join(samples, "chelsea.png")
	jpeg, err := os.ReadFile(filepath.Join(samples, "rocket.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	v := newVisit(t, "/", nil)
	v.open("?size=256")
	v.waitFor("ready")
	if state := v.after(func() { v.choose(chelsea) }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}

	folder := t.TempDir()
	for _, test := range []struct {
		name          string
		content       []byte
		width, height int    // of the result, or
		sentence      string // part of the error
	}{
		{"notes.txt", []byte("no picture"), 0, 0, "is not a picture that this browser can open"},
		{"empty.png", nil, 0, 0, "is empty"},
		{"cut.jpg", jpeg[:len(jpeg)/2], 0, 0, "damaged or cut short"},
		{"header.jpg", jpeg[:20], 0, 0, "is not a picture that this browser can open"},
		{"huge-header.png", hugePNG(), 0, 0, "65000 × 65000 pixels"},
		{"pixel.png", encodePNG(t, 1, 1), 1, 1, ""},
		{"strip.png", encodePNG(t, 1, 5000), 1, 5000, ""},
		{"wide.png", encodePNG(t, 5000, 1), 5000, 1, ""},
		{"animated.gif", encodeGIF(t), 40, 30, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			v.TB = t
			path := filepath.Join(folder, test.name)
			v.must(os.WriteFile(path, test.content, 0o666))
			before := v.result()
			state := v.after(func() { v.choose(path) })
			if test.sentence == "" {
				if got := v.result(); state != "done" || got.Width != test.width || got.Height != test.height {
					t.Errorf("got %s %q, a result of %d×%d, want %d×%d", state, v.message(), got.Width, got.Height, test.width, test.height)
				}
				return
			}
			if message := v.message(); state != "error" || !strings.Contains(message, test.sentence) {
				t.Errorf("got %s %q, want a sentence with %q", state, message, test.sentence)
			}
			if got := v.result(); !bytes.Equal(got.Mask, before.Mask) || evaluate[bool](v, `document.getElementById("save-mask").disabled`) {
				t.Error("the page lost the previous picture")
			}
			v.dismiss()
			v.waitFor("done")
		})
	}
	v.TB = t
	if state := v.after(func() { v.choose(chelsea) }); state != "done" {
		t.Errorf("a good photo afterwards: %s: %s", state, v.message())
	}
}

// encodePNG encodes a picture with some structure.
func encodePNG(t *testing.T, width, height int) []byte {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range picture.Pix {
		picture.Pix[i] = uint8(i*7) | 3
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// hugePNG is a header of a few bytes that claims a size no machine can hold.
func hugePNG() []byte {
	header := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")
	header = binary.BigEndian.AppendUint32(header, 65000)
	header = binary.BigEndian.AppendUint32(header, 65000)
	return append(header, 8, 2, 0, 0, 0, 0, 0, 0, 0)
}

// encodeGIF encodes three frames of different colours.
func encodeGIF(t *testing.T) []byte {
	t.Helper()
	var animation gif.GIF
	for i := range 3 {
		frame := image.NewPaletted(image.Rect(0, 0, 40, 30), color.Palette{color.Gray{uint8(100 * i)}, color.White})
		animation.Image = append(animation.Image, frame)
		animation.Delay = append(animation.Delay, 2)
	}
	var out bytes.Buffer
	if err := gif.EncodeAll(&out, &animation); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestBadModels opens the page with broken model files. The page says what is
// wrong, and works with the next good model.
func TestBadModels(t *testing.T) {
	good, err := os.ReadFile("../model/weights/everyday.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	hostile := binary.LittleEndian.AppendUint64(nil, 1<<62)
	other := `{"weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`
	foreignNetwork := append(binary.LittleEndian.AppendUint64(nil, uint64(len(other))), other+"\x00\x00\x00\x00"...)

	v := newVisit(t, "/", map[string][]byte{
		"bad/cut":     good[:len(good)/2],
		"bad/hostile": hostile,
		"bad/other":   foreignNetwork,
		"bad/page":    []byte("<!doctype html><title>Not found</title>"),
		"bad/empty":   nil,
	})
	v.allowed = []string{"404"}
	for _, test := range []struct {
		name     string
		sentence string
	}{
		{"cut", ""},
		{"hostile", ""},
		{"other", ""},
		{"page", ""},
		{"empty", ""},
		{"missing", "answered 404"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v.TB = t
			v.open("?size=256&model=bad/" + test.name)
			v.waitFor("error")
			message := v.message()
			t.Log(message)
			if message == "" || !strings.Contains(message, test.sentence) || strings.Contains(message, "went wrong") {
				t.Errorf("got %q, want a sentence about the model's fault", message)
			}
		})
	}
	v.TB = t
	v.open("?size=256&photo=samples/chelsea.png")
	v.waitFor("done")
}
