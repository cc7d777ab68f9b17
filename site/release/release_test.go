package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

var contents = []file{
	{"segment.exe", []byte("program"), true},
	{"LICENSE", []byte("text"), false},
}

// TestTarred reads an archive back: owner, time and order of the files must not
// depend on who makes it.
func TestTarred(t *testing.T) {
	archive, err := tarred("folder", contents)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	if !plain.ModTime.IsZero() || plain.Name != "" {
		t.Errorf("gzip's header has the time %v and the name %q, expected neither", plain.ModTime, plain.Name)
	}
	r := tar.NewReader(plain)
	for _, want := range []struct {
		name, content string
		mode          int64
	}{{"folder/LICENSE", "text", 0o644}, {"folder/segment.exe", "program", 0o755}} {
		h, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil || h.Name != want.name || string(content) != want.content || h.Mode != want.mode {
			t.Errorf("got %s, %q, %o (%v), expected %v", h.Name, content, h.Mode, err, want)
		}
		if !h.ModTime.Equal(timestamp) || h.Uid != 0 || h.Uname != "" {
			t.Errorf("%s has the time %v and the owner %d %q", h.Name, h.ModTime, h.Uid, h.Uname)
		}
	}
	if again, _ := tarred("folder", []file{contents[1], contents[0]}); !bytes.Equal(archive, again) {
		t.Error("another order gives another archive")
	}
}

func TestZipped(t *testing.T) {
	archive, err := zipped("folder", contents)
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.File) != 2 || r.File[0].Name != "folder/LICENSE" || r.File[1].Name != "folder/segment.exe" {
		t.Fatalf("got %v", r.File)
	}
	f := r.File[1]
	content, err := r.Open(f.Name)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(content); string(text) != "program" || f.Mode() != 0o755 || !f.Modified.Equal(timestamp) {
		t.Errorf("got %q (%v), mode %v and time %v", text, err, f.Mode(), f.Modified)
	}
	if again, _ := zipped("folder", []file{contents[1], contents[0]}); !bytes.Equal(archive, again) {
		t.Error("another order gives another archive")
	}
}

// TestLibrary expects the files that modules name in any supported form, and no
// others.
func TestLibrary(t *testing.T) {
	built := fstest.MapFS{
		"segmenter.js": {Data: []byte(`//   import { A } from "./example.js";
import { B } from "./b.js";
import {
  C,
  D,
} from "./c.js";
export * from "./e.js";
const MODEL = new URL("./models/m.safetensors?v=12", import.meta.url).href;
/** @type {import("./jsdoc.js").T} */
`)},
		"segmenter.d.ts":          {},
		"live.js":                 {Data: []byte(`import "./worker.js";`)},
		"live.d.ts":               {},
		"importer.js":             {},
		"photo-effects.js":        {},
		"regions.js":              {},
		"preload.js":              {},
		"annotations.js":          {},
		"b.js":                    {Data: []byte(`import { A } from "./segmenter.js";`)},
		"c.js":                    {Data: []byte("const f = () => import(\"./f.js\").catch(no);\nconst g = await import(\"./g.js\");")},
		"e.js":                    {},
		"f.js":                    {},
		"g.js":                    {},
		"worker.js":               {Data: []byte(`  engine: new URL("./engine.wasm", import.meta.url),`)},
		"engine.wasm":             {},
		"models/m.safetensors":    {},
		"page/app.js":             {},
		"example.js":              {},
		"models/x.safetensors":    {},
		"models/m.safetensors.br": {},
	}
	files, err := library(built)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range sorted(files) {
		names = append(names, f.name)
	}
	want := strings.Fields("annotations.js b.js c.js e.js engine.wasm f.js g.js importer.js live.d.ts live.js models/m.safetensors photo-effects.js preload.js regions.js segmenter.d.ts segmenter.js worker.js")
	if !slices.Equal(names, want) {
		t.Errorf("got %v, expected %v", names, want)
	}
	delete(built, "engine.wasm")
	if _, err := library(built); err == nil || !strings.Contains(err.Error(), "worker.js needs engine.wasm") {
		t.Errorf("without the engine: got %v", err)
	}
}

func TestVersion(t *testing.T) {
	if got, err := newestVersion([]byte("# Changes\n\n## 1.20.3\n\nText.\n\n## 1.20.2\n")); got != "1.20.3" || err != nil {
		t.Errorf("got %q and %v, expected 1.20.3", got, err)
	}
	if _, err := newestVersion([]byte("## Soon\n")); err == nil || !strings.Contains(err.Error(), "## 0.1.0") {
		t.Errorf("no version: got %v", err)
	}
}

func TestChooseParts(t *testing.T) {
	if all, err := chooseParts(""); len(all) != 8 || err != nil {
		t.Errorf("got %d parts and %v, expected the site, the library and six programs", len(all), err)
	}
	if some, err := chooseParts("windows-arm64,npm"); err != nil || len(some) != 2 || some[0].name != "windows-arm64" {
		t.Errorf("got %v and %v", some, err)
	}
	if _, err := chooseParts("npm,plan9"); err == nil || !strings.Contains(err.Error(), "plan9") {
		t.Errorf("an unknown part: got %v", err)
	}
}

// TestPrepareFolder removes an earlier release, but no other files.
func TestPrepareFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "release")
	if err := prepareFolder(folder); err != nil {
		t.Fatal(err)
	}
	put := func(name string) {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	put("diary.txt")
	if err := prepareFolder(folder); err == nil || !strings.Contains(err.Error(), "not an earlier release") {
		t.Errorf("a folder of other files: got %v", err)
	}
	put(sums)
	if err := prepareFolder(folder); err != nil {
		t.Error(err)
	}
	if remaining, _ := os.ReadDir(folder); len(remaining) > 0 {
		t.Errorf("prepareFolder leaves %v of an earlier release", remaining)
	}
}
