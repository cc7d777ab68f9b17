// Command hardware draws a set of labelled photos to try training on: nuts, washers and
// screws of several metals, lying on parts of the page's sample photos, with other things
// that are none of them. No model of this project knows these classes.
//
//	go run ./dataset/hardware -o hardware
//
// The same seed draws the same set.
package main

import (
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"

	"segmenter/photo"
	"segmenter/photo/decode"
)

const height, width = 288, 384

// grounds are what the things lie on.
var grounds = []string{"chelsea.png", "china.jpg", "rocket.jpg", "astronaut.png", "coffee.png"}

func main() {
	log.SetFlags(0)
	log.SetPrefix("hardware: ")
	out := flag.String("o", "hardware", "`folder` for the set")
	samples := flag.String("samples", "web/samples", "`folder` of the page's sample photos")
	photos := flag.Int("photos", 40, "`number` of photos for training, and as many for validation")
	seed := flag.Uint64("seed", 1, "`number` from which all random ones follow")
	flag.Parse()
	if flag.NArg() > 0 || *photos < 1 {
		log.Fatal("expected only flags, and at least one photo (-h prints the flags)")
	}
	if err := drawSet(*out, *samples, *photos, *seed); err != nil {
		log.Fatal(err)
	}
}

func drawSet(out, samples string, photos int, seed uint64) error {
	for number, part := range []string{"train", "val"} {
		folder := filepath.Join(out, part)
		for _, sub := range []string{"images", "masks"} {
			if err := os.MkdirAll(filepath.Join(folder, sub), 0o777); err != nil {
				return err
			}
		}
		for i := range photos {
			random := rand.New(rand.NewPCG(seed, uint64(number*photos+i)))
			ground, err := readGround(filepath.Join(samples, grounds[i%len(grounds)]), random)
			if err != nil {
				return err
			}
			picture, mask := draw(ground, random)
			name := fmt.Sprintf("%03d", i)
			if err := write(filepath.Join(folder, "images", name+".jpg"), func(w io.Writer) error {
				return jpeg.Encode(w, picture, &jpeg.Options{Quality: 92})
			}); err != nil {
				return err
			}
			if err := write(filepath.Join(folder, "masks", name+".png"), func(w io.Writer) error { return png.Encode(w, mask) }); err != nil {
				return err
			}
		}
	}
	return write(filepath.Join(out, "classes.txt"), func(w io.Writer) error {
		_, err := fmt.Fprint(w, "ground 40 44 52\nnut 250 50 83\nwasher 51 221 255\nscrew 255 204 51\n")
		return err
	})
}

func write(path string, content func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := content(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// readGround returns a random part of a photo, enlarged.
func readGround(path string, random *rand.Rand) (*photo.Image, error) {
	source, err := decode.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	h, w := source.Size()
	factor := (1 + random.Float64()) * max(float64(height)/float64(h), float64(width)/float64(w))
	whole := photo.Part{Height: max(height, int(float64(h)*factor)), Width: max(width, int(float64(w)*factor))}
	whole.Top, whole.Left = random.IntN(whole.Height-height+1), random.IntN(whole.Width-width+1)
	ground := &photo.Image{Height: height, Width: width}
	var r photo.Resizer
	return ground, r.ResizePart(ground, source, whole, photo.Cubic)
}

// draw lays things on a ground, and returns the photo and its mask.
func draw(ground *photo.Image, random *rand.Rand) (*image.RGBA, *image.Gray) {
	bounds := image.Rect(0, 0, width, height)
	picture, mask := image.NewRGBA(bounds), image.NewGray(bounds)
	things := drawThings(random)
	light := 0.75 + 0.4*random.Float64()
	for y := range height {
		for x := range width {
			at := ground.Pix[3*(y*width+x):]
			c := rgb{float64(at[0]), float64(at[1]), float64(at[2])}
			class := uint8(0)
			for _, t := range things {
				c, class = t.paint(c, class, float64(x)+0.5, float64(y)+0.5)
			}
			noise := 5 * random.NormFloat64()
			picture.SetRGBA(x, y, color.RGBA{level(c[0]*light + noise), level(c[1]*light + noise), level(c[2]*light + noise), 255})
			mask.SetGray(x, y, color.Gray{Y: class})
		}
	}
	return picture, mask
}

func level(v float64) uint8 { return uint8(min(max(v, 0), 255) + 0.5) }
