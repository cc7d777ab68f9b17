// Command segment finds the classes of photos with the model that it carries,
// or another:
//
//	segment [flags] PHOTO…              what is in photos; masks, overlays, JSON
//	segment eval -data DIR [flags]      mIoU on a set of labelled photos
//	segment quantise [-card FILE] IN OUT   a small model file from a float one
//	segment serve [-addr HOST:PORT]     the page, in a browser on this machine
//	segment version                     which release this is
//
// Each command prints its flags with -h. The exit status is 0, 1 after an
// error, 2 for a call that makes no sense.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/model"
	"segmenter/model/weights"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run carries out a command line and returns the exit status.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	command := segment
	if len(arguments) > 0 {
		switch arguments[0] {
		case "eval":
			command, arguments = eval, arguments[1:]
		case "quantise":
			command, arguments = quantise, arguments[1:]
		case "serve":
			command, arguments = servePage, arguments[1:]
		case "version":
			command, arguments = printVersion, arguments[1:]
		}
	}
	err := command(ctx, arguments, stdout, stderr)
	var misuse usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &misuse):
		fmt.Fprintf(stderr, "segment: %v (-h prints the flags)\n", err)
		return 2
	case errors.Is(err, errReported):
		return 1
	}
	fmt.Fprintf(stderr, "segment: %v\n", err)
	return 1
}

// usageError is a call that makes no sense.
type usageError string

func (e usageError) Error() string { return string(e) }

// errReported is an error that the user has already been told of.
var errReported = errors.New("some photos failed")

// network is the flags that choose model and device.
type network struct {
	model   string
	decoder string
	size    int
	threads int
	float   bool
	refine  bool
}

func (n *network) arithmetic(m *model.Model) compute.Arithmetic {
	if n.float {
		return compute.Float32
	}
	return cpu.Fastest(model.Arithmetic(m))
}

func (n *network) register(flags *flag.FlagSet, size int) {
	flags.StringVar(&n.model, "model", "", "model `file`, float or quantised (default: the one inside)")
	flags.StringVar(&n.decoder, "decoder", "", "mask or linear (default: mask, if the model has it)")
	flags.IntVar(&n.size, "size", size, "short side in `pixels` that a photo is resized to; 0 = not at all")
	flags.BoolVar(&n.float, "float", false, "compute in float32 even if the weights are int8: slower, and a little more exact. A model of float weights always does")
	flags.IntVar(&n.threads, "threads", runtime.NumCPU(), "`number` of threads, at most one a core")
}

// parse parses flags; its errors have been printed with the usage.
func parse(flags *flag.FlagSet, arguments []string, stderr io.Writer, usage string) error {
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintf(stderr, "usage: segment %s\n", usage)
		flags.PrintDefaults()
	}
	err := flags.Parse(arguments)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return usageError("see above")
	}
	return err
}

// open checks the flags and reads the model.
func (n *network) open() (*model.Model, model.Decoder, error) {
	if n.threads < 1 {
		return nil, "", usageError(fmt.Sprintf("-threads %d: expected at least 1", n.threads))
	}
	var decoder model.Decoder
	if n.decoder != "" {
		var err error
		if decoder, err = model.ParseDecoder(n.decoder); err != nil {
			return nil, "", usageError(err.Error())
		}
	}
	n.threads = min(n.threads, runtime.NumCPU()) // more only cost memory
	m, err := openModel(n.model)
	return m, decoder, err
}

// openModel reads a model file, or the embedded one for "".
func openModel(path string) (*model.Model, error) {
	if path == "" {
		return model.Read(weights.Everyday())
	}
	return model.Open(path)
}

func newSegmenter(m *model.Model, threads int, a compute.Arithmetic) (*model.Segmenter, error) {
	return model.New(m, cpu.New(threads, a))
}
