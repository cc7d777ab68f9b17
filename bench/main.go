// Command bench measures this project against the engines that people run
// networks with in browsers today, onnxruntime-web and LiteRT.js: the same
// weights, the same photo, the same Chromium, in one run.
//
//	./build.sh bench [flags]
//
// It makes the peers' model files from the project's weights (packages onnx
// and tflite), serves every engine's page of web/ in the same way, and drives
// Chromium:
//
//	warm.go    frames, the engines taking turns, on the processor and by WebGPU
//	cold.go    first visits, each with a new browser
//	memory.go  the peak of a page's process
//
// Before an engine is timed, its scores are compared with those that package
// model computes natively (agreement.go). It runs in the root of the
// repository, on the built site.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"segmenter/bench/network"
)

// benchmark is what a run measures, and with what.
type benchmark struct {
	engines       []engine
	sizes         []int
	threads       []int // 0 = all
	rounds, block int   // of warm frames
	visits        int   // of every engine, cold
	skip          []string
	document      string

	stage  *stage
	server *server
}

func main() {
	b, err := parseFlags(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// What the flags say when they are not given.
var (
	everySize    = []int{256, 384, 512, 768}
	everyThreads = []int{1, 0}
)

// parts are what can be skipped.
var parts = []string{"warm", "webgpu", "cold", "memory"}

func parseFlags(arguments []string) (*benchmark, error) {
	b := &benchmark{sizes: everySize, threads: everyThreads}
	var names []string
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.Func("sizes", "sides of the picture in pixels, `N,N…` (default 256,384,512,768)", numbers(&b.sizes))
	flags.Func("threads", "numbers of threads, `N,N…`; 0 = all (default 1,0)", numbers(&b.threads))
	flags.Func("engines", "measure this project and only these `peers`: litert-int8,litert-f32,ort-int8,ort-f32", words(&names))
	flags.Func("skip", "leave out `parts`: warm,webgpu,cold,memory", words(&b.skip))
	flags.IntVar(&b.rounds, "rounds", 5, "`turns` of every engine, warm")
	flags.IntVar(&b.block, "block", 4, "`frames` of a turn")
	flags.IntVar(&b.visits, "visits", 5, "first `visits` to every engine, cold")
	flags.StringVar(&b.document, "o", "docs/benchmarks.md", "the `file` that a complete run is written to")
	flags.Parse(arguments) // exits where it fails

	for _, part := range b.skip {
		if !slices.Contains(parts, part) {
			return nil, fmt.Errorf("-skip %s: expected some of %s", part, strings.Join(parts, ", "))
		}
	}
	if min(b.rounds, b.block, b.visits) < 1 {
		return nil, fmt.Errorf("-rounds %d -block %d -visits %d: each has to be at least 1; parts are left out with -skip", b.rounds, b.block, b.visits)
	}
	var err error
	b.engines, err = chooseEngines(names)
	return b, err
}

func numbers(list *[]int) func(string) error {
	return func(text string) error {
		*list = nil
		for word := range strings.SplitSeq(text, ",") {
			n, err := strconv.ParseUint(word, 10, 16)
			if err != nil {
				return fmt.Errorf("%q is not a list of numbers such as 256,512", text)
			}
			*list = append(*list, int(n))
		}
		return nil
	}
}

func words(list *[]string) func(string) error {
	return func(text string) error {
		*list = strings.Split(text, ",")
		return nil
	}
}

// complete tells whether the run measures all that the document states.
func (b *benchmark) complete() bool {
	return len(b.skip) == 0 && len(b.engines) == len(engines) &&
		slices.Equal(b.sizes, everySize) && slices.Equal(b.threads, everyThreads)
}

func (b *benchmark) run(ctx context.Context) error {
	start := time.Now()
	r := &report{engines: b.engines}
	var err error
	if r.environment, err = readEnvironment(ctx); err != nil {
		return err
	}
	if b.stage, err = openStage(); err != nil {
		return err
	}
	if err := b.stage.preparePackages(b.engines); err != nil {
		return err
	}
	weights, err := network.Open(floatModel)
	if err != nil {
		return err
	}
	b.server = serve(b.stage)
	defer b.server.Close()

	if !slices.Contains(b.skip, "warm") {
		if r.warm, err = b.warm(ctx, weights); err != nil {
			return err
		}
	}
	if !slices.Contains(b.skip, "webgpu") {
		if r.graphics, err = b.graphics(ctx, weights); err != nil {
			return err
		}
	}
	if !slices.Contains(b.skip, "cold") || !slices.Contains(b.skip, "memory") {
		if _, err := b.prepare(weights, firstVisit.size); err != nil {
			return err
		}
	}
	if !slices.Contains(b.skip, "cold") {
		say("compressing what the peers' pages download; the first time takes minutes")
		if err := b.stage.compress(b.engines, firstVisit.size); err != nil {
			return err
		}
		say("first visits, %v", firstVisit)
		if r.cold, err = b.measureCold(ctx); err != nil {
			return err
		}
	}
	if !slices.Contains(b.skip, "memory") {
		say("memory, %v", firstVisit)
		if r.memory, err = b.measureMemory(ctx); err != nil {
			return err
		}
	}
	say("done in %v\n", time.Since(start).Round(time.Second))
	fmt.Print(r)
	if !b.complete() {
		say("\n%s stays as it is: this run left something out", b.document)
		return nil
	}
	return updateDocument(b.document, r.String())
}

// warm measures every size with every number of threads.
func (b *benchmark) warm(ctx context.Context, weights *network.Network) (*comparison, error) {
	p := pace{settling: 3, pause: 3 * time.Second, rounds: b.rounds, leadIn: 1, block: b.block}
	var settings []setting
	for _, size := range b.sizes {
		for _, threads := range b.threads {
			settings = append(settings, setting{size: size, threads: threads})
		}
	}
	return b.compare(ctx, weights, b.engines, p, settings)
}

// graphics measures by WebGPU, which the processor computes (SwiftShader).
func (b *benchmark) graphics(ctx context.Context, weights *network.Network) (*comparison, error) {
	able := slices.DeleteFunc(slices.Clone(b.engines), func(e engine) bool { return !e.graphics })
	var settings []setting
	for _, size := range slowSizes {
		if slices.Contains(b.sizes, size) {
			settings = append(settings, setting{size: size, threads: 1, graphics: true})
		}
	}
	return b.compare(ctx, weights, able, slow, settings)
}

// compare measures engines at settings.
func (b *benchmark) compare(ctx context.Context, weights *network.Network, list []engine, p pace, settings []setting) (*comparison, error) {
	golden, err := newReference()
	if err != nil {
		return nil, err
	}
	c := &comparison{engines: list}
	for _, s := range settings {
		picture, err := b.prepare(weights, s.size)
		if err != nil {
			return nil, err
		}
		want, err := golden.scores(picture)
		if err != nil {
			return nil, err
		}
		say("frames, %v", s)
		result, err := b.measureWarm(ctx, list, s, p, want)
		if err != nil {
			return nil, err
		}
		c.results = append(c.results, result)
	}
	return c, nil
}

// say tells how far the run is, apart from its result.
func say(format string, values ...any) { fmt.Fprintf(os.Stderr, format+"\n", values...) }
