package compute

// What [Device.Smooth] compares of a patch, from one frame to the next: the mean
// brightness of LookBlocks×LookBlocks squares. The last value of a look is the
// weight that the frame got.
const (
	LookBlocks = 4
	LookWidth  = LookBlocks*LookBlocks + 1
)

// A square of 4×4 pixels whose brightness (0 to 255) changes by less than
// StillBelow has not changed: sensors' noise of σ = 8 a pixel makes 2 of it, and
// of sixteen squares one deviates by that twice. From ChangedFrom on, it has.
// Between them it counts in part.
const (
	StillBelow  = 5
	ChangedFrom = 10
)

// SmoothWeight is the weight of a new frame, at a patch of which the brightness
// of a square changed.
func SmoothWeight(change, weight float32) float32 {
	part := min(max((change-StillBelow)/(ChangedFrom-StillBelow), 0), 1)
	return weight + (1-weight)*part
}
