// Package decode opens photo files: PNG, JPEG, GIF (the first frame), WebP, BMP
// and TIFF. It turns photos upright by their EXIF orientation, lays transparent
// ones over white, and returns 8 bits per channel.
//
// Files are untrusted: the package limits the size of a file and of its picture
// before it decodes, and answers everything else with an error in a sentence.
package decode

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"os"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	"segmenter/photo"
)

// Limits on a picture and its file. MaxPixels is 178 megapixels, the most that
// Pillow opens without a warning.
const (
	MaxPixels = 178 << 20
	MaxBytes  = 512 << 20
)

// Open opens the photo in a file.
func Open(path string) (photo.Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Decode(f)
}

// Decode reads a photo.
func Decode(r io.Reader) (photo.Source, error) {
	file, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(file) > MaxBytes {
		return nil, fmt.Errorf("the file is larger than %d MB: save the photo as JPEG", MaxBytes>>20)
	}
	picture, err := decode(file, MaxPixels)
	if err != nil {
		return nil, err
	}
	return newSource(picture, orientation(file)), nil
}

// decode decodes a picture of at most maxPixels.
func decode(file []byte, maxPixels int) (picture image.Image, err error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, explain(file, err)
	}
	if config.Width < 1 || config.Height < 1 {
		return nil, fmt.Errorf("the %s file holds a picture of %d×%d pixels: expected at least one", format, config.Width, config.Height)
	}
	if config.Width > maxPixels/config.Height {
		return nil, fmt.Errorf("the photo has %d×%d pixels, more than the limit of %d megapixels: make it smaller", config.Width, config.Height, maxPixels>>20)
	}
	// Other people's decoders read strangers' files here: a bug in one of them
	// must not crash the program.
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the %s file is damaged (%v): open another copy of it", format, cause)
		}
	}()
	picture, _, err = image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, explain(file, err)
	}
	if size := picture.Bounds().Size(); size.X < 1 || size.Y < 1 {
		return nil, fmt.Errorf("the %s file holds an empty picture: open another one", format)
	}
	return picture, nil
}

// explain returns an error that says why a decoder refused a file.
func explain(file []byte, err error) error {
	text := bytes.ToLower(bytes.TrimSpace(file[:min(len(file), 512)]))
	switch {
	case len(file) == 0:
		return errors.New("the file is empty: choose another one")
	case !errors.Is(err, image.ErrFormat):
		return fmt.Errorf("the photo is damaged or cut short (%w): open another copy of it", err)
	case len(file) > 12 && string(file[4:8]) == "ftyp":
		return fmt.Errorf("the file has the format %q (HEIC, AVIF or a video), which is not supported: convert it to JPEG or PNG", file[8:12])
	case bytes.HasPrefix(text, []byte("<svg")) || bytes.Contains(text, []byte("<svg")):
		return errors.New("the file is an SVG drawing, not a photo: convert it to PNG")
	case bytes.HasPrefix(text, []byte("<!doctype html")) || bytes.HasPrefix(text, []byte("<html")):
		return errors.New("the file is a web page, not a photo: save the picture itself")
	}
	return errors.New("the file is not a photo in a known format: expected PNG, JPEG, GIF, WebP, BMP or TIFF")
}
