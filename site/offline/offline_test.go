package offline

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// files returns a small site.
func files() map[string][]byte {
	return map[string][]byte{
		Worker:                       []byte("before\nconst SITE = {};\nafter\n"),
		"index.html":                 []byte("<!doctype html>"),
		"library/engine.wasm":        []byte("\x00asm"),
		"library/engine-webgpu.wasm": []byte("\x00asm"),
		DefaultModel:                 []byte("weights"),
		Models + "other.safetensors": []byte("others"),
		ModelList:                    []byte("{}"),
		"samples/cat.png":            []byte("cat"),
		"samples/hero.webp":          []byte("temple"),
		"library/segmenter.d.ts":     []byte("export {}"),
		"style.css":                  []byte("body {}"),
	}
}

// stamped stamps a site and reads its service worker's list.
func stamped(t *testing.T, site map[string][]byte) contents {
	t.Helper()
	if err := Stamp(site); err != nil {
		t.Fatal(err)
	}
	text := string(site[Worker])
	start, end := strings.Index(text, "{"), strings.LastIndex(text, "}")
	if text[:start] != "before\nconst SITE = " || text[end+1:] != ";\nafter\n" {
		t.Errorf("got %q around the list", text[:start]+text[end+1:])
	}
	var list contents
	if err := json.Unmarshal([]byte(text[start:end+1]), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestStamp(t *testing.T) {
	list := stamped(t, files())
	var now, later []string
	for _, f := range list.Files {
		if f.Later {
			later = append(later, f.Name)
		} else {
			now = append(now, f.Name)
		}
	}
	if want := []string{"index.html", "library/engine.wasm", "samples/hero.webp", "style.css", "library/models/everyday.safetensors"}; !slices.Equal(now, want) {
		t.Errorf("kept at once: got %q, want %q", now, want)
	}
	if want := []string{"library/engine-webgpu.wasm", "samples/cat.png"}; !slices.Equal(later, want) {
		t.Errorf("kept later: got %q, want %q", later, want)
	}
	want := file{"library/engine.wasm", "application/wasm", 4, "cd5d4935a48c0672cb06407bb443bc0087aff947c6b864bac886982c73b3027f", false, false}
	if got := list.Files[2]; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if last := list.Files[len(list.Files)-1]; !last.Model || last.Name != DefaultModel {
		t.Errorf("got %+v last, want the model", last)
	}
	if list.Headers["Cross-Origin-Embedder-Policy"] != "require-corp" {
		t.Errorf("got the headers %q, want those of the site", list.Headers)
	}
}

func TestVersion(t *testing.T) {
	version := func(change func(map[string][]byte)) string {
		site := files()
		change(site)
		return stamped(t, site).Version
	}
	first := version(func(map[string][]byte) {})
	if again := version(func(map[string][]byte) {}); again != first {
		t.Errorf("the same files have the versions %s and %s", first, again)
	}
	for name, change := range map[string]func(map[string][]byte){
		"changed": func(site map[string][]byte) { site["style.css"] = []byte("html {}") },
		"removed": func(site map[string][]byte) { delete(site, "style.css") },
		"renamed": func(site map[string][]byte) { site["other.css"] = site["style.css"]; delete(site, "style.css") },
	} {
		if got := version(change); got == first {
			t.Errorf("a file was %s, but the version is the same", name)
		}
	}
}

func TestNoPlaceholder(t *testing.T) {
	for _, worker := range []string{"", "const SITE = {}; const SITE = {};"} {
		site := files()
		site[Worker] = []byte(worker)
		if err := Stamp(site); err == nil || !strings.Contains(err.Error(), placeholder) {
			t.Errorf("%q: got %v, want an error that names the placeholder", worker, err)
		}
	}
}
