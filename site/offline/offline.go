// Package offline tells the service worker, which keeps the site on a visitor's
// device, what the site is made of.
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

// Worker is the service worker's name in the site, Models the folder of models.
const (
	Worker = "service-worker.js"
	Models = "library/models/"
)

// blank is the line of the service worker that the build fills in.
const blank = "const SITE = {};"

// contents is what the service worker knows of the site; service-worker.js says
// what for.
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

// Stamp fills in the service worker among the files of a site. They have to be
// as they will be served, but for the service worker itself.
func Stamp(files map[string][]byte) error {
	if bytes.Count(files[Worker], []byte(blank)) != 1 {
		return fmt.Errorf("%s has to hold the line %q once, for the list of the site's files", Worker, blank)
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
	files[Worker] = bytes.Replace(files[Worker], []byte(blank), filled, 1)
	return nil
}

func isModel(name string) bool { return strings.HasPrefix(name, Models) }

// sorted lists the files that the page is made of, models last: by the time the
// service worker comes to one, the page has kept it.
func sorted(files map[string][]byte) []string {
	var first, last []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		switch {
		case isUseless(name):
		case isModel(name):
			last = append(last, name)
		default:
			first = append(first, name)
		}
	}
	return append(first, last...)
}

// isUseless tells whether a file is of no use to the page: it is for programs,
// for hosts, or the service worker itself.
func isUseless(name string) bool {
	return name == Worker || name == "models.json" || strings.HasSuffix(name, ".d.ts") || strings.HasPrefix(name, "_")
}

// isLater tells whether a file is kept only once a visitor has asked for it: an
// engine that not every device can use, photos of which thumbnails do at first,
// and icons for systems that install the page.
func isLater(name string) bool {
	isPhoto := path.Dir(name) == "samples" && path.Ext(name) != ".webp"
	return isPhoto || path.Dir(name) == "icons" || name == "library/engine-webgpu.wasm"
}
