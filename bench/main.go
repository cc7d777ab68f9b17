// Command bench measures this project against the inference engines that browsers
// run today, onnxruntime-web and LiteRT.js: the same weights, the same photo, the
// same Chromium, in one run.
//
//	./build.sh bench [flags]
//
// It makes the peers' model files from the project's weights (packages onnx and
// tflite), serves the pages of web/ for all engines alike, and drives Chromium:
//
//	warm.go    frames, the engines taking turns, on the CPU and with WebGPU
//	cold.go    first visits, each with a new browser
//	memory.go  the peak memory of a page's process
//
// Before it times an engine, it compares the engine's scores with those that
// package model computes natively (agreement.go). Run it in the root of the
// repository, with a built site.
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

// benchmark is a run with its flags.
type benchmark struct {
	engines       []engine
	processors    []processor
	sizes         []int
	threads       []int // 0 = all
	rounds, block int   // of warm frames
	visits        int   // first visits to every engine
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

// Defaults of the flags.
var (
	defaultSizes   = []int{256, 384, 512, 768}
	defaultThreads = []int{1, 0}
)

// parts are the values of -skip.
var parts = []string{"warm", "webgpu", "cold", "memory"}

func parseFlags(arguments []string) (*benchmark, error) {
	b := &benchmark{processors: defaultProcessors, sizes: defaultSizes, threads: defaultThreads}
	var names []string
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.Func("sizes", "sides of the picture in pixels, `N,N…` (default 256,384,512,768)", parseNumbers(&b.sizes))
	flags.Func("threads", "numbers of threads, `N,N…`; 0 = all (default 1,0)", parseNumbers(&b.threads))
	flags.Func("engines", "measure this project and only these `peers`: litert-int8,litert-f32,ort-int8,ort-f32; or ours-plain, this project where a browser has no relaxed SIMD", parseWords(&names))
	flags.Func("processor", "have Chromium compute as on `kinds` of processors: own,no-vnni,no-avx (default own,no-vnni)", parseProcessors(&b.processors))
	flags.Func("skip", "skip `parts`: warm,webgpu,cold,memory", parseWords(&b.skip))
	flags.IntVar(&b.rounds, "rounds", 5, "`turns` of every engine, warm")
	flags.IntVar(&b.block, "block", 4, "`frames` of a turn")
	flags.IntVar(&b.visits, "visits", 5, "first `visits` to every engine, cold")
	flags.StringVar(&b.document, "o", "docs/benchmarks.md", "write the report of a complete run to this `file`")
	flags.Parse(arguments) // exits on errors

	for _, part := range b.skip {
		if !slices.Contains(parts, part) {
			return nil, fmt.Errorf("-skip %s: expected some of %s", part, strings.Join(parts, ", "))
		}
	}
	if min(b.rounds, b.block, b.visits) < 1 {
		return nil, fmt.Errorf("-rounds %d -block %d -visits %d: expected at least 1 each; use -skip to skip a part", b.rounds, b.block, b.visits)
	}
	var err error
	b.engines, err = chooseEngines(names)
	return b, err
}

func parseNumbers(list *[]int) func(string) error {
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

func parseWords(list *[]string) func(string) error {
	return func(text string) error {
		*list = strings.Split(text, ",")
		return nil
	}
}

// complete reports whether the run measures everything in the document.
func (b *benchmark) complete() bool {
	return len(b.skip) == 0 && len(b.engines) == len(engines) && slices.Equal(b.processors, defaultProcessors) &&
		slices.Equal(b.sizes, defaultSizes) && slices.Equal(b.threads, defaultThreads)
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
		for _, p := range b.processors {
			c, err := b.measureCPU(ctx, weights, p)
			if err != nil {
				return err
			}
			r.warm = append(r.warm, c)
		}
	}
	if !slices.Contains(b.skip, "webgpu") {
		if r.webgpu, err = b.measureWebGPU(ctx, weights); err != nil {
			return err
		}
	}
	if !slices.Contains(b.skip, "cold") || !slices.Contains(b.skip, "memory") {
		if _, err := b.prepare(weights, firstVisit.size); err != nil {
			return err
		}
	}
	if !slices.Contains(b.skip, "cold") {
		logf("compressing the downloads of the peers' pages; the first time takes minutes")
		if err := b.stage.compress(b.engines, firstVisit.size); err != nil {
			return err
		}
		for _, c := range connections {
			logf("first visits, %v, %v", firstVisit, c)
			results, err := b.measureCold(ctx, c)
			if err != nil {
				return err
			}
			r.cold = append(r.cold, results)
		}
	}
	if !slices.Contains(b.skip, "memory") {
		logf("memory, %v", firstVisit)
		if r.memory, err = b.measureMemory(ctx); err != nil {
			return err
		}
	}
	logf("done in %v\n", time.Since(start).Round(time.Second))
	fmt.Print(r)
	if !b.complete() {
		logf("\n%s is unchanged: this run was not complete", b.document)
		return nil
	}
	return updateDocument(b.document, r.String())
}

// measureCPU times warm frames of every size with every number of threads.
func (b *benchmark) measureCPU(ctx context.Context, weights *network.Network, p processor) (*comparison, error) {
	turns := schedule{warmUp: 3, pause: 3 * time.Second, rounds: b.rounds, leadIn: 1, block: b.block}
	var settings []setting
	for _, size := range b.sizes {
		for _, threads := range b.threads {
			settings = append(settings, setting{size: size, threads: threads, processor: p})
		}
	}
	return b.compare(ctx, weights, b.engines, turns, settings)
}

// measureWebGPU times warm frames with WebGPU on the CPU (SwiftShader).
func (b *benchmark) measureWebGPU(ctx context.Context, weights *network.Network) (*comparison, error) {
	list := slices.DeleteFunc(slices.Clone(b.engines), func(e engine) bool { return !e.webgpu })
	var settings []setting
	for _, size := range webgpuSizes {
		if slices.Contains(b.sizes, size) {
			settings = append(settings, setting{size: size, threads: 1, webgpu: true})
		}
	}
	return b.compare(ctx, weights, list, webgpuSchedule, settings)
}

// compare times warm frames of engines at every setting.
func (b *benchmark) compare(ctx context.Context, weights *network.Network, list []engine, turns schedule, settings []setting) (*comparison, error) {
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
		logf("frames, %v", s)
		result, err := b.measureWarm(ctx, list, s, turns, want)
		if err != nil {
			return nil, err
		}
		c.results = append(c.results, result)
	}
	return c, nil
}

// logf prints progress, apart from the report.
func logf(format string, values ...any) { fmt.Fprintf(os.Stderr, format+"\n", values...) }
