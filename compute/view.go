package compute

// A Grid is the patches of one window of a frame, and the part of them that a
// rank holds.
type Grid struct {
	Patch      int // side of a patch in pixels
	Rows, Cols int // patches of the window; covers Height×Width, rounded up
	First      int // the first patch of this rank, row by row

	Top, Left     int // the window's place in the frame, in pixels
	Height, Width int // the window's size in pixels

	Mean, Std [3]float32 // of R, G, B in 0…1: value = (x/255 − mean)/std
}

// A View says how the scores of patches become the classes of a picture's
// pixels. The scores of a window are upsampled bilinearly by the patch size
// (align_corners = false); where windows overlap, the mean is taken; the
// result is resized bilinearly to the mask.
//
// With one window, both steps are done as one interpolation, straight from
// patches to the mask's pixels. That is the same where the mask has the size
// of the frame, and what the evaluation protocol asks for elsewhere.
//
// The rows of the scores are ordered by window, then patch, row by row; a
// column is a class.
type View struct {
	Patch      int // side of a patch in pixels
	Rows, Cols int // patches of each window

	Height, Width             int     // of the frame in pixels, without padding
	WindowHeight, WindowWidth int     // of each window in pixels, without padding
	Windows                   []Point // the windows' places in the frame
}

// A Point is a place in a frame, in pixels.
type Point struct{ Top, Left int }

// Bilinear places output pixel i among the input pixels of an axis that has
// scale input pixels for each output pixel: between lo and hi, t of the way
// (align_corners = false).
func Bilinear(i int, scale float32, input int) (lo, hi int, t float32) {
	at := max((float32(i)+0.5)*scale-0.5, 0)
	lo = min(int(at), input-1)
	return lo, min(lo+1, input-1), at - float32(lo)
}

// A Place is where an output pixel lies among the input pixels of an axis: see
// [Bilinear].
type Place struct {
	Lo, Hi int
	T      float32
}

// Places are those of n output pixels, in the memory of list.
func Places(list []Place, n int, scale float32, input int) []Place {
	list = list[:0]
	for i := range n {
		lo, hi, t := Bilinear(i, scale, input)
		list = append(list, Place{lo, hi, t})
	}
	return list
}

// TokenUnit is the number of tokens that ranks share out as one, so that a
// device can pack them without one reaching into another's band.
const TokenUnit = 16

// Band is the share of n items that belongs to the index-th of count ranks.
// Items are shared out in units, of which the last may not be whole.
func Band(n, index, count, unit int) (from, to int) {
	units := (n + unit - 1) / unit
	return min(n, units*index/count*unit), min(n, units*(index+1)/count*unit)
}
