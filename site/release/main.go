// Command release packs what people install:
//
//	go run ./site/release [-o dist/release] [-only site,npm,linux-amd64]
//
//	segmenter-site-VERSION.tar.gz              the site, for any web server
//	segmenter-web-VERSION.tgz                  the library, for npm
//	segment-VERSION-SYSTEM-ARCH.tar.gz         the command line with the site inside;
//	                                           .zip for Windows
//	SHA256SUMS                                 the hashes of all of them
//
// It takes the built site in dist/site, which ./build.sh release builds first. The
// same sources and toolchain give the same bytes on any machine. Run it in the root
// of the repository.
package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"segmenter/dist"
	"segmenter/site/gocommand"
)

// asset is a file of the release.
type asset struct {
	name    string
	content []byte
}

// sums is the name of the list of hashes. It also marks a folder as a release.
const sums = "SHA256SUMS"

func main() {
	out := flag.String("o", filepath.Join("dist", "release"), "write the release to this `folder`")
	only := flag.String("only", "", "make only these `parts`: site, npm, SYSTEM-ARCH, separated by commas (default: all)")
	flag.Parse()
	if err := release(*out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func release(out, only string) error {
	changes, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return err
	}
	version, err := newestVersion(changes)
	if err != nil {
		return err
	}
	parts, err := chooseParts(only)
	if err != nil {
		return err
	}
	if err := prepareFolder(out); err != nil {
		return err
	}
	var list bytes.Buffer
	for _, part := range parts {
		made, err := part.pack(version)
		if err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		if err := os.WriteFile(filepath.Join(out, made.name), made.content, 0o666); err != nil {
			return err
		}
		fmt.Printf("%9d  %s\n", len(made.content), made.name)
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(made.content), made.name)
	}
	return os.WriteFile(filepath.Join(out, sums), list.Bytes(), 0o666)
}

// newestVersion returns the version in the first heading of the changelog with one.
func newestVersion(changes []byte) (string, error) {
	found := regexp.MustCompile(`(?m)^## (\d+\.\d+\.\d+)$`).FindSubmatch(changes)
	if found == nil {
		return "", errors.New(`CHANGELOG.md names no version: expected a heading such as "## 0.1.0"`)
	}
	return string(found[1]), nil
}

// part is one part of a release.
type part struct {
	name string
	pack func(version string) (asset, error)
}

// chooseParts returns the named parts, or all if names is empty.
func chooseParts(names string) ([]part, error) {
	all := []part{
		{"site", func(version string) (asset, error) { return packSite(dist.Site(), version) }},
		{"npm", func(version string) (asset, error) { return packLibrary(dist.Site(), version) }},
	}
	for _, p := range platforms {
		all = append(all, part{p.String(), func(version string) (asset, error) { return packProgram(p, version) }})
	}
	if names == "" {
		return all, nil
	}
	var some []part
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown part %q: expected site, npm or one of %v", name, platforms)
		}
		some = append(some, all[i])
	}
	return some, nil
}

// prepareFolder creates the folder, or removes an earlier release from it.
func prepareFolder(out string) error {
	found, err := os.ReadDir(out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(filepath.Join(out, sums)); err != nil && len(found) > 0 {
		return fmt.Errorf("%s holds files but no %s, so it is not an earlier release: choose another folder, or empty this one", out, sums)
	}
	for _, old := range found {
		if err := os.Remove(filepath.Join(out, old.Name())); err != nil {
			return err
		}
	}
	return os.MkdirAll(out, 0o777)
}

// packSite packs the site with its compressed siblings.
func packSite(built fs.FS, version string) (asset, error) {
	if _, err := fs.Stat(built, "index.html"); err != nil {
		return asset{}, fmt.Errorf("there is no built site: run ./build.sh build first (%w)", err)
	}
	files, err := licences()
	if err != nil {
		return asset{}, err
	}
	err = fs.WalkDir(built, ".", func(name string, entry fs.DirEntry, err error) error {
		isHidden := strings.HasPrefix(entry.Name(), ".")
		if err != nil || entry.IsDir() || isHidden {
			return err
		}
		content, err := fs.ReadFile(built, name)
		files = append(files, file{name: name, content: content})
		return err
	})
	if err != nil {
		return asset{}, err
	}
	folder := "segmenter-site-" + version
	content, err := tarred(folder, files)
	return asset{folder + ".tar.gz", content}, err
}

// licences returns the texts that every part includes: the project's own, and that of
// Go, whose runtime is in the engine and the programs. Go's also covers
// golang.org/x/image.
func licences() ([]file, error) {
	goroot, err := gocommand.Run("", nil, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	var files []file
	for name, path := range map[string]string{
		"LICENSE": "LICENSE", "NOTICE": "NOTICE", "LICENSE.Go": filepath.Join(goroot, "LICENSE"),
	} {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: name, content: content})
	}
	return files, nil
}
