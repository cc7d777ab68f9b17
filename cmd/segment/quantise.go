package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"segmenter/quant"
)

// quantise makes a small model file from a float one.
func quantise(_ context.Context, arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("quantise", flag.ContinueOnError)
	cardFile := flags.String("card", "", "JSON `file` that says what the model is (docs/model-file.md)")
	if err := parse(flags, arguments, stderr, "quantise [-card FILE] IN OUT"); err != nil {
		return err
	}
	if flags.NArg() != 2 {
		return usageError(fmt.Sprintf("%d files: expected two, IN and OUT", flags.NArg()))
	}
	if sameFile(flags.Arg(0), flags.Arg(1)) {
		return usageError("IN and OUT are one file: the float weights would be lost")
	}
	card, err := readCard(*cardFile)
	if err != nil {
		return err
	}
	report, err := convert(flags.Arg(0), flags.Arg(1), card)
	if err != nil {
		return err
	}
	total := 0
	for _, c := range report.Groups() {
		fmt.Fprintf(stdout, "%9d bytes  %s  error %.3f %%  %s\n", c.Bytes, c.DType, 100*c.RelativeError(), c.Name)
		total += c.Bytes
	}
	fmt.Fprintf(stdout, "%9d bytes in all\n", total)
	return nil
}

func readCard(path string) (quant.Card, error) {
	if path == "" {
		return quant.Card{}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return quant.Card{}, err
	}
	defer f.Close()
	card, err := quant.ReadCard(f)
	if err != nil {
		return card, fmt.Errorf("%s: %w", path, err)
	}
	return card, nil
}

// convert writes to a file beside out first, so that a failure leaves out as it
// was.
func convert(in, out string, card quant.Card) (report quant.Report, err error) {
	src, err := os.Open(in)
	if err != nil {
		return report, err
	}
	defer src.Close()
	dst, err := os.Create(out + ".part")
	if err != nil {
		return report, err
	}
	report, err = quant.Convert(dst, bufio.NewReaderSize(src, 1<<20), card)
	if err = errors.Join(err, dst.Close()); err != nil {
		os.Remove(dst.Name())
		return report, fmt.Errorf("%s: %w", in, err)
	}
	if err = os.Rename(dst.Name(), out); err != nil {
		os.Remove(dst.Name())
	}
	return report, err
}
