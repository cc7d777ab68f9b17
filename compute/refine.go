package compute

import "math"

// Refinement has the sizes of a guided filter (He, Sun and Tang, "Guided image
// filtering", TPAMI 2013; in its fast form, "Fast guided filter", 2015). It
// filters the scores, guided by the picture that the network saw: within a
// window, it models a class's score as a linear function of the colour, so that
// scores drop where colours change. The steps:
//
//   - The guide is the picture at half its size. A guide pixel is the mean of 4×4
//     pixels, weighted by [GuideTaps] in both directions, with the picture's edge
//     pixels repeated. Colours are 0 to 1.
//   - Cells are squares of guide pixels. Their side is a quarter of the patch size
//     in guide pixels, which is half a patch of the picture. A cell has the mean
//     colour of its pixels, and the patch scores interpolated at its centre.
//   - A window is a cell and its neighbours. In each window, for each class, least
//     squares fits the function colour·a + b to the cells' scores, with [GuideEps]
//     added to the variance of each colour channel.
//   - A cell's function is the mean of the functions of all windows that contain
//     the cell.
//   - A pixel of the mask interpolates the functions of the cells around it
//     bilinearly and applies the result to the guide's colour there. The highest
//     score wins; of equal scores, the lowest id. Only classes that score highest
//     in one of the 4×4 cells around the pixel compete: mostly a single one.
//
// It needs a view of one window.
type Refinement struct {
	GuideRows, GuideCols int
	Side                 int // of a cell, in pixels of the guide
	Rows, Cols           int // cells
}

const (
	// GuideEps keeps the fit from following noise. A window whose colours (0 to
	// 1) have a smaller variance has no edge to follow.
	GuideEps = 5e-5
	// GuideReach is how many cells beyond the four around a pixel, in each
	// direction, may contribute classes to it.
	GuideReach = 1
)

// GuideTaps are the weights of four pixels in a line, for the guide pixel in the
// middle.
var GuideTaps = [4]int{1, 3, 3, 1}

// Refinement returns the sizes for a frame.
func (v View) Refinement() Refinement {
	r := Refinement{GuideRows: (v.Height + 1) / 2, GuideCols: (v.Width + 1) / 2, Side: max(1, v.Patch/4)}
	r.Rows, r.Cols = (r.GuideRows+r.Side-1)/r.Side, (r.GuideCols+r.Side-1)/r.Side
	return r
}

// CellScale is the side of a cell, in patches.
func (r Refinement) CellScale(v View) float32 { return float32(2*r.Side) / float32(v.Patch) }

// Around returns the cells from lo − reach to hi + reach of an axis of n cells, as
// [from, to).
func Around(lo, hi, reach, n int) (from, to int) {
	return max(0, lo-reach), min(n, hi+reach+1)
}

// MatteGain makes edges of mattes as narrow as those that people see. Scores change slowly,
// over half a patch, where the picture has no edge to follow.
const MatteGain = 4

// MatteValue is the value of a matte's pixel where the best score of the set is so much
// ahead of the best other: 0 to 255, and 128 or more where it wins.
func MatteValue(ahead float32) uint8 { return uint8(0.5 + 255/(1+math.Exp(-MatteGain*float64(ahead)))) }
