package compute

// Refinement is the guided filter (He, Sun and Tang, "Guided image filtering",
// TPAMI 2013; in its fast form, "Fast guided filter", 2015) of the scores, by
// the picture that the network saw: within a window, a class's scores are taken
// to be a linear function of the colour, so that they fall off where the colours
// do. In steps:
//
//   - The guide is the picture at half its size: the pixels' mean by [GuideTaps]
//     in both directions, those at the picture's sides repeated, 0 to 1.
//   - Cells are squares of guide pixels, a quarter of a patch a side: half a
//     patch of the picture. A cell has the mean colour of its pixels, and the
//     scores of patches interpolated at its middle.
//   - A window is a cell and those around it. In each, for each class, the
//     function colour·a + b is fitted to the cells' scores, by least squares with
//     [GuideEps] added to the variance of each colour.
//   - A cell's function is the mean of those of the windows that it lies in.
//   - A pixel of the mask has the function of the cells around it, interpolated
//     bilinearly, of the guide's colour there. The highest wins (the lowest id of
//     equals), among the classes that have the highest scores in some of the 4×4
//     cells around it. Mostly there is one such class.
//
// It is for one window of the frame; it does not go with sliding ones.
type Refinement struct {
	GuideRows, GuideCols int
	Side                 int // of a cell, in pixels of the guide
	Rows, Cols           int // cells
}

const (
	// GuideEps keeps the fit from following noise: it is the variance of
	// colours, 0 to 1, below which there is no edge to follow.
	GuideEps = 5e-5
	// GuideReach is how many cells beyond the four around a pixel its classes
	// may come from.
	GuideReach = 1
)

// GuideTaps weighs four pixels in a row, for one of the guide's that lies in
// their middle.
var GuideTaps = [4]int{1, 3, 3, 1}

// Refinement is the sizes for a frame.
func (v View) Refinement() Refinement {
	r := Refinement{GuideRows: (v.Height + 1) / 2, GuideCols: (v.Width + 1) / 2, Side: max(1, v.Patch/4)}
	r.Rows, r.Cols = (r.GuideRows+r.Side-1)/r.Side, (r.GuideCols+r.Side-1)/r.Side
	return r
}

// CellScale is the patches that a cell is long.
func (r Refinement) CellScale(v View) float32 { return float32(2*r.Side) / float32(v.Patch) }

// Around is the cells of an axis of n from reach before lo to reach after hi,
// without the last.
func Around(lo, hi, reach, n int) (from, to int) {
	return max(0, lo-reach), min(n, hi+reach+1)
}
