package decode

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReadHead: a head says the size that the open photo has, for every kind of file
// that the tests keep.
func TestReadHead(t *testing.T) {
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, path := range files {
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			continue
		}
		source, err := Open(path)
		if err != nil {
			continue
		}
		compared++
		height, width := source.Size()
		if h, err := ReadHead(path); err != nil || h.Height != height || h.Width != width {
			t.Errorf("%s: %+v, %v; expected %d×%d pixels", path, h, err, width, height)
		}
	}
	if compared < 10 {
		t.Errorf("compared %d files, expected the photos of testdata", compared)
	}
}
