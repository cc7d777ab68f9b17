package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/andybalholm/brotli"

	"segmenter/bench/network"
	"segmenter/photo"
	"segmenter/photo/decode"
)

// Paths, relative to the root of the repository.
const (
	dist        = "dist/site"
	packages    = "bench/node_modules"
	pages       = "bench/web"
	floatModel  = "model/testdata/everyday.f32.safetensors"
	samplePhoto = "web/samples/astronaut.png"
)

// stage is a folder of files that the server serves besides the built site:
// photos, models, the peers' packages, and compressed siblings of everything that
// a cold start downloads. It is in the user's cache, since making it takes
// minutes.
type stage struct{ dir string }

func openStage() (*stage, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("found no cache folder for the benchmark's models: %w; set XDG_CACHE_HOME", err)
	}
	s := &stage{filepath.Join(cache, "segmenter-bench")}
	return s, os.MkdirAll(s.dir, 0o777)
}

// write writes a file to the stage, unless it is already there.
func (s *stage) write(name string, content []byte) error {
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if present, err := os.ReadFile(path); err == nil && bytes.Equal(present, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o666)
}

// preparePhoto resizes the sample to size×size pixels, the input of every engine,
// and writes it to the stage: as PNG, which is lossless, and as JPEG.
func (s *stage) preparePhoto(size int) (*photo.Image, error) {
	source, err := decode.Open(samplePhoto)
	if err != nil {
		return nil, err
	}
	resized := &photo.Image{Height: size, Width: size}
	var resizer photo.Resizer
	if err := resizer.Resize(resized, source, photo.Cubic); err != nil {
		return nil, err
	}
	picture := image.NewNRGBA(image.Rect(0, 0, size, size))
	for i := range size * size {
		copy(picture.Pix[4*i:], resized.Pix[3*i:][:3])
		picture.Pix[4*i+3] = 255
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		return nil, err
	}
	if err := s.write(photoPath(size, "png"), file.Bytes()); err != nil {
		return nil, err
	}
	file.Reset()
	if err := jpeg.Encode(&file, picture, nil); err != nil {
		return nil, err
	}
	return resized, s.write(photoPath(size, "jpg"), file.Bytes())
}

// photoPath returns the path of a photo on the server.
func photoPath(size int, extension string) string {
	return fmt.Sprintf("photos/%d.%s", size, extension)
}

// prepareModels writes the model files of the engines for a size.
func (s *stage) prepareModels(n *network.Network, list []engine, size int) error {
	for _, e := range list {
		if e.export == nil {
			continue
		}
		content, err := e.export(n, size, e.precision)
		if err != nil {
			return err
		}
		if err := s.write(e.modelPath(size), content); err != nil {
			return err
		}
	}
	return nil
}

// prepare writes the models and the photo of a size to the stage, and returns the
// photo.
func (b *benchmark) prepare(weights *network.Network, size int) (*photo.Image, error) {
	if err := b.stage.prepareModels(weights, b.engines, size); err != nil {
		return nil, err
	}
	return b.stage.preparePhoto(size)
}

// downloads lists the files, besides the model, that a peer's page loads on a
// first visit.
var downloads = map[string][]string{
	"onnxruntime": {
		"onnxruntime-web/dist/ort.wasm.min.mjs",
		"onnxruntime-web/dist/ort-wasm-simd-threaded.mjs",
		"onnxruntime-web/dist/ort-wasm-simd-threaded.wasm",
	},
	"litert": {
		"@litertjs/core/dist/index.js",
		"@litertjs/wasm-utils/dist/index.js",
		"@litertjs/core/wasm/litert_wasm_threaded_internal.js",
		"@litertjs/core/wasm/litert_wasm_threaded_internal.wasm",
	},
}

// otherDownloads lists files that replace some of them with one thread or with
// WebGPU.
var otherDownloads = map[string][]string{
	"onnxruntime": {
		"onnxruntime-web/dist/ort.webgpu.min.mjs",
		"onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.mjs",
		"onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm",
	},
	"litert": {
		"@litertjs/core/wasm/litert_wasm_internal.js",
		"@litertjs/core/wasm/litert_wasm_internal.wasm",
		"@litertjs/core/wasm/litert_wasm_jspi_internal.js",
		"@litertjs/core/wasm/litert_wasm_jspi_internal.wasm",
	},
}

// preparePackages copies the peers' packages to the stage.
func (s *stage) preparePackages(list []engine) error {
	for _, e := range list {
		for _, name := range slices.Concat(downloads[e.module], otherDownloads[e.module]) {
			if err := s.copyPackaged(name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *stage) copyPackaged(name string) error {
	content, err := os.ReadFile(filepath.Join(packages, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not in %s: run ./build.sh bench, which installs it with npm", name, packages)
	}
	if err != nil {
		return err
	}
	return s.write("node_modules/"+name, content)
}

// compress writes brotli siblings as the site's builder does: at the best quality,
// if that saves 5 %. It keeps a sibling that still unpacks to its file.
func (s *stage) compress(list []engine, size int) error {
	var names []string
	for _, e := range list {
		for _, name := range downloads[e.module] {
			names = append(names, "node_modules/"+name)
		}
		if e.export != nil {
			names = append(names, e.modelPath(size))
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)

	errs := make([]error, len(names))
	slots := make(chan struct{}, runtime.NumCPU()) // an encoder takes a lot of memory
	var group sync.WaitGroup
	for i, name := range names {
		group.Go(func() {
			slots <- struct{}{}
			errs[i] = compressFile(filepath.Join(s.dir, filepath.FromSlash(name)))
			<-slots
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

func compressFile(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	sibling := path + ".br"
	if coded, err := os.ReadFile(sibling); err == nil && unpacksTo(coded, content) {
		return nil
	}
	var coded bytes.Buffer
	w := brotli.NewWriterOptions(&coded, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: 24})
	if _, err := w.Write(content); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if coded.Len() > len(content)-len(content)/20 {
		return os.RemoveAll(sibling)
	}
	return os.WriteFile(sibling, coded.Bytes(), 0o666)
}

func unpacksTo(coded, content []byte) bool {
	limited := io.LimitReader(brotli.NewReader(bytes.NewReader(coded)), int64(len(content))+1)
	plain, err := io.ReadAll(limited)
	return err == nil && bytes.Equal(plain, content)
}
