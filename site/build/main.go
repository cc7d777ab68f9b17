// Command build makes the site, a folder of static files that any web server
// can serve:
//
//	go run ./site/build [-o dist/site]
//
// It copies the page, compiles the engines to WebAssembly, adds the support
// file of the same Go toolchain and the default model, tells the service worker
// what there is, lists the models, tells hosts the headers of package site, and
// writes compressed siblings (.br and .gz) of what compresses. The same sources
// and toolchain give the same bytes; what is up to date is left alone; files that
// an earlier build left behind are removed. It runs in the root of the repository.
package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"segmenter/site"
	"segmenter/site/gocommand"
	"segmenter/site/offline"
)

// maxEngine is what the engine may weigh as it goes over the wire. A visitor
// on a slow line waits for every byte of it.
const maxEngine = 1_000_000

// What the build adds to the page, by its name in the site.
const (
	engine         = "library/engine.wasm"
	graphicsEngine = "library/engine-webgpu.wasm"
	goSupport      = "library/wasm_exec.js"
	defaultModel   = offline.Models + "everyday.safetensors"
	modelOwner     = "library/options.js" // names it
)

// sourcesOnly are the names in web/ that the site does without.
var sourcesOnly = []string{"tests", "package.json"}

// published are modules of the library that other pages import from the site's
// root, where they once lay.
var published = []string{"segmenter", "live"}

func main() {
	out := flag.String("o", filepath.Join("dist", "site"), "the `folder` that the site is written to")
	flag.Parse()
	if err := build(*out); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func build(out string) error {
	if err := checkFolder(out); err != nil {
		return err
	}
	sources, err := collect()
	if err != nil {
		return err
	}
	entries, err := write(out, sources)
	if err != nil {
		return err
	}
	if err := removeOthers(out, entries); err != nil {
		return err
	}
	printTable(os.Stdout, entries)
	return checkEngine(entries)
}

// checkFolder refuses a folder that holds something else than a site, since
// the build removes what it did not write.
func checkFolder(out string) error {
	found, err := os.ReadDir(out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !slices.ContainsFunc(found, func(entry fs.DirEntry) bool { return !isHidden(entry.Name()) }) {
		return nil
	}
	if _, err := os.Stat(filepath.Join(out, modelList)); err != nil {
		return fmt.Errorf("%s holds files but no %s, so it is no earlier build: name another folder, or empty it", out, modelList)
	}
	return nil
}

// collect reads everything that the site is made of, by its name in the site.
func collect() (map[string][]byte, error) {
	sources := make(map[string][]byte)
	if err := addPage(sources, os.DirFS("web")); err != nil {
		return nil, err
	}
	goroot, err := gocommand.Run("", gocommand.Wasm, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	for name, file := range map[string]string{
		goSupport:    filepath.Join(goroot, "lib", "wasm", "wasm_exec.js"),
		defaultModel: filepath.Join("model", "weights", "everyday.safetensors"),
	} {
		if sources[name], err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	if sources[graphicsEngine], err = compileEngine("-tags=webgpu"); err != nil {
		return nil, err
	}
	if sources[engine], err = compileEngine(); err != nil {
		return nil, err
	}
	stampModel(sources)
	addPublished(sources)
	if err := offline.Stamp(sources); err != nil {
		return nil, err
	}
	if sources[modelList], err = listModels(sources); err != nil {
		return nil, err
	}
	sources[hostHeaders] = headersFile(slices.Collect(maps.Keys(sources)))
	sources[hostRedirects] = []byte(redirectsFile)
	sources[hostIgnored] = []byte(ignoreFile)
	return sources, nil
}

// stampModel adds a hash of the default model to its address in the library:
// browsers keep a model by its address, and must not go on with an old one.
func stampModel(sources map[string][]byte) {
	address := strings.TrimPrefix(defaultModel, path.Dir(modelOwner)+"/")
	stamped := site.Address(address, sha256.Sum256(sources[defaultModel]))
	sources[modelOwner] = bytes.ReplaceAll(sources[modelOwner], []byte(address), []byte(stamped))
}

// addPublished adds modules, and their types, that pass on those of the library.
func addPublished(sources map[string][]byte) {
	for _, name := range published {
		module := fmt.Appendf(nil, "// The library is in library/; this is its published address.\nexport * from \"./library/%s.js\";\n", name)
		sources[name+".js"], sources[name+".d.ts"] = module, module
	}
}

// isHidden tells whether a file is none of the site's: editors and file managers
// leave such behind, and package dist needs one where there is no site yet.
func isHidden(base string) bool { return strings.HasPrefix(base, ".") }

// addPage adds the files of the page, without those that are hidden or only for
// its sources.
func addPage(sources map[string][]byte, page fs.FS) error {
	return fs.WalkDir(page, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || name == ".":
			return err
		case (isHidden(entry.Name()) || slices.Contains(sourcesOnly, name)) && entry.IsDir():
			return fs.SkipDir
		case isHidden(entry.Name()) || slices.Contains(sourcesOnly, name) || entry.IsDir():
			return nil
		}
		sources[name], err = fs.ReadFile(page, name)
		return err
	})
}

// compileEngine compiles ./wasm, with flags of the go command. It leaves symbols
// and paths out: they would double the size and tie the engine to one machine.
// Without inlining in fmt, which only writes errors, it is 9 kB smaller as brotli.
func compileEngine(flags ...string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "engine")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "engine.wasm")
	command := slices.Concat([]string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-gcflags=fmt=-l", "-o", program}, flags, []string{"./wasm"})
	if _, err := gocommand.Run("", gocommand.Wasm, command...); err != nil {
		return nil, err
	}
	return os.ReadFile(program)
}
