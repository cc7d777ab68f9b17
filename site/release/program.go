package main

import (
	"fmt"
	"os"
	"path/filepath"

	"segmenter/site/gocommand"
)

// platforms are the platforms of the command line.
var platforms = []platform{
	{"linux", "amd64"}, {"linux", "arm64"},
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
}

type platform struct{ system, arch string }

func (p platform) String() string { return p.system + "-" + p.arch }

func (p platform) isWindows() bool { return p.system == "windows" }

// packProgram compiles the command line, which contains the model and the site, and
// packs it in the usual format of the system.
func packProgram(p platform, version string) (asset, error) {
	program, err := compile(p, version)
	if err != nil {
		return asset{}, err
	}
	files, err := licences()
	if err != nil {
		return asset{}, err
	}
	name, pack, ending := "segment", tarred, ".tar.gz"
	if p.isWindows() {
		name, pack, ending = "segment.exe", zipped, ".zip"
	}
	folder := fmt.Sprintf("segment-%s-%s", version, p)
	content, err := pack(folder, append(files, file{name, program, true}))
	return asset{folder + ending, content}, err
}

// compile compiles the command line. It fixes everything that the go command takes
// from the environment, so that every machine makes the same bytes.
func compile(p platform, version string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "release")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "segment")
	_, err = gocommand.Run("", []string{
		"GOOS=" + p.system, "GOARCH=" + p.arch, "GOAMD64=v1", "GOARM64=v8.0",
		"GOEXPERIMENT=simd", "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off",
	}, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -X main.version="+version, "-o", path, "./cmd/segment")
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
