package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"segmenter/model"
	"segmenter/modelfile"
)

// eval scores the masks of labelled photos.
func eval(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("eval", flag.ContinueOnError)
	var n network
	n.register(flags)
	var slide sliding
	slide.register(flags)
	var scales multiScale
	scales.register(flags)
	sizes := flags.String("sizes", "", "evaluate several sizes, `N,N,…`, with every decoder, and print a table")
	data := flags.String("data", "", "`folder` with images/NAME.jpg and labels/NAME.png (class ids; 255 = ignored), or in another layout (docs/training.md)")
	layout := flags.String("layout", "", "`name` of the data's layout (default: found by what the folder holds)")
	match := flags.String("match", "", "take only photos whose name begins with `PREFIX`")
	against := flags.String("against", "", "also evaluate a second model `file`, in float32, and print the share of pixels with the same class")
	flags.BoolVar(&n.refine, "refine", false, "align edges with the photo (default: off, for comparison with other networks)")
	boundary := flags.Bool("boundary", false, "also print the F-score of the boundaries between classes")
	asJSON := flags.Bool("json", false, "print JSON")
	if err := parse(flags, arguments, stderr, "eval -data DIR [flags]"); err != nil {
		return err
	}
	if *data == "" || flags.NArg() > 0 {
		return usageError("expected -data DIR and nothing else")
	}
	if err := slide.check(); err != nil {
		return err
	}
	forms, err := scales.forms()
	if err != nil {
		return err
	}
	if n.refine && (forms != nil || slide.window > 0) {
		return usageError("-refine does not go with -window, -scales and -flip: leave it out")
	}
	m, decoder, err := n.open()
	if err != nil {
		return err
	}
	cases, err := evaluations(*sizes, n.size, decoder, m)
	if err != nil {
		return err
	}
	models := []*model.Model{m}
	if *against != "" {
		other, err := model.Open(*against)
		if err != nil {
			return err
		}
		if !slices.EqualFunc(m.Classes, other.Classes, func(a, b modelfile.Class) bool { return a.Name == b.Name }) {
			return fmt.Errorf("%s has different classes: expected the model's names in the same order", *against)
		}
		models = append(models, other)
	}
	set, err := openLabelled(*data, *layout, *match, n.classes(m))
	if err != nil {
		return err
	}
	var results []*scores
	failed := false
	for _, o := range cases {
		o.Refine, o.Window, o.Stride = n.refine, slide.window, slide.stride
		e := &evaluation{
			models: models, arithmetic: n.arithmetic(m), options: o, forms: forms, boundary: *boundary,
			taught: n.taught, samples: set.Samples, tally: make(tally, len(models)),
		}
		if err := e.run(ctx, n.threads, newBar(stderr)); err != nil {
			return err
		}
		for _, line := range slices.Sorted(slices.Values(e.failed)) {
			fmt.Fprintf(stderr, "segment: %s\n", line)
		}
		if len(e.failed) == len(e.samples) {
			return errReported
		}
		failed = failed || len(e.failed) > 0
		results = append(results, e.result())
	}
	if err := report(stdout, results, *sizes != "", *asJSON); err != nil {
		return err
	}
	if failed {
		return errReported
	}
	return nil
}

// evaluations lists the sizes and decoders to evaluate: one, or every decoder of
// the model at each of several sizes ("N,N,…").
func evaluations(sizes string, size int, decoder model.Decoder, m *model.Model) ([]model.Options, error) {
	decoders := []model.Decoder{decoder}
	if decoder == "" {
		decoders = m.Decoders()
	}
	if sizes == "" {
		return []model.Options{{Decoder: decoders[0], Size: size}}, nil
	}
	var list []model.Options
	for text := range strings.SplitSeq(sizes, ",") {
		size, err := strconv.Atoi(text)
		if err != nil || size < 1 {
			return nil, usageError(fmt.Sprintf("-sizes %s: expected numbers of pixels with commas between them, such as 256,384", sizes))
		}
		for _, d := range decoders {
			list = append(list, model.Options{Decoder: d, Size: size})
		}
	}
	return list, nil
}

// report prints one result, or several as a table.
func report(w io.Writer, results []*scores, isTable, asJSON bool) error {
	switch {
	case asJSON && isTable:
		return json.NewEncoder(w).Encode(results)
	case asJSON:
		return json.NewEncoder(w).Encode(results[0])
	case isTable:
		return printTable(w, results)
	}
	return results[0].print(w)
}

// printTable prints a result a row, with the columns that the results have.
func printTable(w io.Writer, results []*scores) error {
	columns := []struct {
		title string
		value func(*scores) *float64
	}{
		{"mIoU", func(s *scores) *float64 { return &s.MIoU }},
		{"pixel accuracy", func(s *scores) *float64 { return &s.PixelAccuracy }},
		{"VOC mIoU", func(s *scores) *float64 { return s.VOC }},
		{"boundary F", func(s *scores) *float64 { return s.Boundary }},
		{"second model's mIoU", func(s *scores) *float64 {
			if s.Other == nil {
				return nil
			}
			return &s.Other.MIoU
		}},
		{"same class", func(s *scores) *float64 { return s.Agreement }},
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "size\tdecoder")
	for _, c := range columns {
		if c.value(results[0]) != nil {
			fmt.Fprint(table, "\t", c.title)
		}
	}
	for _, s := range results {
		fmt.Fprintf(table, "\n%d\t%s", s.Size, s.Decoder)
		for _, c := range columns {
			if v := c.value(s); v != nil {
				fmt.Fprintf(table, "\t%.2f", *v)
			}
		}
	}
	fmt.Fprintln(table)
	return table.Flush()
}
