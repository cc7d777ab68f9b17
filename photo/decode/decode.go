// Package decode opens photo files: PNG, JPEG, GIF and WebP (of animations, the
// first frame), BMP and TIFF. It turns photos upright by their EXIF orientation,
// converts their colours to sRGB by the embedded profile, lays transparent ones
// over white, and returns 8 bits per channel.
//
// Profiles of the kind that cameras, phones and screens write are applied: RGB by
// a matrix and tone curves, and grey by a curve. Profiles made of tables (A2B)
// and those of CMYK data are ignored.
//
// Files are untrusted: the package limits the size of a file and of its picture
// before it decodes, and answers everything else with an error in a sentence.
package decode

import (
	"errors"
	"fmt"
	"image"
	"io"
	"os"

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
	file, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return open(file)
}

// Decode reads a photo.
func Decode(r io.Reader) (photo.Source, error) {
	file, err := readAll(r)
	if err != nil {
		return nil, err
	}
	return open(file)
}

func open(file []byte) (photo.Source, error) {
	d, err := decode(file, MaxPixels)
	if err != nil {
		return nil, err
	}
	return newSource(d), nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f)
}

// readAll reads a file of at most MaxBytes.
func readAll(r io.Reader) ([]byte, error) {
	file, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(file) > MaxBytes {
		return nil, fmt.Errorf("the file is larger than %d MB: save the photo as JPEG", MaxBytes>>20)
	}
	return file, nil
}

// decoded is what a file holds.
type decoded struct {
	picture     image.Image
	canvas      image.Rectangle // the picture and what surrounds it, which is white
	video       bool            // a YCbCr picture has black at 16 and white at 235
	orientation int             // by EXIF, 1 to 8
	space       *conversion     // from the picture's colours to sRGB; nil = they are sRGB
}

const (
	pngMagic  = "\x89PNG\r\n\x1a\n"
	jpegMagic = "\xff\xd8"
	webpMagic = "RIFF????WEBP"
)

// formats are the formats that are read. A function opens a file, of at most
// maxPixels pixels. It returns a refusal for a file that may well be intact;
// any other error means that the file is damaged.
var formats = []struct {
	name, magic string // ? stands for any byte
	open        func(file []byte, maxPixels int) (*decoded, error)
}{
	{"PNG", pngMagic, openPNG},
	{"JPEG", jpegMagic, openJPEG},
	{"GIF", "GIF8?a", openGIF},
	{"WebP", webpMagic, openWebP},
	{"BMP", "BM????\x00\x00\x00\x00", openBMP},
	{"TIFF", "II*\x00", openTIFF},
	{"TIFF", "MM\x00*", openTIFF},
}

// decode decodes a picture of at most maxPixels.
func decode(file []byte, maxPixels int) (d *decoded, err error) {
	for _, f := range formats {
		if !matches(file, f.magic) {
			continue
		}
		// Other people's decoders read strangers' files here: a bug in one of
		// them must not crash the program.
		defer func() {
			if cause := recover(); cause != nil {
				d, err = nil, fmt.Errorf("the %s file is damaged (%v): open another copy of it", f.name, cause)
			}
		}()
		if d, err = f.open(file, maxPixels); err != nil {
			return nil, explainDamage(err)
		}
		return d, nil
	}
	return nil, explain(file)
}

// explainDamage makes a sentence of an opener's error.
func explainDamage(err error) error {
	var r refusal
	if errors.As(err, &r) {
		return r
	}
	return fmt.Errorf("the photo is damaged or cut short (%w): open another copy of it", err)
}

func matches(file []byte, magic string) bool {
	if len(file) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != file[i] {
			return false
		}
	}
	return true
}

// refusal says why a file that is not damaged cannot be opened, and what to do.
type refusal string

func (r refusal) Error() string { return string(r) }

// unsupported refuses a kind of file, named with its article.
func unsupported(kind string) error {
	return refusal("the file is " + kind + ", which is not supported: save it as an ordinary JPEG or PNG")
}

// checkSize refuses pictures that are too large.
func checkSize(width, height, maxPixels int) error {
	if width < 1 || height < 1 {
		return fmt.Errorf("a picture of %d×%d pixels", width, height)
	}
	if width > maxPixels/height {
		return refusal(fmt.Sprintf("the photo has %d×%d pixels, more than the limit of %d megapixels: make it smaller", width, height, maxPixels>>20))
	}
	return nil
}
