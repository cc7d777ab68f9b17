// Command segment segments photos, with its built-in model or another one:
//
//	segment [flags] PHOTO…              print classes; write masks and overlays
//	segment eval -data DIR [flags]      score a model on labelled photos
//	segment train -data DIR [flags]     train a model on labelled photos
//	segment import [flags] FILE…        make a model file of a PyTorch checkpoint
//	segment quantise [flags] IN OUT     make a small model file from a float one
//	segment serve [-addr HOST:PORT]     serve the page on this machine
//	segment version                     print the release
//
// Each command prints its flags with -h. The exit status is 0 for success, 1 for
// an error, 2 for wrong arguments.
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
	"slices"
	"syscall"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/model"
	"segmenter/model/weights"
	"segmenter/modelfile"
	"segmenter/teach"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run executes a command line and returns the exit status.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	command := segment
	if len(arguments) > 0 {
		switch arguments[0] {
		case "eval":
			command, arguments = eval, arguments[1:]
		case "train":
			command, arguments = trainModel, arguments[1:]
		case "import":
			command, arguments = importCheckpoint, arguments[1:]
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

// usageError reports wrong arguments.
type usageError string

func (e usageError) Error() string { return string(e) }

// errReported means that the command has already printed its errors.
var errReported = errors.New("some photos failed")

// ownSize is the flag -size if it is not given: the size that the model states.
const ownSize = -1

// network holds the flags that choose and run a model.
type network struct {
	model   string
	decoder string
	size    int
	threads int
	float   bool
	refine  bool
	teach   string // file of taught classes
	taught  []model.TaughtClass
}

func (n *network) arithmetic(m *model.Model) compute.Arithmetic {
	if n.float {
		return compute.Float32
	}
	return cpu.Fastest(model.Arithmetic(m))
}

func (n *network) register(flags *flag.FlagSet) {
	flags.StringVar(&n.model, "model", "", "model `file`, float or quantised (default: the built-in model)")
	flags.StringVar(&n.teach, "teach", "", "`file` of classes taught on the page or by the library, to show beside the model's")
	flags.StringVar(&n.decoder, "decoder", "", "mask or linear (default: mask, if the model has it)")
	flags.IntVar(&n.size, "size", ownSize, "resize photos to this short side in `pixels`; 0 = do not resize (default: the model's best size)")
	flags.BoolVar(&n.float, "float", false, "compute in float32 even if the weights are int8: slower, but a little more exact. Models with float weights always do")
	flags.IntVar(&n.threads, "threads", runtime.NumCPU(), "`number` of threads, at most one per core")
}

// parse parses flags. It prints errors itself, with the usage.
func parse(flags *flag.FlagSet, arguments []string, stderr io.Writer, usage string) error {
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintf(stderr, "usage: segment %s\n", usage)
		flags.PrintDefaults()
	}
	var rest []string // flags may follow them
	for {
		if err := flags.Parse(arguments); errors.Is(err, flag.ErrHelp) {
			return err
		} else if err != nil {
			return usageError("see above")
		}
		after := len(arguments) - flags.NArg()
		if flags.NArg() == 0 || after > 0 && arguments[after-1] == "--" {
			break
		}
		rest, arguments = append(rest, flags.Arg(0)), flags.Args()[1:]
	}
	return flags.Parse(slices.Concat([]string{"--"}, rest, flags.Args()))
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
	n.threads = min(n.threads, runtime.NumCPU()) // more would only cost memory
	m, err := openModel(n.model)
	if err != nil {
		return nil, "", err
	}
	if n.size == ownSize {
		n.size = m.Size
	}
	if n.teach != "" {
		n.taught, err = openTaught(n.teach, m)
	}
	return m, decoder, err
}

// openTaught reads the classes of a file that were taught for the model's encoder.
func openTaught(path string, m *model.Model) ([]model.TaughtClass, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	set, err := teach.Open(f, m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return set.Taught(), nil
}

// classes lists the model's classes and those taught, by id.
func (n *network) classes(m *model.Model) []modelfile.Class {
	list := slices.Clone(m.Classes)
	for _, c := range n.taught {
		list = append(list, c.Class)
	}
	return list
}

// openModel reads a model file, or the built-in model for "".
func openModel(path string) (*model.Model, error) {
	if path == "" {
		return model.Read(weights.Everyday())
	}
	return model.Open(path)
}

func newSegmenter(m *model.Model, threads int, a compute.Arithmetic, taught []model.TaughtClass) (*model.Segmenter, error) {
	s, err := model.New(m, cpu.New(threads, a))
	if err != nil {
		return nil, err
	}
	return s, s.SetTaught(taught)
}
