package network_test

import (
	"math"
	"slices"
	"testing"

	"segmenter/bench/network/networktest"
	"segmenter/modelfile"
)

func TestPosition(t *testing.T) {
	n := networktest.Open(t)
	stored := n.Floats(n.Encoder.Position)
	if !slices.Equal(n.Position(n.Architecture.Grid), stored) {
		t.Error("resizing to the stored grid changed the position embeddings")
	}
	D := n.Architecture.Width
	resized := n.Position(16)
	if len(resized) != (1+16*16)*D {
		t.Fatalf("%d values for 16×16 patches of width %d", len(resized), D)
	}
	if !slices.Equal(resized[:D], stored[:D]) {
		t.Error("the class token's embedding was resized too")
	}
	// Without alignment of corners, a corner patch of a coarser grid lies between
	// stored patches; in a finer grid it equals the stored corner.
	if fine := n.Position(4 * n.Architecture.Grid); !slices.Equal(fine[D:2*D], stored[D:2*D]) {
		t.Error("the corner of a finer grid differs from the stored corner")
	}
}

func TestQKVScalesOnlyQueries(t *testing.T) {
	n := networktest.Open(t)
	layer := n.Encoder.Blocks[0].QKV
	weight, bias := n.QKV(layer)
	stored := n.Tensor(layer.Weight)
	third := len(stored.Values) / 3
	divisor := float32(math.Sqrt(modelfile.HeadWidth))
	if weight.Values[0] != stored.Values[0]/divisor || !slices.Equal(weight.Values[third:], stored.Values[third:]) {
		t.Error("expected the first third of the weights divided by √HeadWidth, the rest unchanged")
	}
	if b := n.Floats(layer.Bias); bias[0] != b[0]/divisor || bias[len(bias)-1] != b[len(b)-1] {
		t.Error("expected the first third of the bias divided by √HeadWidth, the rest unchanged")
	}
}

func TestPatches(t *testing.T) {
	n := networktest.Open(t)
	if side, err := n.Patches(512); side != 32 || err != nil {
		t.Errorf("512 pixels: %d patches, %v", side, err)
	}
	for _, size := range []int{0, 8, 500} {
		if _, err := n.Patches(size); err == nil {
			t.Errorf("%d pixels were accepted", size)
		}
	}
}
