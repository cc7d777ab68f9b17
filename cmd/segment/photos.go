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
	"segmenter/modelfile"
	"segmenter/photo"
)

// summary is the output for one photo.
type summary struct {
	Photo   string         `json:"photo"`
	Width   int            `json:"width"`
	Height  int            `json:"height"`
	Classes []classSummary `json:"classes"`
}

type classSummary struct {
	ID     int     `json:"id"`
	Name   string  `json:"name"`
	Colour string  `json:"colour"`
	Pixels int     `json:"pixels"`
	Share  float64 `json:"share"` // of the photo's pixels, 0 to 1
}

// segment is the default command: it segments photos.
func segment(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("segment", flag.ContinueOnError)
	var n network
	n.register(flags)
	var slide sliding
	slide.register(flags)
	flags.BoolVar(&n.refine, "refine", true, "align edges with the photo; not with -window")
	maskOut := flags.String("mask", "", "write the mask to a `file`, a paletted PNG of class ids; give a folder for several photos")
	overlayOut := flags.String("overlay", "", "write the photo with its classes painted over it to a PNG `file`; give a folder for several photos")
	asJSON := flags.Bool("json", false, "print one JSON object per photo")
	b := batch{stderr: stderr}
	b.register(flags)
	if err := parse(flags, arguments, stderr, "[flags] PHOTO|FOLDER|-…  (or: segment eval -h, train -h, quantise -h, serve -h, version)"); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return usageError("no photo: name at least one file, a folder, or - for standard input")
	}
	if err := slide.check(); err != nil {
		return err
	}
	photos, err := inputs(flags.Args(), b.folder)
	if err != nil {
		return err
	}
	if err := b.check(*maskOut+*overlayOut != "" || *asJSON); err != nil {
		return err
	}
	if err := checkOutputs(photos, *maskOut, *overlayOut); err != nil {
		return err
	}
	m, decoder, err := n.open()
	if err != nil {
		return err
	}
	classes := n.classes(m)
	options := model.Options{Decoder: decoder, Size: n.size, Window: slide.window, Stride: slide.stride, Refine: n.refine}
	if b.folder != "" {
		b.network, b.model, b.options = n, m, options
		return b.run(ctx, photos)
	}
	segmenter, err := newSegmenter(m, n.threads, n.arithmetic(m), n.taught)
	if err != nil {
		return err
	}
	defer segmenter.Close()

	failed := false
	for _, in := range photos {
		err := func() error {
			source, err := in.open()
			if err != nil {
				return err
			}
			result, err := segmenter.Segment(ctx, source, options)
			if err != nil {
				return err
			}
			if err := summarise(in.path, classes, result).print(stdout, *asJSON); err != nil {
				return err
			}
			return write(classes, source, result, outputFor(*maskOut, in), outputFor(*overlayOut, in))
		}()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			fmt.Fprintf(stderr, "segment: %s: %v\n", in.path, err)
			failed = true
		}
	}
	if failed {
		return errReported
	}
	return nil
}

// checkOutputs refuses to overwrite a photo, and to write two pictures to one
// file.
func checkOutputs(photos []input, outs ...string) error {
	written := map[string]bool{}
	for _, out := range outs {
		if out == "" {
			continue
		}
		if len(photos) > 1 && !isFolder(out) {
			return usageError(fmt.Sprintf("cannot write %d photos to one file: expected %s to be an existing folder", len(photos), out))
		}
		for _, photo := range photos {
			file := filepath.Clean(outputFor(out, photo))
			if written[file] {
				return usageError(fmt.Sprintf("would write %s twice: give different folders, or photos with different names", file))
			}
			written[file] = true
			if slices.ContainsFunc(photos, func(in input) bool { return sameFile(in.path, file) }) {
				return usageError(fmt.Sprintf("would overwrite the photo %s: give another folder or file", file))
			}
		}
	}
	return nil
}

// sameFile reports whether two paths lead to the same existing file.
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

// outputFor returns the output file for a photo: out itself, or, if out is a
// folder, a file there with the photo's name.
func outputFor(out string, in input) string {
	if out == "" || !isFolder(out) {
		return out
	}
	return filepath.Join(out, filepath.FromSlash(strings.TrimSuffix(in.name, filepath.Ext(in.name))+".png"))
}

// summarise lists the classes in a photo, the largest first.
func summarise(path string, classes []modelfile.Class, r *model.Result) summary {
	s := summary{Photo: path, Width: r.Width, Height: r.Height, Classes: []classSummary{}}
	for id, area := range r.Areas {
		if area > 0 {
			c := classes[id]
			s.Classes = append(s.Classes, classSummary{id, c.Name, c.Colour.String(), area, float64(area) / float64(len(r.Mask))})
		}
	}
	slices.SortStableFunc(s.Classes, func(a, b classSummary) int { return cmp.Compare(b.Pixels, a.Pixels) })
	return s
}

func (s summary) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(s)
	}
	_, err := fmt.Fprintf(w, "%s  %d×%d\n", s.Photo, s.Width, s.Height)
	for _, c := range s.Classes {
		_, err = fmt.Fprintf(w, "  %6.2f %%  %s\n", 100*c.Share, c.Name)
	}
	return err
}

// write writes the mask and the overlay, each unless its file is "".
func write(classes []modelfile.Class, source photo.Source, r *model.Result, maskFile, overlayFile string) error {
	if maskFile != "" {
		if err := writePNG(maskFile, paletted(classes, r)); err != nil {
			return err
		}
	}
	if overlayFile == "" {
		return nil
	}
	picture, err := overlay(classes, source, r)
	if err != nil {
		return err
	}
	return writePNG(overlayFile, picture)
}
