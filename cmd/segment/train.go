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
	"strconv"

	"segmenter/dataset"
)

// trainOptions are what a training was started with. The file of options keeps them, so that
// -resume needs no other flag.
type trainOptions struct {
	Data          string  `json:"data"`
	Layout        string  `json:"layout,omitempty"`
	Classes       string  `json:"classes,omitempty"`
	IgnoreUnknown bool    `json:"ignore_unknown,omitempty"`
	Val           string  `json:"val,omitempty"`
	From          string  `json:"from,omitempty"`
	Recipe        string  `json:"recipe"`
	Rate          float64 `json:"rate,omitempty"`
	Freeze        string  `json:"freeze,omitempty"`
	Size          int     `json:"size"`
	Batch         int     `json:"batch"`
	Epochs        float64 `json:"epochs,omitempty"`
	Minutes       float64 `json:"minutes,omitempty"`
	Seed          uint64  `json:"seed"`
	FavourRare    float64 `json:"favour_rare,omitempty"`
	Threads       int     `json:"threads"` // sums depend on it
	Quantise      bool    `json:"quantise,omitempty"`
	folder        string  // of the output
}

// The files of a training's folder.
const (
	optionsFile  = "options.json"
	stateFile    = "state.safetensors"
	logFile      = "log.jsonl"
	curveFile    = "curve.svg"
	modelFile    = "model.safetensors"
	smallFile    = "model-int8.safetensors"
	manifestFile = "data.json"
	featuresFile = "features.tmp"
	cropsFile    = "crops.tmp"
)

// trainModel trains a model on labelled photos, or goes on with a training.
func trainModel(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("train", flag.ContinueOnError)
	var o trainOptions
	o.register(flags)
	resume := flags.String("resume", "", "go on with the training in `DIR`, with the flags that it was started with")
	if err := parse(flags, arguments, stderr, "train -data DIR [flags], or train -resume DIR"); err != nil {
		return err
	}
	if *resume != "" {
		if flags.NFlag() > 1 || flags.NArg() > 0 {
			return usageError("-resume takes no other flags: a training goes on as it was started")
		}
		if err := o.read(*resume); err != nil {
			return err
		}
	} else if err := o.check(flags.NArg()); err != nil {
		return err
	}
	t := &trainer{trainOptions: o, stdout: stdout, stderr: stderr, bar: newBar(stderr), warned: map[string]bool{}}
	defer t.close()
	err := t.start(ctx, *resume != "")
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted before the first step")
	}
	if err != nil {
		return err
	}
	return t.train(ctx)
}

func (o *trainOptions) register(flags *flag.FlagSet) {
	flags.StringVar(&o.Data, "data", "", "`folder` of photos with labels (docs/training.md lists the layouts)")
	flags.StringVar(&o.Layout, "layout", "", "`name` of the data's layout (default: found by what the folder holds)")
	flags.StringVar(&o.Classes, "classes", "", "class list `file` (default: the data's own)")
	flags.BoolVar(&o.IgnoreUnknown, "ignore-unknown", false, "take labels that are no classes for pixels that do not count")
	flags.StringVar(&o.Val, "val", "", "photos for validation: a `folder` of the data, a list file, or a share such as 0.2 (default: the layout's part, or 0.1)")
	flags.StringVar(&o.From, "from", "", "model `file` to start from: a Segmenter's or a vision transformer's, of the kinds that docs/checkpoints.md lists (default: the built-in model)")
	flags.StringVar(&o.Recipe, "recipe", "fast", "fast (AdamW) or paper (SGD)")
	flags.Float64Var(&o.Rate, "rate", 0, "highest learning `rate` (default: the recipe's)")
	flags.StringVar(&o.Freeze, "freeze", "", "encoder: train the decoders only, on features of whole photos that are computed once. `part`")
	flags.IntVar(&o.Size, "size", 288, "side of the crops, or with -freeze short side of the photos, in `pixels`")
	flags.IntVar(&o.Batch, "batch", 16, "`number` of crops in a step")
	flags.Float64Var(&o.Epochs, "epochs", 0, "`times` that each photo is seen")
	flags.Float64Var(&o.Minutes, "minutes", 30, "duration, unless -epochs says it; the first steps show how many fit")
	flags.Uint64Var(&o.Seed, "seed", 1, "`number` from which all random ones follow")
	flags.Float64Var(&o.FavourRare, "favour-rare", 0, "draw photos more often if they have classes that fewer than this `share` of the photos have, such as 0.2")
	flags.IntVar(&o.Threads, "threads", runtime.NumCPU(), "`number` of crops at work at once")
	flags.BoolVar(&o.Quantise, "quantise", false, "also make a small model file, rounded so that results on the training photos change least")
	flags.StringVar(&o.folder, "o", "", "`folder` for what is made (default: train-NAME, by the data's folder)")
}

// check fails for values that no training has, and completes the others.
func (o *trainOptions) check(rest int) error {
	switch {
	case o.Data == "" || rest > 0:
		return usageError("expected -data DIR and other flags, or -resume DIR")
	case o.Freeze != "" && o.Freeze != "encoder":
		return usageError(fmt.Sprintf("-freeze %s: expected encoder", o.Freeze))
	case o.Size < 32 || o.Size > 4096:
		return usageError(fmt.Sprintf("-size %d: expected 32 to 4096 pixels", o.Size))
	case o.Batch < 1 || o.Batch > 1024:
		return usageError(fmt.Sprintf("-batch %d: expected 1 to 1024 crops", o.Batch))
	case !(o.Epochs >= 0 && o.Epochs <= 1e6 && o.Minutes > 0 && o.Minutes <= 1e6 && o.Rate >= 0):
		return usageError("-epochs, -minutes and -rate: expected positive numbers")
	case !(o.FavourRare >= 0 && o.FavourRare <= 1):
		return usageError(fmt.Sprintf("-favour-rare %v: expected a share of the photos from 0 to 1, such as 0.2", o.FavourRare))
	case o.Threads < 1:
		return usageError(fmt.Sprintf("-threads %d: expected at least 1", o.Threads))
	}
	if _, err := newRecipe(o); err != nil {
		return err
	}
	o.Threads = min(o.Threads, o.Batch)
	data, err := filepath.Abs(o.Data)
	if err != nil {
		return err
	}
	o.folder = cmp.Or(o.folder, "train-"+filepath.Base(data))
	o.Data = data
	for _, path := range []*string{&o.Classes, &o.From, &o.Val} {
		if info, err := os.Stat(*path); err == nil && info.Mode().IsRegular() {
			if *path, err = filepath.Abs(*path); err != nil {
				return err
			}
		}
	}
	return nil
}

// read reads the options of a training's folder.
func (o *trainOptions) read(folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, optionsFile))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s holds no training: expected the folder that segment train made (%s is missing)", folder, optionsFile)
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(folder, stateFile)); err != nil {
		return fmt.Errorf("the training in %s ended before its first step, so there is nothing to go on with: start it anew", folder)
	}
	*o = trainOptions{folder: folder}
	if err := json.Unmarshal(text, o); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(folder, optionsFile), err)
	}
	return nil
}

// write keeps the options in the folder.
func (o *trainOptions) write() error {
	if _, err := os.Stat(o.path(stateFile)); err == nil {
		return fmt.Errorf("%s holds a training: go on with segment train -resume %s, or name another folder with -o", o.folder, o.folder)
	}
	return replaceFile(o.path(optionsFile), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(o)
	})
}

func (o *trainOptions) path(file string) string { return filepath.Join(o.folder, file) }

// load reads the data and splits it.
func (o *trainOptions) load() (all, train, val *dataset.Set, err error) {
	options := dataset.Options{Layout: o.Layout, IgnoreUnknown: o.IgnoreUnknown}
	if o.Classes != "" {
		if options.Classes, err = dataset.ReadClasses(o.Classes); err != nil {
			return nil, nil, nil, err
		}
	}
	if all, err = dataset.Load(o.Data, options); err != nil {
		return nil, nil, nil, err
	}
	train, val, err = o.split(all)
	return all, train, val, err
}

// split takes photos for validation as -val says.
func (o *trainOptions) split(all *dataset.Set) (train, val *dataset.Set, err error) {
	if o.Val == "" {
		if train, val, ok := all.SplitByPart(); ok {
			return train, val, nil
		}
		return all.SplitByShare(0.1, o.Seed)
	}
	if share, err := strconv.ParseFloat(o.Val, 64); err == nil {
		return all.SplitByShare(share, o.Seed)
	}
	if info, err := os.Stat(o.Val); err == nil && info.Mode().IsRegular() {
		return all.SplitByList(o.Val)
	}
	return all.SplitByFolder(o.Val)
}
