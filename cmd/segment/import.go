package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"segmenter/checkpoint"
	"segmenter/dataset"
	"segmenter/quant"
)

// importFlags are the flags of segment import.
type importFlags struct {
	out      string
	weights  string
	card     string
	quantise bool
	photos   string
}

// importCheckpoint makes a model file of a checkpoint.
func importCheckpoint(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("import", flag.ContinueOnError)
	var f importFlags
	flags.StringVar(&f.out, "o", "", "write the model to this `file`")
	flags.StringVar(&f.weights, "weights", "", "`place` in the checkpoint of the network to import, such as model_ema (default: the one that the file is about)")
	flags.StringVar(&f.card, "card", "", "JSON `file` that describes the model, over what the checkpoint says (docs/model-file.md)")
	flags.BoolVar(&f.quantise, "quantise", false, "write weights as int8: a quarter of the size, and faster")
	flags.StringVar(&f.photos, "calibrate", "", "with -quantise: round weights so that results change least on the photos in this `folder`")
	if err := parse(flags, arguments, stderr, "import CHECKPOINT [variant.yml] -o MODEL [flags]"); err != nil {
		return err
	}
	paths := flags.Args()
	if err := f.check(paths); err != nil {
		return err
	}
	card, err := readCard(f.card)
	if err != nil {
		return err
	}
	if len(paths) == 1 {
		if beside := filepath.Join(filepath.Dir(paths[0]), "variant.yml"); isFile(beside) {
			paths = append(paths, beside)
		}
	}
	files, closeAll, err := openFiles(paths)
	if err != nil {
		return err
	}
	defer closeAll()
	c, err := checkpoint.Open(files, checkpoint.Options{Weights: f.weights, Card: card})
	if err != nil {
		return err
	}
	printImport(stdout, c)
	bar := newBar(stderr)
	defer bar.end()
	c.Progress = func(done, total int) error {
		bar.show(done, total, "parameters")
		return ctx.Err()
	}
	return f.write(ctx, c, stdout, stderr)
}

func (f *importFlags) check(paths []string) error {
	if len(paths) == 0 || f.out == "" {
		return usageError("expected a checkpoint, and -o MODEL")
	}
	if f.photos != "" && !f.quantise {
		return usageError("-calibrate goes with -quantise")
	}
	for _, path := range paths {
		if sameFile(path, f.out) {
			return usageError(path + " would be overwritten: name another file with -o")
		}
	}
	return nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// openFiles opens the files of a checkpoint.
func openFiles(paths []string) (files []checkpoint.File, closeAll func(), err error) {
	var open []*os.File
	closeAll = func() {
		for _, f := range open {
			f.Close()
		}
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		open = append(open, f)
		info, err := f.Stat()
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("%s is not a file", path)
		}
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		files = append(files, checkpoint.File{Name: filepath.Base(path), Size: info.Size(), ReaderAt: f})
	}
	return files, closeAll, nil
}

// write writes the model, quantised if that is asked for.
func (f *importFlags) write(ctx context.Context, c *checkpoint.Checkpoint, stdout, stderr io.Writer) error {
	if !f.quantise {
		return replaceFile(f.out, c.Write)
	}
	plan, err := f.plan(ctx, c, stderr)
	if err != nil {
		return err
	}
	return replaceFile(f.out, func(dst io.Writer) error {
		report, err := c.Quantise(dst, plan)
		if err == nil {
			printReport(stdout, report)
		}
		return err
	})
}

func (f *importFlags) plan(ctx context.Context, c *checkpoint.Checkpoint, stderr io.Writer) (quant.Plan, error) {
	if f.photos == "" {
		return quant.Plan{}, nil
	}
	photos, err := dataset.Photos(f.photos, "")
	if err != nil {
		return quant.Plan{}, err
	}
	m, err := c.Model()
	if err != nil {
		return quant.Plan{}, err
	}
	return calibrate(ctx, m, photos, calibratedSteps, stderr)
}

// printImport says what the checkpoint is, and what of that was inferred.
func printImport(stdout io.Writer, c *checkpoint.Checkpoint) {
	a := c.Card.Architecture
	fmt.Fprintf(stdout, "%s: patches of %d, width %d, %d layers, %d heads, %d classes\n",
		cmp.Or(c.Card.Name, "a Segmenter"), a.Patch, a.Width, a.Depth, a.Heads, len(c.Card.Classes))
	for _, note := range c.Notes {
		fmt.Fprintf(stdout, "  %s\n", note.Text)
	}
}
