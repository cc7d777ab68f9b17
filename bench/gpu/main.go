//go:build js

// Command gpu times the network on a GPU without a browser: it runs the engine's
// Go and shaders under Node.js with Dawn, Chromium's WebGPU (dawn.mjs).
//
//	./build.sh bench gpu
//
// It prints the GPU, the milliseconds of a frame, and the time and TFLOP/s of
// each operation.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"segmenter/compute"
	"segmenter/compute/webgpu"
	"segmenter/compute/webgpu/gpu"
	"segmenter/model"
	"segmenter/photo"
)

const weights = "model/weights/everyday.safetensors"

// Frames are timed until both limits are reached.
const (
	minTime   = 3 * time.Second
	minFrames = 3
)

func main() {
	err := run()
	if errors.Is(err, gpu.ErrNone) {
		fmt.Printf("skipped: Dawn found no GPU (%v)\n", err)
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench gpu:", err)
		os.Exit(1)
	}
}

func run() error {
	file, err := os.Open(weights)
	if err != nil {
		return err
	}
	defer file.Close()
	m, err := model.Read(file)
	if err != nil {
		return fmt.Errorf("%s: %w", weights, err)
	}
	for i, a := range []compute.Arithmetic{compute.Int8, compute.Float32} {
		g, err := gpu.Open(gpu.Options{
			Features: append([]string{"timestamp-query"}, webgpu.Features...), PowerPreference: "high-performance",
		})
		if err != nil {
			return err
		}
		if i == 0 {
			describe(g.Info())
		}
		if err := benchmark(m, g, a); err != nil {
			return err
		}
	}
	return nil
}

func describe(info gpu.Info) {
	name := strings.TrimSpace(strings.Join([]string{info.Vendor, info.Architecture, info.Device, info.Description}, " "))
	fmt.Printf("%s; features: %s; subgroups of %d to %d\n", name, strings.Join(info.Features, ", "), info.SubgroupMin, info.SubgroupMax)
	if info.IsFallback {
		fmt.Println("This is a software adapter on the CPU: only ratios mean anything.")
	}
}

// benchmark times frames, then operations. It closes g.
func benchmark(m *model.Model, g *gpu.Device, a compute.Arithmetic) error {
	device, err := webgpu.New(g, a)
	if err != nil {
		return err
	}
	s, err := model.New(m, []compute.Device{device})
	if err != nil {
		return err
	}
	defer s.Close()
	name := map[compute.Arithmetic]string{compute.Int8: "bytes", compute.Float32: "float32"}[a]
	for _, size := range []int{256, 512} {
		durations, err := timeFrames(s, size)
		if err != nil {
			return err
		}
		fmt.Printf("\n%d², %s: %s ms per frame (median of %d)\n", size, name, milliseconds(durations[len(durations)/2]), len(durations))
	}
	buffers, bytes := g.Live()
	fmt.Printf("Memory: %.1f MB in %d buffers\n", float64(bytes)/1e6, buffers)
	if !g.Has("timestamp-query") {
		fmt.Println("The GPU has no timestamps, so operations cannot be timed.")
		return nil
	}
	if err := device.Profile(); err != nil {
		return err
	}
	durations, err := timeFrames(s, 512)
	if err != nil {
		return err
	}
	count := len(durations) + 1 // and the untimed one
	times, err := device.Times()
	if err != nil {
		return err
	}
	fmt.Printf("\n%-24s %6s %9s %9s\n", "512², "+name, "calls", "ms", "TFLOP/s")
	for _, o := range times {
		achieved := "–"
		if o.Work > 0 {
			achieved = fmt.Sprintf("%.3f", float64(o.Work)/o.Time.Seconds()/1e12)
		}
		fmt.Printf("%-24s %6d %9s %9s\n", o.Operation, o.Calls/count, milliseconds(o.Time/time.Duration(count)), achieved)
	}
	return nil
}

// timeFrames segments a picture repeatedly and returns the durations, sorted.
func timeFrames(s *model.Segmenter, size int) ([]time.Duration, error) {
	src := &photo.Image{Height: size, Width: size, Pix: make([]byte, 3*size*size)}
	for i := range src.Pix {
		src.Pix[i] = byte(i * i >> 8)
	}
	r := new(model.Result)
	frame := func() (time.Duration, error) {
		start := time.Now()
		if _, err := s.Run(context.Background(), r, src, model.Options{}); err != nil {
			return 0, err
		}
		err := s.Count(r)
		return time.Since(start), err
	}
	if _, err := frame(); err != nil { // untimed: makes buffers and bindings
		return nil, err
	}
	var durations []time.Duration
	for start := time.Now(); len(durations) < minFrames || time.Since(start) < minTime; {
		d, err := frame()
		if err != nil {
			return nil, err
		}
		durations = append(durations, d)
	}
	slices.Sort(durations)
	return durations, nil
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1000) }
