package checkpoint_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"segmenter/checkpoint"
	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/internal/golden"
	"segmenter/metrics"
	"segmenter/model"
	"segmenter/modelfile"
	"segmenter/photo"
)

// openFolder opens the checkpoint of a folder, with its variant.yml if it has one.
func openFolder(t testing.TB, folder string, o checkpoint.Options) (*checkpoint.Checkpoint, error) {
	t.Helper()
	var files []checkpoint.File
	for _, pattern := range []string{"checkpoint.*", "variant.yml"} {
		paths, _ := filepath.Glob(filepath.Join(folder, pattern))
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, checkpoint.File{Name: filepath.Base(path), Size: int64(len(content)), ReaderAt: bytes.NewReader(content)})
		}
	}
	return checkpoint.Open(files, o)
}

// goldenFolders are folders of a checkpoint with photos and what PyTorch made of them
// (golden.safetensors): those of testdata, and of the folder that the environment variable
// CHECKPOINTS names.
func goldenFolders(t testing.TB) []string {
	t.Helper()
	folders, _ := filepath.Glob("testdata/golden/*")
	if more := os.Getenv("CHECKPOINTS"); more != "" {
		paths, _ := filepath.Glob(filepath.Join(more, "*", "golden.safetensors"))
		for _, path := range paths {
			folders = append(folders, filepath.Dir(path))
		}
	}
	return folders
}

// TestGolden compares networks that were imported with what PyTorch computes with them.
func TestGolden(t *testing.T) {
	for _, folder := range goldenFolders(t) {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			c, err := openFolder(t, folder, checkpoint.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, note := range c.Notes {
				t.Log(note.Text)
			}
			m, err := c.Model()
			if err != nil {
				t.Fatal(err)
			}
			compareWithGolden(t, m, golden.Read(t, filepath.Join(folder, "golden.safetensors")))
		})
	}
}

func compareWithGolden(t *testing.T, m *modelfile.Model, want map[string]golden.Tensor) {
	t.Helper()
	s, err := model.New(m, cpu.New(1, compute.Float32))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 10 {
		name := string(rune('0' + i))
		rgb, ok := want[name+".rgb"]
		if !ok {
			continue
		}
		img := photo.Image{Height: rgb.Shape[0], Width: rgb.Shape[1], Pix: rgb.Bytes}
		r, err := s.Segment(context.Background(), &img, model.Options{})
		if err != nil {
			t.Fatal(err)
		}
		scores, _, _, err := s.Scores()
		if err != nil {
			t.Fatal(err)
		}
		logits := want[name+".patch_logits"]
		got := modelfile.Transpose(scores, len(scores)/logits.Shape[0])
		largest := 0.
		for i, w := range logits.Floats {
			largest = max(largest, math.Abs(float64(got[i])-float64(w)))
		}
		same := metrics.Same(r.Mask, want[name+".argmax"].Bytes)
		t.Logf("photo %s: largest difference %.2g, %d of %d pixels agree", name, largest, same, len(r.Mask))
		if !(largest <= 1e-4) || same != len(r.Mask) {
			t.Errorf("photo %s: expected at most 1e-4 and all pixels", name)
		}
	}
}
