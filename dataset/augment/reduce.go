package augment

import "segmenter/photo"

// Reduced returns the size to which a photo of height×width pixels is reduced before it is
// cropped: that of the largest crops, whose pixels are then the photo's own. A photo that is
// at most a tenth larger stays as it is.
func (r Recipe) Reduced(height, width int) (h, w int) {
	factor := r.Largest * r.factor(height, width)
	const hardly = 1.1
	if factor*hardly >= 1 {
		return height, width
	}
	return scaled(height, factor), scaled(width, factor)
}

// factor makes the short side of a photo Short, or its long side Long.
func (r Recipe) factor(height, width int) float64 {
	return min(float64(r.Short)/float64(min(height, width)), float64(r.Long)/float64(max(height, width)))
}

func scaled(n int, factor float64) int { return max(1, int(float64(n)*factor+0.5)) }

// ReduceLabels returns labels of height×width pixels as h×w: the nearest of each pixel.
func ReduceLabels(labels []uint8, height, width, h, w int) []uint8 {
	out := make([]uint8, 0, h*w)
	for y := range h {
		row := labels[nearest(y, h, height)*width:][:width]
		for x := range w {
			out = append(out, row[nearest(x, w, width)])
		}
	}
	return out
}

// Reduce returns a photo and its labels, reduced to h×w pixels.
func (a *Augmenter) Reduce(src photo.Source, labels []uint8, h, w int) (*photo.Image, []uint8, error) {
	height, width := src.Size()
	small := &photo.Image{Height: h, Width: w}
	err := a.resizer.Resize(small, src, a.recipe.Filter)
	return small, ReduceLabels(labels, height, width, h, w), err
}
