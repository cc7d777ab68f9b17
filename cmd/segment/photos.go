package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"segmenter/model"
	"segmenter/photo"
	"segmenter/photo/decode"
)

// found is what is printed of one photo.
type found struct {
	Photo   string       `json:"photo"`
	Width   int          `json:"width"`
	Height  int          `json:"height"`
	Classes []foundClass `json:"classes"`
}

type foundClass struct {
	ID     int     `json:"id"`
	Name   string  `json:"name"`
	Colour string  `json:"colour"`
	Pixels int     `json:"pixels"`
	Share  float64 `json:"share"` // of the photo's pixels, 0 to 1
}

// segment is the command without a name: it segments photos.
func segment(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("segment", flag.ContinueOnError)
	var n network
	n.register(flags, 512)
	window := flags.Int("window", 0, "side of a sliding window in `pixels`; 0 = the whole photo at once")
	stride := flags.Int("stride", 0, "distance of windows in `pixels` (default three quarters of the window)")
	flags.BoolVar(&n.refine, "refine", true, "have edges follow those of the photo; not with -window")
	maskOut := flags.String("mask", "", "write the mask to a `file`: a paletted PNG of class ids; a folder, for several photos")
	overlayOut := flags.String("overlay", "", "write the photo with its classes painted over it to a PNG `file`; a folder, for several photos")
	asJSON := flags.Bool("json", false, "print JSON, an object for each photo")
	if err := parse(flags, arguments, stderr, "[flags] PHOTO…  (or: segment eval -h, quantise -h, serve -h, version)"); err != nil {
		return err
	}
	photos := flags.Args()
	if len(photos) == 0 {
		return usageError("no photo: name at least one file")
	}
	if err := checkOutputs(photos, *maskOut, *overlayOut); err != nil {
		return err
	}
	if *stride != 0 && *window == 0 {
		return usageError("-stride is the distance of windows: give -window too")
	}
	if *stride == 0 {
		*stride = *window * 3 / 4
	}
	m, decoder, err := n.open()
	if err != nil {
		return err
	}
	segmenter, err := newSegmenter(m, n.threads, n.arithmetic(m))
	if err != nil {
		return err
	}
	defer segmenter.Close()

	options := model.Options{Decoder: decoder, Size: n.size, Window: *window, Stride: *stride, Refine: n.refine}
	failed := false
	for _, path := range photos {
		err := func() error {
			source, err := decode.Open(path)
			if err != nil {
				return err
			}
			result, err := segmenter.Segment(ctx, source, options)
			if err != nil {
				return err
			}
			if err := print(stdout, describe(path, m, result), *asJSON); err != nil {
				return err
			}
			return write(m, source, result, outputFor(*maskOut, path), outputFor(*overlayOut, path))
		}()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			fmt.Fprintf(stderr, "segment: %s: %v\n", path, err)
			failed = true
		}
	}
	if failed {
		return errReported
	}
	return nil
}

// checkOutputs refuses to write over a photo, or two pictures to one file.
func checkOutputs(photos []string, outs ...string) error {
	written := map[string]bool{}
	for _, out := range outs {
		if out == "" {
			continue
		}
		if len(photos) > 1 && !isFolder(out) {
			return usageError(fmt.Sprintf("%d photos cannot be written to one file: %s has to be a folder that exists", len(photos), out))
		}
		for _, photo := range photos {
			file := filepath.Clean(outputFor(out, photo))
			if written[file] {
				return usageError(fmt.Sprintf("%s would be written twice: give other folders, or photos of other names", file))
			}
			written[file] = true
			if slices.ContainsFunc(photos, func(photo string) bool { return sameFile(photo, file) }) {
				return usageError(fmt.Sprintf("%s is a photo and would be written over: give another folder or file", file))
			}
		}
	}
	return nil
}

// sameFile says whether two paths lead to one file that exists.
func sameFile(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// outputFor is the file that out stands for: itself, or one in the folder out
// that is named after the photo.
func outputFor(out, photo string) string {
	if out == "" || !isFolder(out) {
		return out
	}
	name := filepath.Base(photo)
	return filepath.Join(out, strings.TrimSuffix(name, filepath.Ext(name))+".png")
}

// describe lists the classes in a photo, the largest first.
func describe(path string, m *model.Model, r *model.Result) found {
	f := found{Photo: path, Width: r.Width, Height: r.Height, Classes: []foundClass{}}
	for id, area := range r.Areas {
		if area > 0 {
			c := m.Classes[id]
			f.Classes = append(f.Classes, foundClass{id, c.Name, c.Colour.String(), area, float64(area) / float64(len(r.Mask))})
		}
	}
	slices.SortStableFunc(f.Classes, func(a, b foundClass) int { return cmp.Compare(b.Pixels, a.Pixels) })
	return f
}

func print(w io.Writer, f found, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(f)
	}
	_, err := fmt.Fprintf(w, "%s  %d×%d\n", f.Photo, f.Width, f.Height)
	for _, c := range f.Classes {
		_, err = fmt.Fprintf(w, "  %6.2f %%  %s\n", 100*c.Share, c.Name)
	}
	return err
}

// write writes the pictures that have a file.
func write(m *model.Model, source photo.Source, r *model.Result, maskFile, overlayFile string) error {
	if maskFile != "" {
		if err := writePNG(maskFile, paletted(m, r)); err != nil {
			return err
		}
	}
	if overlayFile == "" {
		return nil
	}
	picture, err := overlay(m, source, r)
	if err != nil {
		return err
	}
	return writePNG(overlayFile, picture)
}
