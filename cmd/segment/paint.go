package main

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"

	"segmenter/model"
	"segmenter/modelfile"
	"segmenter/photo"
)

// paletted returns the mask as a picture: its pixels are class ids, its palette
// the classes' colours.
func paletted(classes []modelfile.Class, r *model.Result) *image.Paletted {
	palette := make(color.Palette, len(classes))
	for id, c := range classes {
		palette[id] = color.RGBA{c.Colour.R, c.Colour.G, c.Colour.B, 255}
	}
	return &image.Paletted{Pix: r.Mask, Stride: r.Width, Rect: image.Rect(0, 0, r.Width, r.Height), Palette: palette}
}

// overlay mixes the photo with the classes' colours, half and half.
func overlay(classes []modelfile.Class, source photo.Source, r *model.Result) (image.Image, error) {
	out := image.NewRGBA(image.Rect(0, 0, r.Width, r.Height))
	row := make([]byte, 3*r.Width)
	for y := range r.Height {
		if err := source.Row(y, row); err != nil {
			return nil, err
		}
		for x := range r.Width {
			c := classes[r.Mask[y*r.Width+x]].Colour
			mixed := out.Pix[out.PixOffset(x, y):][:4]
			for i, v := range [3]uint8{c.R, c.G, c.B} {
				mixed[i] = uint8((int(row[3*x+i]) + int(v) + 1) / 2)
			}
			mixed[3] = 255
		}
	}
	return out, nil
}

func writePNG(path string, picture image.Image) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(f, picture), f.Close())
}
