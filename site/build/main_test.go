package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"segmenter/site"
)

var sources = map[string][]byte{
	"library/engine.wasm":                 []byte(strings.Repeat("\x00asm", 500)),
	"page/app.js":                         []byte(strings.Repeat("export {};\n", 50)),
	"photo.png":                           bytes.Repeat([]byte("png"), 100),
	"library/models/everyday.safetensors": []byte("incompressible"),
}

// files reads a folder: name → content.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		found[filepath.ToSlash(name)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	entries, err := write(dir, sources)
	if err != nil {
		t.Fatal(err)
	}
	found := files(t, dir)
	for name, content := range sources {
		if found[name] != string(content) {
			t.Errorf("%s differs from its source", name)
		}
	}
	for _, name := range []string{"library/engine.wasm", "page/app.js"} {
		if _, ok := unpacksTo(filepath.Join(dir, name+".br"), sources[name]); !ok {
			t.Errorf("%s.br does not unpack to %s", name, name)
		}
		r, err := gzip.NewReader(strings.NewReader(found[name+".gz"]))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := io.ReadAll(r); err != nil || !bytes.Equal(plain, sources[name]) {
			t.Errorf("%s.gz does not unpack to %s: %v", name, name, err)
		}
	}
	if len(found) != len(sources)+4 {
		t.Errorf("got %d files, want %d and 4 siblings: pictures and files that do not shrink have none", len(found), len(sources))
	}
	if !slices.IsSortedFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) }) {
		t.Errorf("the table is not sorted: %v", entries)
	}
}

func TestWriteAgain(t *testing.T) {
	dir := t.TempDir()
	if _, err := write(dir, sources); err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-time.Hour).Truncate(time.Second)
	untouched := filepath.Join(dir, "library", "engine.wasm.br")
	if err := os.Chtimes(untouched, past, past); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"page/app.js.br": "broken", "old.js": "left behind", "old.js.br": "too", ".keep": "hidden"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := write(dir, sources)
	if err != nil {
		t.Fatal(err)
	}
	if err := removeOthers(dir, entries); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(untouched); err != nil || !info.ModTime().Equal(past) {
		t.Errorf("write rewrote an up-to-date sibling: %v", err)
	}
	if _, ok := unpacksTo(filepath.Join(dir, "page/app.js.br"), sources["page/app.js"]); !ok {
		t.Error("write did not replace a broken sibling")
	}
	if found := files(t, dir); found["old.js"] != "" || found["old.js.br"] != "" {
		t.Error("removeOthers left files of an earlier build")
	} else if found[".keep"] == "" {
		t.Error("removeOthers removed a hidden file")
	}
}

func TestAddPage(t *testing.T) {
	added := make(map[string][]byte)
	err := addPage(added, fstest.MapFS{
		"index.html":      {Data: []byte("page")},
		"samples/cat.jpg": {Data: []byte("cat")},
		".DS_Store":       {},
		".cache/x.js":     {},
		"samples/.hidden": {},
		"package.json":    {},
		"tests/a.test.js": {},
	})
	if err != nil || len(added) != 2 || string(added["index.html"]) != "page" || string(added["samples/cat.jpg"]) != "cat" {
		t.Errorf("got %q and %v, want index.html and samples/cat.jpg", added, err)
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	if err := checkFolder(dir); err != nil {
		t.Errorf("an empty folder: got %v, want no error", err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".keep"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := checkFolder(dir); err != nil {
		t.Errorf("a folder of hidden files: got %v, want no error", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "diary.txt"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := checkFolder(dir); err == nil || !strings.Contains(err.Error(), "not an earlier build") {
		t.Errorf("a folder of other files: got %v", err)
	}
	if err := checkPrograms([]entry{{name: engine, size: 4 << 20, brotli: maxProgram + 1}, {name: importer}, {name: annotator}, {name: teacher}}); err == nil {
		t.Error("checkPrograms accepts an engine above the limit")
	}
	if err := checkPrograms([]entry{{name: engine, size: 4 << 20, brotli: maxProgram}, {name: importer}, {name: annotator}, {name: teacher}}); err != nil {
		t.Errorf("an engine at the limit: got %v, want no error", err)
	}
}

func TestStampModel(t *testing.T) {
	stamped := func(weights string) string {
		page := map[string][]byte{
			defaultModel:  []byte(weights),
			addressModule: []byte(`new URL("./models/everyday.safetensors", import.meta.url)`),
		}
		stampModel(page)
		return string(page[addressModule])
	}
	first := stamped("weights")
	if !strings.HasPrefix(first, `new URL("./models/everyday.safetensors?v=`) {
		t.Errorf("no hash in %q", first)
	}
	if stamped("other weights") == first {
		t.Error("two models have the same address")
	}
}

// TestHeadersFile checks the rules, and Cloudflare's limit of 2000 characters per
// line. (The file is far below the other limit, 100 rules.)
func TestHeadersFile(t *testing.T) {
	got := string(headersFile([]string{"index.html", "a.d.ts", "b.ts", "NOTICE"}))
	for name, value := range site.Headers() {
		if !strings.Contains(got, "\n  "+name+": "+value+"\n") {
			t.Errorf("%s: %s is missing", name, value)
		}
	}
	for _, rule := range []string{"\n/*.ts\n  Content-Type: text/plain; charset=utf-8\n", "\n/*.html\n", "\n/*/NOTICE\n"} {
		if strings.Count(got, rule) != 1 {
			t.Errorf("the file has the rule %q %d times, expected once:\n%s", rule, strings.Count(got, rule), got)
		}
	}
	for line := range strings.Lines(got) {
		if len(line) > 2000 {
			t.Errorf("a line has %d characters: %.80s", len(line), line)
		}
	}
}
