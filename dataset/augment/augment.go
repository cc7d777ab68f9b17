// Package augment varies photos and their labels for training, as the paper does: each is
// resized by a random factor, cropped at a random place, mirrored or not, and its colours
// are shifted ([Recipe], [Augmenter]). A [Sampler] says which photos an epoch draws.
//
// Everything follows from a seed: what is made of photo i in epoch e depends on the seed,
// e and i alone, and not on what was made before, by which goroutine, or in which order.
// So a training that was interrupted goes on as if it had not been.
package augment

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"segmenter/dataset"
	"segmenter/photo"
)

// Recipe says how photos vary.
type Recipe struct {
	Size int // side of a crop, in pixels

	// A photo is resized so that its short side is Short, unless that makes its long side
	// longer than Long; then by a factor between Smallest and Largest.
	Short, Long       int
	Smallest, Largest float64

	Flip   bool // mirror every second photo
	Colour bool // shift brightness, contrast, saturation and hue

	// MostOfOne is the share of a crop that one class may have. A crop with more is drawn
	// again, ten times at most. 0 or 1 = any share.
	MostOfOne float64

	Filter photo.Filter // of the photo; labels take that of the nearest pixel

	// Fill is the colour around photos that are smaller than a crop: the one that
	// normalisation turns into 0, or nearly.
	Fill [3]uint8

	Seed uint64
}

// Paper is the recipe of the paper (section 4.2: mmsegmentation's), which resizes photos
// to 2048×512 for crops of 512.
func Paper(size int) Recipe {
	return Recipe{
		Size: size, Short: size, Long: 4 * size, Smallest: 0.5, Largest: 2,
		Flip: true, Colour: true, MostOfOne: 0.75, Filter: photo.Bilinear, Fill: [3]uint8{128, 128, 128},
	}
}

// Crop is a part of a photo that was varied, and its labels.
type Crop struct {
	Photo  photo.Image // Size×Size
	Labels []uint8     // the same

	// The photo has this size at the top left. What is beyond has the fill as its colour
	// and [dataset.Ignore] as its label.
	Height, Width int
}

// Augmenter makes crops. It keeps its buffers, so after the first crops it allocates
// little. Each goroutine needs its own.
type Augmenter struct {
	recipe  Recipe
	resizer photo.Resizer
	part    photo.Image
	columns []int // of the labels, for each column of a crop
}

// New checks a recipe.
func New(r Recipe) (*Augmenter, error) {
	const largest = 1 << 13
	switch {
	case r.Size < 1 || r.Size > largest:
		return nil, fmt.Errorf("augment: crops of %d pixels: expected 1 to %d", r.Size, largest)
	case r.Short < 1 || r.Long < r.Short || r.Long > largest:
		return nil, fmt.Errorf("augment: photos with a short side of %d pixels and a long one of at most %d: expected 1 ≤ short ≤ long ≤ %d", r.Short, r.Long, largest)
	case !(r.Smallest > 0 && r.Smallest <= r.Largest && r.Largest <= 8):
		return nil, fmt.Errorf("augment: factors from %v to %v: expected 0 < smallest ≤ largest ≤ 8", r.Smallest, r.Largest)
	}
	return &Augmenter{recipe: r}, nil
}

// Crop makes the crop of photo number index in an epoch. The labels are those of the
// photo. It reads the photo from top to bottom.
func (a *Augmenter) Crop(dst *Crop, src photo.Source, labels []uint8, epoch, index int) error {
	height, width := src.Size()
	if min(height, width) < 1 || len(labels) != height*width {
		return fmt.Errorf("augment: a photo of %d×%d pixels with %d labels: expected one a pixel", width, height, len(labels))
	}
	random := newRandom(a.recipe.Seed, epoch, index)
	v := a.draw(random, height, width, labels)
	a.cropLabels(dst, v, labels, width)
	if err := a.cropPhoto(dst, v, src); err != nil {
		return err
	}
	if a.recipe.Colour {
		distort(dst, random)
	}
	return nil
}

// newRandom returns the random numbers for a photo in an epoch.
func newRandom(seed uint64, epoch, index int) *rand.Rand {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[0:], seed)
	binary.LittleEndian.PutUint64(key[8:], uint64(epoch))
	binary.LittleEndian.PutUint64(key[16:], uint64(index))
	return rand.New(rand.NewChaCha8(key))
}

// view is the geometry of a crop, for photo and labels alike: which part of the resized
// photo it shows, and whether mirrored.
type view struct {
	whole         photo.Part // the resized photo, and where the crop begins
	height, width int        // of the crop, without what is beyond the photo
	sourceHeight  int
	sourceWidth   int
	flip          bool
}

// draw draws a view.
func (a *Augmenter) draw(random *rand.Rand, height, width int, labels []uint8) view {
	r := &a.recipe
	factor := r.Smallest + random.Float64()*(r.Largest-r.Smallest)
	factor *= r.factor(height, width)
	v := view{sourceHeight: height, sourceWidth: width}
	v.whole = photo.Part{Height: scaled(height, factor), Width: scaled(width, factor)}
	v.height, v.width = min(r.Size, v.whole.Height), min(r.Size, v.whole.Width)
	v.flip = r.Flip && random.IntN(2) == 1
	const tries = 10
	for range 1 + tries {
		v.whole.Top, v.whole.Left = random.IntN(v.whole.Height-v.height+1), random.IntN(v.whole.Width-v.width+1)
		if r.MostOfOne <= 0 || r.MostOfOne >= 1 || a.mixed(v, labels) {
			break
		}
	}
	return v
}

// row and column return the pixel of the photo that is nearest to one of the crop.
func (v view) row(y int) int { return nearest(v.whole.Top+y, v.whole.Height, v.sourceHeight) }

func (v view) column(x int) int {
	if v.flip {
		x = v.width - 1 - x
	}
	return nearest(v.whole.Left+x, v.whole.Width, v.sourceWidth)
}

// nearest returns the pixel of source that holds the centre of pixel i of target.
func nearest(i, target, source int) int { return (2*i + 1) * source / (2 * target) }

// findColumns computes the columns of a view.
func (a *Augmenter) findColumns(v view) {
	a.columns = a.columns[:0]
	for x := range v.width {
		a.columns = append(a.columns, v.column(x))
	}
}

// mixed reports whether a view has several classes, and none more than the recipe's share
// of the pixels that count.
func (a *Augmenter) mixed(v view, labels []uint8) bool {
	a.findColumns(v)
	var pixels [256]int
	for y := range v.height {
		row := labels[v.row(y)*v.sourceWidth:][:v.sourceWidth]
		for _, x := range a.columns {
			pixels[row[x]]++
		}
	}
	pixels[dataset.Ignore] = 0
	most, all := 0, 0
	for _, n := range pixels {
		most, all = max(most, n), all+n
	}
	return most < all && float64(most) < a.recipe.MostOfOne*float64(all)
}

func (a *Augmenter) cropLabels(dst *Crop, v view, labels []uint8, width int) {
	a.findColumns(v)
	size := a.recipe.Size
	dst.Height, dst.Width = v.height, v.width
	dst.Labels = slices.Grow(dst.Labels[:0], size*size)[:size*size]
	for y := range size {
		out := dst.Labels[y*size:][:size]
		if y < v.height {
			row := labels[v.row(y)*width:][:width]
			for x, column := range a.columns {
				out[x] = row[column]
			}
			out = out[v.width:]
		}
		for x := range out {
			out[x] = dataset.Ignore
		}
	}
}

func (a *Augmenter) cropPhoto(dst *Crop, v view, src photo.Source) error {
	a.part.Height, a.part.Width = v.height, v.width
	if err := a.resizer.ResizePart(&a.part, src, v.whole, a.recipe.Filter); err != nil {
		return err
	}
	size := a.recipe.Size
	dst.Photo.Height, dst.Photo.Width = size, size
	dst.Photo.Pix = slices.Grow(dst.Photo.Pix[:0], 3*size*size)[:3*size*size]
	for y := range size {
		out := dst.Photo.Pix[3*y*size:][:3*size]
		if y < v.height {
			row := a.part.Pix[3*y*v.width:][:3*v.width]
			copy(out, row)
			if v.flip {
				photo.Mirror(out[:len(row)])
			}
			out = out[len(row):]
		}
		for x := 0; x < len(out); x += 3 {
			copy(out[x:], a.recipe.Fill[:])
		}
	}
	return nil
}
