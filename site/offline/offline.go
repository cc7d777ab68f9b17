// Package offline writes the list of the site's files into the service worker, which
// keeps them on a visitor's device.
package offline

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"segmenter/site"
)

// Names in the site: the service worker, the folder of models, the model that the page
// starts with, and the list of all models.
const (
	Worker       = "service-worker.js"
	Models       = "library/models/"
	DefaultModel = Models + "everyday.safetensors"
	ModelList    = "models.json"
)

// placeholder is the line of the service worker that [Stamp] replaces.
const placeholder = "const SITE = {};"

// contents is the value of SITE in service-worker.js, which explains the fields.
type contents struct {
	Version string            `json:"version"`
	Headers map[string]string `json:"headers"`
	Files   []file            `json:"files"`
}

type file struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int    `json:"size"`
	SHA256 string `json:"sha256"`
	Later  bool   `json:"later"`
	Model  bool   `json:"model"`
}

// Stamp writes the list of files into the service worker, which is one of them. The
// other files must already be as the site will serve them.
func Stamp(files map[string][]byte) error {
	if bytes.Count(files[Worker], []byte(placeholder)) != 1 {
		return fmt.Errorf("%s must contain the line %q exactly once, for the list of the site's files", Worker, placeholder)
	}
	list := contents{Headers: site.Headers()}
	versions := sha256.New()
	for _, name := range sorted(files) {
		hash := sha256.Sum256(files[name])
		versions.Write(hash[:])
		fmt.Fprintln(versions, name)
		list.Files = append(list.Files, file{
			name, site.ContentType(name), len(files[name]), fmt.Sprintf("%x", hash), isLater(name), isModel(name),
		})
	}
	list.Version = fmt.Sprintf("%x", versions.Sum(nil)[:8])
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	filled := fmt.Appendf(nil, "const SITE = %s;", text)
	files[Worker] = bytes.Replace(files[Worker], []byte(placeholder), filled, 1)
	return nil
}

func isModel(name string) bool { return name == DefaultModel }

// sorted returns the names of the page's files, the model last: before the service
// worker reaches it, the page has stored it.
func sorted(files map[string][]byte) []string {
	var first, last []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		switch {
		case isUnused(name):
		case isModel(name):
			last = append(last, name)
		default:
			first = append(first, name)
		}
	}
	return append(first, last...)
}

// isUnused reports whether the service worker leaves a file alone: it is for other
// programs or hosts, the worker itself, a model that the library keeps if the visitor
// uses it, or the list of models, which may change without a new version of the site.
func isUnused(name string) bool {
	isOtherModel := strings.HasPrefix(name, Models) && !isModel(name)
	return isOtherModel || name == Worker || name == ModelList || strings.HasSuffix(name, ".d.ts") || strings.HasPrefix(name, "_")
}

// later are programs, and what they need.
var later = []string{"library/engine-webgpu.wasm", "library/importer.wasm", "library/annotator.wasm", "library/teacher.wasm", "library/typical.safetensors"}

// isLater reports whether the service worker keeps a file only after its first use:
// programs that not every device or visitor can use, photos that the page first shows as
// thumbnails, and icons for systems that install the page.
func isLater(name string) bool {
	isPhoto := path.Dir(name) == "samples" && path.Ext(name) != ".webp"
	return isPhoto || path.Dir(name) == "icons" || slices.Contains(later, name)
}
