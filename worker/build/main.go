// Command build makes the Cloudflare worker for the built site:
//
//	go run ./worker/build [-o dist/worker]
//
// It compiles ./worker to WebAssembly, adds the support file of the same Go
// toolchain and the worker's JavaScript, and lists the site's files. Run it in
// the root of the repository.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"segmenter/site/gocommand"
	"segmenter/site/listed"
)

const (
	siteFolder = "dist/site"

	// maxWorker is the limit for a gzipped worker on Cloudflare's free plan, in
	// bytes.
	maxWorker = 3_000_000
	// maxAsset is the limit for a file of the site there, in bytes.
	maxAsset = 25 << 20
)

func main() {
	out := flag.String("o", filepath.Join("dist", "worker"), "write the worker to this `folder`")
	flag.Parse()
	if err := build(*out); err != nil {
		fmt.Fprintln(os.Stderr, "worker/build:", err)
		os.Exit(1)
	}
}

func build(out string) error {
	if err := checkSite(os.DirFS(siteFolder)); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	if err := addTexts(out); err != nil {
		return err
	}
	program := filepath.Join(out, "worker.wasm")
	if _, err := gocommand.Run("", gocommand.Wasm, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program, "./worker"); err != nil {
		return err
	}
	size, err := gzipped(os.DirFS(out))
	if err != nil {
		return err
	}
	fmt.Printf("the worker has %d bytes with gzip; the limit is %d\n", size, maxWorker)
	return checkWorker(size)
}

// addTexts writes everything except the program.
func addTexts(out string) error {
	list, err := listed.Write(os.DirFS(siteFolder))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "files.txt"), list, 0o666); err != nil {
		return err
	}
	goroot, err := gocommand.Run("", gocommand.Wasm, "env", "GOROOT")
	if err != nil {
		return err
	}
	support := filepath.Join(goroot, "lib", "wasm", "wasm_exec.js")
	for _, source := range []string{support, filepath.Join("worker", "worker.mjs")} {
		content, err := os.ReadFile(source)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, filepath.Base(source)), content, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// checkSite fails if the platform would refuse the site.
func checkSite(files fs.FS) error {
	if _, err := fs.Stat(files, "index.html"); err != nil {
		return fmt.Errorf("there is no built site: run ./build.sh build first (%w)", err)
	}
	return fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Size() > maxAsset {
			err = fmt.Errorf("%s has %d bytes, more than Cloudflare's limit of %d for an asset", name, info.Size(), maxAsset)
		}
		return err
	})
}

// gzipped returns the size of the worker's files together, compressed as for the
// upload.
func gzipped(files fs.FS) (int, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		w.Write(content) // a bytes.Buffer takes everything
		return err
	})
	w.Close()
	return out.Len(), err
}

func checkWorker(size int) error {
	if size > maxWorker {
		return fmt.Errorf("the worker has %d bytes with gzip, more than the limit of %d on Cloudflare's free plan: see its imports with GOOS=js GOARCH=wasm go list -deps ./worker", size, maxWorker)
	}
	return nil
}
