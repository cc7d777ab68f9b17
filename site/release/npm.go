package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// entryPoints are the modules that users of the package import.
var entryPoints = []string{"segmenter.js", "live.js", "importer.js", "photo-effects.js", "regions.js", "annotations.js", "preload.js"}

//go:embed npm/package.json npm/README.md
var templates embed.FS

// packLibrary packs the library for npm, like npm pack.
func packLibrary(built fs.FS, version string) (asset, error) {
	folder, err := fs.Sub(built, "library")
	if err != nil {
		return asset{}, err
	}
	files, err := library(folder)
	if err != nil {
		return asset{}, err
	}
	texts, err := licences()
	if err != nil {
		return asset{}, err
	}
	files = append(files, texts...)
	for _, name := range []string{"package.json", "README.md"} {
		template, err := fs.ReadFile(templates, "npm/"+name)
		if err != nil {
			return asset{}, err
		}
		files = append(files, file{name: name, content: bytes.ReplaceAll(template, []byte("{{version}}"), []byte(version))})
	}
	name, err := packageName()
	if err != nil {
		return asset{}, err
	}
	content, err := tarred("package", files) // all npm packages use this folder
	return asset{fmt.Sprintf("%s-%s.tgz", name, version), content}, err
}

func packageName() (string, error) {
	content, err := fs.ReadFile(templates, "npm/package.json")
	if err != nil {
		return "", err
	}
	var card struct{ Name string }
	err = json.Unmarshal(content, &card)
	return card.Name, err
}

// These match the names of other files in a module: those that it imports, at once or
// later, and those that it fetches or starts, in the form that bundlers recognise.
var (
	later     = regexp.MustCompile(`(?:await|=>) import\("\./([^"]+)"\)`) // not a type of JSDoc
	imports   = regexp.MustCompile(`(?m)^(?:import|export|\})[^"\n]*"\./([^"]+)";`)
	addresses = regexp.MustCompile(`new URL\("\./([^"?]+)[^"]*", import\.meta\.url\)`)
)

// library returns the entry points, the files that they need, and the type
// declarations of both.
func library(built fs.FS) ([]file, error) {
	var files []file
	seen := make(map[string]bool)
	var add func(name, user string) error
	add = func(name, user string) error {
		if seen[name] {
			return nil
		}
		seen[name] = true
		content, err := fs.ReadFile(built, name)
		if err != nil {
			return fmt.Errorf("%s needs %s: %w", user, name, err)
		}
		files = append(files, file{name: name, content: content})
		if path.Ext(name) != ".js" {
			return nil
		}
		for _, needed := range neededBy(content) {
			if err := add(path.Join(path.Dir(name), needed), name); err != nil {
				return err
			}
		}
		types := strings.TrimSuffix(name, ".js") + ".d.ts"
		if _, err := fs.Stat(built, types); err != nil {
			return nil
		}
		return add(types, name)
	}
	for _, name := range entryPoints {
		if err := add(name, "the package"); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func neededBy(module []byte) []string {
	var names []string
	for _, pattern := range []*regexp.Regexp{imports, later, addresses} {
		for _, match := range pattern.FindAllSubmatch(module, -1) {
			names = append(names, string(match[1]))
		}
	}
	return names
}
