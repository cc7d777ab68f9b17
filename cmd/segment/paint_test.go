package main

import (
	"bytes"
	"image/color"
	"testing"

	"segmenter/model"
	"segmenter/modelfile"
	"segmenter/web/tests/cases"
)

// colours are the cases that the browser's masks are held to as well.
type colours struct {
	Valid []struct {
		Colour string
		RGB    [3]uint8
	}
}

func TestPaletted(t *testing.T) {
	var m modelfile.Model
	var want color.Palette
	for _, c := range cases.Read[colours](t, "colours").Valid {
		colour, err := modelfile.ParseColour(c.Colour)
		if err != nil {
			t.Fatal(err)
		}
		m.Classes = append(m.Classes, modelfile.Class{Colour: colour})
		want = append(want, color.RGBA{c.RGB[0], c.RGB[1], c.RGB[2], 255})
	}
	r := model.Result{Width: 3, Height: 1, Mask: []uint8{3, 0, 2}}
	picture := paletted(m.Classes, &r)
	if !bytes.Equal(picture.Pix, r.Mask) || picture.Rect.Dx() != 3 || picture.Rect.Dy() != 1 {
		t.Errorf("got %v of %v, expected the mask", picture.Pix, picture.Rect)
	}
	for id, c := range picture.Palette {
		if c != want[id] {
			t.Errorf("class %d is %v, expected %v", id, c, want[id])
		}
	}
}
