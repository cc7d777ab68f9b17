package network

import (
	"slices"
	"testing"
)

const weights = "../../model/testdata/everyday.f32.safetensors"

func TestPosition(t *testing.T) {
	n, err := Open(weights)
	if err != nil {
		t.Fatal(err)
	}
	stored := n.Floats(n.Encoder.Position)
	if !slices.Equal(n.Position(n.Architecture.Grid), stored) {
		t.Error("the position embeddings for the grid that they were learned for are not as stored")
	}
	D := n.Architecture.Width
	resized := n.Position(16)
	if len(resized) != (1+16*16)*D {
		t.Fatalf("%d values for 16×16 patches of width %d", len(resized), D)
	}
	if !slices.Equal(resized[:D], stored[:D]) {
		t.Error("the class token's embedding was resized too")
	}
	// Without alignment of corners, a corner patch of a coarser grid lies
	// between others; of a finer one it is the corner patch.
	if fine := n.Position(4 * n.Architecture.Grid); !slices.Equal(fine[D:2*D], stored[D:2*D]) {
		t.Error("the corner of a finer grid is not the stored corner")
	}
}

func TestQKVScalesQueriesAlone(t *testing.T) {
	n, err := Open(weights)
	if err != nil {
		t.Fatal(err)
	}
	layer := n.Encoder.Blocks[0].QKV
	weight, bias := n.QKV(layer)
	stored := n.Tensor(layer.Weight)
	third := len(stored.Values) / 3
	if weight.Values[0] != stored.Values[0]/8 || !slices.Equal(weight.Values[third:], stored.Values[third:]) {
		t.Error("expected the first third of the weights divided by √64, the rest as it is")
	}
	if b := n.Floats(layer.Bias); bias[0] != b[0]/8 || bias[len(bias)-1] != b[len(b)-1] {
		t.Error("expected the first third of the bias divided by √64, the rest as it is")
	}
}

func TestPatches(t *testing.T) {
	n, err := Open(weights)
	if err != nil {
		t.Fatal(err)
	}
	if side, err := n.Patches(512); side != 32 || err != nil {
		t.Errorf("512 pixels: %d patches, %v", side, err)
	}
	for _, size := range []int{0, 8, 500} {
		if _, err := n.Patches(size); err == nil {
			t.Errorf("%d pixels were let through", size)
		}
	}
}
