package checkpoint_test

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzImport imports any bytes: an error or a model, and no crash.
func FuzzImport(f *testing.F) {
	for _, pattern := range []string{"testdata/golden/*/checkpoint.*", "testdata/encoders/*"} {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(content)
		}
	}
	f.Fuzz(func(_ *testing.T, content []byte) { importBytes(content) })
}
