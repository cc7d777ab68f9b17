package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"segmenter/annotation"
	"segmenter/model"
)

// batch segments many photos into a folder. It can end at any time: the same command goes on
// where it ended.
type batch struct {
	folder string
	format string
	jobs   int
	shard  shard
	form   annotation.Options

	network network
	model   *model.Model
	options model.Options
	stderr  io.Writer

	writer annotation.Writer
	log    *os.File
	bar    *bar
	mu     sync.Mutex      // of what follows
	done   map[string]bool // photos of this run and of others in the folder
	ended  int             // photos of this run that are done or failed
	failed int
}

func (b *batch) register(flags *flag.FlagSet) {
	var formats []string
	for _, f := range annotation.Formats {
		formats = append(formats, f.Name)
	}
	flags.StringVar(&b.folder, "o", "", "write masks, and a log, to this `folder`. The same command goes on where it was interrupted")
	flags.StringVar(&b.format, "format", "", "with -o, the `format` of masks: "+strings.Join(formats, ", ")+" (default: png)")
	flags.StringVar(&b.form.Class, "class", "", "`name` of the class for -format class")
	flags.Float64Var(&b.form.Tolerance, "tolerance", 1, "how far polygons may be from the edges of classes, in `pixels`")
	flags.IntVar(&b.jobs, "jobs", runtime.NumCPU(), "with -o, `number` of photos at work at once")
	flags.Func("shard", "with -o, the part of the photos for this machine: I/N with I from 0 to N-1, slurm, or kubernetes/N", func(text string) (err error) {
		b.shard, err = parseShard(text)
		return err
	})
}

// check completes the flags. others tells whether flags for single photos are given.
func (b *batch) check(others bool) error {
	switch {
	case b.folder == "" && (b.format != "" || b.form.Class != "" || b.shard.count > 0):
		return usageError("-format, -class and -shard need -o DIR")
	case b.folder != "" && others:
		return usageError("-mask, -overlay and -json are for single photos: give -o without them")
	case b.jobs < 1:
		return usageError(fmt.Sprintf("-jobs %d: expected at least 1", b.jobs))
	}
	b.format = cmp.Or(b.format, "png")
	b.shard.count = max(1, b.shard.count)
	return nil
}

func (b *batch) run(ctx context.Context, photos []input) error {
	if err := distinct(photos); err != nil {
		return err
	}
	for _, in := range photos {
		if sameFile(in.path, filepath.Join(b.folder, filepath.FromSlash(in.name))) {
			return usageError(fmt.Sprintf("-o %s would write among the photos: give another folder", b.folder))
		}
	}
	b.form.Part = b.shard.String()
	var err error
	if b.writer, err = annotation.New(b.format, b.network.classes(b.model), b.form); err != nil {
		return usageError("-format: " + err.Error())
	}
	lock, err := lockFolder(b.folder, b.part())
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := b.openLog(); err != nil {
		return err
	}
	defer b.log.Close()
	photos = b.shard.of(photos)
	for _, in := range photos {
		if b.isDone(in) {
			b.ended++
		}
	}
	b.bar = newBar(b.stderr)
	err = b.segmentAll(ctx, photos)
	b.bar.end()
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted after %d of %d photos: the same command goes on", b.ended, len(photos))
	case err != nil:
		return err
	}
	if err := b.finish(photos); err != nil {
		return err
	}
	if b.failed > 0 {
		return errReported
	}
	return nil
}

// part is what the names of a shard's own files have behind those of others.
func (b *batch) part() string {
	if b.form.Part == "" {
		return ""
	}
	return "-" + b.form.Part
}

// segmentAll segments the photos that are not done, several at a time.
func (b *batch) segmentAll(ctx context.Context, photos []input) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan input)
	var workers sync.WaitGroup
	for range min(b.jobs, len(photos)) {
		workers.Go(func() {
			if err := b.work(ctx, queue, len(photos)); err != nil {
				cancel(err)
			}
		})
	}
	for _, in := range photos {
		if b.isDone(in) {
			continue
		}
		select {
		case queue <- in:
		case <-ctx.Done():
		}
	}
	close(queue)
	workers.Wait()
	return context.Cause(ctx)
}

func (b *batch) isDone(in input) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done[inLog(in.name)]
}

// work segments photos from the queue. An error of a photo is logged; one of the folder ends
// everything.
func (b *batch) work(ctx context.Context, queue <-chan input, total int) error {
	segmenter, err := newSegmenter(b.model, max(1, b.network.threads/b.jobs), b.network.arithmetic(b.model), b.network.taught)
	if err != nil {
		return err
	}
	defer segmenter.Close()
	for in := range queue {
		if ctx.Err() != nil {
			return nil
		}
		began := time.Now()
		mask, r, err := b.segment(ctx, segmenter, in)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			err = b.write(mask)
			if err != nil {
				return err
			}
		}
		r.Photo, r.Seconds = in.name, time.Since(began).Seconds()
		if err := b.record(in, r, err, total); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) segment(ctx context.Context, segmenter *model.Segmenter, in input) (*annotation.Mask, record, error) {
	source, err := in.open()
	if err != nil {
		return nil, record{}, err
	}
	result, err := segmenter.Segment(ctx, source, b.options)
	if err != nil {
		return nil, record{}, err
	}
	mask := &annotation.Mask{Photo: in.name, Height: result.Height, Width: result.Width, Classes: result.Mask}
	return mask, record{summary: summarise(in.name, b.network.classes(b.model), result)}, nil
}

func (b *batch) write(mask *annotation.Mask) error {
	files, err := b.writer.Add(mask)
	if err != nil {
		return err
	}
	for _, f := range files {
		err := b.writeFile(f.Name, func(w io.Writer) error { _, err := w.Write(f.Content); return err })
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) writeFile(name string, content func(io.Writer) error) error {
	path := filepath.Join(b.folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return replaceFile(path, content)
}

// record logs a photo, after its files are there.
func (b *batch) record(in input, r record, failure error, total int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if failure != nil {
		r.Error = failure.Error()
		b.failed++
		b.bar.end()
		fmt.Fprintf(b.stderr, "segment: %s: %v\n", in.path, failure)
	} else {
		b.done[inLog(in.name)] = true
	}
	b.ended++
	b.bar.show(b.ended, total, "photos")
	return json.NewEncoder(b.log).Encode(r)
}

// finish writes the files for all photos together.
func (b *batch) finish(photos []input) error {
	var names []string
	for _, in := range photos {
		if b.isDone(in) {
			names = append(names, in.name)
		}
	}
	read := func(name string) ([]byte, error) {
		return os.ReadFile(filepath.Join(b.folder, filepath.FromSlash(name)))
	}
	return b.writer.Finish(names, read, b.writeFile)
}
