package checkpoint_test

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"segmenter/checkpoint"
	"segmenter/modelfile"
)

// TestEncoders reads one encoder by the names of several programs.
func TestEncoders(t *testing.T) {
	var first *checkpoint.Checkpoint
	for _, name := range []string{"timm.safetensors", "timm.pth", "huggingface.bin", "jax.npz"} {
		content, err := os.ReadFile("testdata/encoders/" + name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := checkpoint.Open([]checkpoint.File{{Name: name, Size: int64(len(content)), ReaderAt: bytes.NewReader(content)}}, checkpoint.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Write(io.Discard); c.Table != nil || err == nil || !strings.Contains(err.Error(), "segment train -from") {
			t.Errorf("%s: error %v, want it to name segment train", name, err)
		}
		if first == nil {
			first = c
		}
		a := c.Card.Architecture
		if name == "jax.npz" && a.Heads != 2 {
			t.Errorf("%s: %d heads, expected the 2 that its shapes state", name, a.Heads)
		}
		for p := range modelfile.NewTable(a, 0).All() {
			want, err1 := first.Values(p)
			got, err2 := c.Values(p)
			if err1 != nil || err2 != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %s differs (%v, %v)", name, p.Name, err1, err2)
			}
		}
	}
}
