package compute

// [Pictures.Smooth] compares a patch from one frame to the next by its look: the
// mean brightness of LookBlocks×LookBlocks squares. The last value of a look is
// the weight that the frame got.
const (
	LookBlocks = 4
	LookWidth  = LookBlocks*LookBlocks + 1
)

// A square of 4×4 pixels counts as unchanged if its brightness (0 to 255) changes
// by less than StillBelow: sensor noise of σ = 8 per pixel leaves σ = 2 in a
// square, and one of sixteen squares deviates by 2σ. From ChangedFrom on, a square
// counts as changed, and in between in part.
const (
	StillBelow  = 5
	ChangedFrom = 10
)

// SmoothWeight is the weight of a new frame at a patch, given the largest change
// in brightness of its squares. weight is that of an unchanged patch.
func SmoothWeight(change, weight float32) float32 {
	part := min(max((change-StillBelow)/(ChangedFrom-StillBelow), 0), 1)
	return weight + (1-weight)*part
}
