package main

import (
	"bufio"
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/dataset"
	"segmenter/model"
	"segmenter/modelfile"
	"segmenter/quant"
)

// quantise makes a small model file from a float one.
func quantise(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("quantise", flag.ContinueOnError)
	cardFile := flags.String("card", "", "JSON `file` that describes the model (docs/model-file.md)")
	photos := flags.String("calibrate", "", "round weights so that results change least on the photos in this `folder`. Use photos like those of training; a few hundred are enough and take minutes")
	steps := flags.Float64("steps", 0, "`number` of rounding steps in the root mean square of a weight: fewer make the compressed file smaller. 0 = as many as fit, or 4 with -calibrate")
	if err := parse(flags, arguments, stderr, "quantise [flags] IN OUT"); err != nil {
		return err
	}
	if flags.NArg() != 2 {
		return usageError(fmt.Sprintf("%d files: expected two, IN and OUT", flags.NArg()))
	}
	if sameFile(flags.Arg(0), flags.Arg(1)) {
		return usageError("IN and OUT are the same file: the float weights would be lost")
	}
	if !(*steps >= 0 && *steps <= 127) {
		return usageError(fmt.Sprintf("-steps %v: expected 0 to 127", *steps))
	}
	card, err := readCard(*cardFile)
	if err != nil {
		return err
	}
	plan := quant.Plan{Steps: *steps}
	if *photos != "" {
		list, err := dataset.Photos(*photos, "")
		if err != nil {
			return err
		}
		m, err := model.Open(flags.Arg(0))
		if err != nil {
			return err
		}
		if plan, err = calibrate(ctx, m, list, cmp.Or(*steps, calibratedSteps), stderr); err != nil {
			return err
		}
	}
	report, err := convert(flags.Arg(0), flags.Arg(1), card, plan)
	if err != nil {
		return err
	}
	printReport(stdout, report)
	return nil
}

// printReport says what each kind of parameter takes and lost.
func printReport(stdout io.Writer, report modelfile.Report) {
	total := 0
	for _, c := range report.Groups() {
		fmt.Fprintf(stdout, "%9d bytes  %s  error %.3f %%  %s\n", c.Bytes, c.DType, 100*c.RelativeError(), c.Name)
		total += c.Bytes
	}
	fmt.Fprintf(stdout, "%9d bytes in all\n", total)
}

// calibratedSteps is the number of rounding steps in the root mean square of a weight,
// if photos say which weights matter.
const calibratedSteps = 4

// calibrate makes the plan for a float model from photos.
func calibrate(ctx context.Context, m *model.Model, photos []dataset.Photo, steps float64, stderr io.Writer) (quant.Plan, error) {
	bar := newBar(stderr)
	defer bar.end()
	return model.Calibrate(ctx, m, cpu.New(1, compute.Float32)[0], dataset.Sources(photos), steps, func(units string, done, total int) {
		bar.show(done, cmp.Or(total, len(photos)), units)
	})
}

func readCard(path string) (modelfile.Card, error) {
	if path == "" {
		return modelfile.Card{}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return modelfile.Card{}, err
	}
	defer f.Close()
	card, err := modelfile.ReadCard(f)
	if err != nil {
		return card, fmt.Errorf("%s: %w", path, err)
	}
	return card, nil
}

// convert writes the small form of a model file. A failure leaves out unchanged.
func convert(in, out string, card modelfile.Card, plan quant.Plan) (report modelfile.Report, err error) {
	src, err := os.Open(in)
	if err != nil {
		return report, err
	}
	defer src.Close()
	err = replaceFile(out, func(dst io.Writer) error {
		report, err = modelfile.Convert(dst, bufio.NewReaderSize(src, 1<<20), card, plan)
		if err != nil {
			err = fmt.Errorf("%s: %w", in, err)
		}
		return err
	})
	return report, err
}
