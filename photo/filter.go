package photo

import "math"

// Filter weights the pixels around a point. When a picture shrinks, the filter
// widens by the same factor and averages all source pixels that fall onto a
// pixel. That keeps fine patterns from turning into coarse ones (antialiasing).
type Filter int

const (
	// Cubic is the convolution kernel of Keys, "Cubic Convolution
	// Interpolation for Digital Image Processing" (1981), with a = −0.5. Pillow
	// calls it BICUBIC.
	Cubic Filter = iota

	// Bilinear is the triangle. Enlarging by it equals PyTorch's
	// F.interpolate(mode="bilinear", align_corners=False).
	Bilinear
)

// support is the distance from the centre at which the filter reaches 0.
func (f Filter) support() float64 {
	if f == Bilinear {
		return 1
	}
	return 2
}

// weight is the filter at distance x from its centre.
func (f Filter) weight(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x >= f.support():
		return 0
	case f == Bilinear:
		return 1 - x
	case x < 1:
		return (1.5*x-2.5)*x*x + 1
	default:
		return ((-0.5*x+2.5)*x-4)*x + 2
	}
}

// axis holds, for one direction, the weights of the source pixels that make each of
// count pixels of the result, from the first on.
type axis struct {
	source, target int
	first, count   int
	filter         Filter

	windows []window
	weights []float32 // of all windows, concatenated
	widest  int       // weights of the widest window
}

// window is the range of source pixels that make one pixel of the result.
type window struct {
	first, n int // source pixels first … first+n−1
	at       int // their weights are weights[at : at+n]
}

// set computes the windows, unless they already fit.
func (a *axis) set(source, target, first, count int, f Filter) {
	if a.source == source && a.target == target && a.first == first && a.count == count && a.filter == f {
		return
	}
	*a = axis{source: source, target: target, first: first, count: count, filter: f, windows: a.windows[:0], weights: a.weights[:0]}
	for i := range count {
		a.add(first + i)
	}
}

// add appends the window of pixel i of the result. Pixel k covers the interval
// from k to k+1, with its centre at k + ½. add drops weights beyond the edges of
// the source and scales the others to sum to 1.
func (a *axis) add(i int) {
	scale := float64(a.source) / float64(a.target)
	stretch := max(scale, 1)
	centre := (float64(i) + 0.5) * scale
	reach := a.filter.support() * stretch
	first := max(0, int(centre-reach))
	last := min(a.source-1, int(centre+reach))

	at := func(k int) float64 { return a.filter.weight((float64(k) + 0.5 - centre) / stretch) }
	for first < last && at(first) == 0 {
		first++
	}
	for first < last && at(last) == 0 {
		last--
	}
	total := 0.0
	for k := first; k <= last; k++ {
		total += at(k)
	}
	w := window{first: first, n: last - first + 1, at: len(a.weights)}
	for k := first; k <= last; k++ {
		a.weights = append(a.weights, float32(at(k)/total))
	}
	a.windows = append(a.windows, w)
	a.widest = max(a.widest, w.n)
}

// tap returns the first source pixel of pixel i of the part, and the weights
// of the source pixels from there on.
func (a *axis) tap(i int) (first int, weights []float32) {
	w := a.windows[i]
	return w.first, a.weights[w.at:][:w.n]
}

// A Tap makes one pixel of a resized row: the weighted sum of the source pixels
// from First on.
type Tap struct {
	First   int
	Weights []float32
}

// Taps returns the tap of each of target pixels, for code that resizes by
// itself, such as a GPU shader: first along the rows, then along the columns,
// rounding once at the end.
func Taps(source, target int, f Filter) []Tap {
	var a axis
	a.set(source, target, 0, target, f)
	taps := make([]Tap, target)
	for i := range taps {
		taps[i].First, taps[i].Weights = a.tap(i)
	}
	return taps
}
