// Command build builds the site, a folder of static files for any web server:
//
//	go run ./site/build [-o dist/site] [-models FOLDER]
//
// It copies the page and the library, compiles the engines to WebAssembly, and adds
// the same Go toolchain's wasm_exec.js and the default model, and offers the models of a
// folder beside it. It lists the files for
// the service worker, the models for other programs, and the headers of package site
// for hosts. It writes compressed siblings (.br and .gz) of files that compress.
//
// The same sources and toolchain give the same bytes. The build leaves unchanged
// files alone and removes those of earlier builds. Run it in the root of the
// repository.
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

// maxProgram limits each compressed program, in bytes: visitors on slow lines
// wait for every byte.
const maxProgram = 1_000_000

// Names of files in the site.
const (
	engine        = "library/engine.wasm"
	webgpuEngine  = "library/engine-webgpu.wasm"
	importer      = "library/importer.wasm"
	annotator     = "library/annotator.wasm"
	teacher       = "library/teacher.wasm"
	goSupport     = "library/wasm_exec.js"
	defaultModel  = offline.DefaultModel
	modelList     = offline.ModelList
	addressModule = "library/preload.js" // holds the default model's address
)

// programs are the WebAssembly of the site, as arguments of go build.
var programs = map[string][]string{
	engine:       {"./wasm"},
	webgpuEngine: {"-tags=webgpu", "./wasm"},
	importer:     {"./wasm/importer"},
	annotator:    {"./wasm/annotator"},
	teacher:      {"./wasm/teacher"},
}

// sourcesOnly are the names in web/ that do not go into the site.
var sourcesOnly = []string{"tests", "package.json"}

// published are the library's modules that other pages import from the site's root,
// their published address.
var published = []string{"segmenter", "live", "importer", "photo-effects", "regions", "annotations", "preload"}

func main() {
	out := flag.String("o", filepath.Join("dist", "site"), "write the site to this `folder`")
	models := flag.String("models", "", "offer the models of this `folder`, NAME.safetensors, too")
	flag.Parse()
	if err := build(*out, *models); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func build(out, models string) error {
	if err := checkFolder(out); err != nil {
		return err
	}
	sources, err := collect(models)
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
	return checkPrograms(entries)
}

// checkFolder refuses a folder with files other than a site's, since the build
// removes files that it did not write.
func checkFolder(out string) error {
	found, err := os.ReadDir(out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !slices.ContainsFunc(found, func(entry fs.DirEntry) bool { return !isHidden(entry.Name()) }) {
		return nil
	}
	if _, err := os.Stat(filepath.Join(out, modelList)); err != nil {
		return fmt.Errorf("%s holds files but no %s, so it is not an earlier build: choose another folder, or empty this one", out, modelList)
	}
	return nil
}

// collect returns all files of the site, without compressed siblings, by name. models
// is a folder of more models, or empty.
func collect(models string) (map[string][]byte, error) {
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
	if models != "" {
		if err := addModels(sources, models); err != nil {
			return nil, err
		}
	}
	for name, arguments := range programs {
		if sources[name], err = compile(arguments...); err != nil {
			return nil, err
		}
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

// stampModel adds a hash of the default model to its address in the library, since
// browsers cache a model by its address and must not keep using an old one.
func stampModel(sources map[string][]byte) {
	address := strings.TrimPrefix(defaultModel, path.Dir(addressModule)+"/")
	stamped := site.Address(address, sha256.Sum256(sources[defaultModel]))
	sources[addressModule] = bytes.ReplaceAll(sources[addressModule], []byte(address), []byte(stamped))
}

// addPublished adds modules, and their types, that re-export the library's.
func addPublished(sources map[string][]byte) {
	for _, name := range published {
		module := fmt.Appendf(nil, "// The library is in library/; this is its published address.\nexport * from \"./library/%s.js\";\n", name)
		sources[name+".js"], sources[name+".d.ts"] = module, module
	}
}

// isHidden reports whether a file is not part of the site: editors and file managers
// leave hidden files behind, and package dist needs one before the first build.
func isHidden(base string) bool { return strings.HasPrefix(base, ".") }

// addPage adds the files of web/, except hidden ones and [sourcesOnly].
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

// compile compiles a program, given by arguments of go build. It leaves symbols and paths out:
// they would double the size and tie the program to one machine. Without inlining in fmt, which
// only writes errors, the engine is 9 kB smaller as brotli.
func compile(arguments ...string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "program")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "program.wasm")
	command := slices.Concat([]string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-gcflags=fmt=-l", "-o", program}, arguments)
	if _, err := gocommand.Run("", gocommand.Wasm, command...); err != nil {
		return nil, err
	}
	return os.ReadFile(program)
}
