package compute

// A View is the geometry of a frame: the windows in which the network sees it,
// and the patches of each window. A single window is the whole frame.
//
// It also defines how patch scores become pixel classes. Each window's scores are
// upsampled bilinearly by the patch size (align_corners = false), averaged where
// windows overlap, and resized bilinearly to the mask. With one window, a single
// interpolation goes straight from patches to the mask's pixels. The result is the
// same if the mask has the frame's size; otherwise it is the one that the
// evaluation protocol asks for.
//
// The rows of scores are ordered by window, then patch, row by row; a column is
// a class.
type View struct {
	Patch int // side of a patch in pixels

	// In pixels, without padding. A window is at most as large as the frame.
	Height, Width             int // of the frame
	WindowHeight, WindowWidth int // of each window
	Stride                    int // from a window to the next; 0 with one window
}

// A Point is a place in a frame, in pixels.
type Point struct{ Top, Left int }

// Whole returns the view of a frame in one window.
func Whole(patch, height, width int) View {
	return View{Patch: patch, Height: height, Width: width, WindowHeight: height, WindowWidth: width}
}

// Rows is the number of rows of patches in a window, the last one padded.
func (v View) Rows() int { return (v.WindowHeight + v.Patch - 1) / v.Patch }

// Cols is the number of columns of patches in a window, the last one padded.
func (v View) Cols() int { return (v.WindowWidth + v.Patch - 1) / v.Patch }

// Patches is the number of patches in a window.
func (v View) Patches() int { return v.Rows() * v.Cols() }

// Windows is the number of windows.
func (v View) Windows() int {
	return v.anchors(v.Height, v.WindowHeight) * v.anchors(v.Width, v.WindowWidth)
}

// Window returns the top left corner of window i, counted row by row. The last
// window of a row or column ends at the frame's edge.
func (v View) Window(i int) Point {
	columns := v.anchors(v.Width, v.WindowWidth)
	return Point{
		Top:  min(i/columns*v.Stride, v.Height-v.WindowHeight),
		Left: min(i%columns*v.Stride, v.Width-v.WindowWidth),
	}
}

// anchors counts the windows along an axis, as the official implementation does
// (segm/model/utils.py): those that start at 0, stride, 2·stride, … < length −
// window, and one at length − window.
func (v View) anchors(length, window int) int {
	if length <= window {
		return 1
	}
	return (length-window+v.Stride-1)/v.Stride + 1
}

// Bilinear places output pixel i between the input pixels lo and hi of an axis, t
// of the way (align_corners = false). The axis has input input pixels, scale for
// each output pixel.
func Bilinear(i int, scale float32, input int) (lo, hi int, t float32) {
	at := max((float32(i)+0.5)*scale-0.5, 0)
	lo = min(int(at), input-1)
	return lo, min(lo+1, input-1), at - float32(lo)
}

// A Place is what [Bilinear] returns for an output pixel.
type Place struct {
	Lo, Hi int
	T      float32
}

// Places returns the places of n output pixels. It reuses the memory of list.
func Places(list []Place, n int, scale float32, input int) []Place {
	list = list[:0]
	for i := range n {
		lo, hi, t := Bilinear(i, scale, input)
		list = append(list, Place{lo, hi, t})
	}
	return list
}

// A Share says which rows of a matrix a rank holds: those from First on, of Total.
// First is a multiple of [TokenUnit], or the rank has no rows.
type Share struct{ First, Total int }

// TokenUnit is the number of tokens that ranks never split, so that a device can
// pack tokens without one rank writing into another's band.
const TokenUnit = 16

// Band returns the items [from, to) of n that belong to the index-th of count
// ranks. Ranks share items out in units; the last unit may be incomplete.
func Band(n, index, count, unit int) (from, to int) {
	units := (n + unit - 1) / unit
	return min(n, units*index/count*unit), min(n, units*(index+1)/count*unit)
}
