package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"segmenter/bench/network"
)

func TestQuantiles(t *testing.T) {
	values := []float64{5, 1, 4, 2, 3}
	if got := median(values); got != 3 {
		t.Errorf("median %v", got)
	}
	if got := median([]float64{1, 2}); got != 1.5 {
		t.Errorf("median of two %v", got)
	}
	if got := quantile(values, 0.95); got != 5 {
		t.Errorf("95th percentile of five %v", got)
	}
	twenty := make([]float64, 20)
	for i := range twenty {
		twenty[i] = float64(i + 1)
	}
	if got := quantile(twenty, 0.95); got != 19 {
		t.Errorf("95th percentile of 1 to 20: %v", got)
	}
	if !math.IsNaN(median(nil)) || !math.IsNaN(quantile(nil, 0.95)) {
		t.Error("expected NaN for no values")
	}
}

func TestCompare(t *testing.T) {
	want := []float32{1, 2, 3, 4, 6, 5}
	a, err := compare([]float32{1, 2, 3.5, 4, 5, 5.25}, want, 3)
	if err != nil || a.difference != 1 || a.same != 0.5 {
		t.Errorf("got %+v, %v", a, err)
	}
	if a.check(network.Float) == nil || a.check(network.Int8) == nil {
		t.Error("another network's scores were accepted")
	}
	if a, _ := compare(want, want, 3); a.check(network.Float) != nil || a.check(network.Int8) != nil {
		t.Error("the same scores were refused")
	}
	if _, err := compare(want[:3], want, 3); err == nil {
		t.Error("too few scores were accepted")
	}
	if _, err := compare([]float32{1, 2, float32(math.NaN()), 4, 5, 6}, want, 3); err == nil {
		t.Error("NaN was accepted")
	}
}

func TestFlags(t *testing.T) {
	b, err := parseFlags(nil)
	if err != nil || !b.complete() {
		t.Errorf("the default run is not complete: %v", err)
	}
	b, err = parseFlags([]string{"-sizes", "256,512", "-threads", "0", "-engines", "ort-f32", "-skip", "cold,memory"})
	if err != nil || b.complete() || !slices.Equal(b.sizes, []int{256, 512}) || !slices.Equal(b.threads, []int{0}) || len(b.engines) != 2 {
		t.Errorf("got %+v, %v", b, err)
	}
	for _, arguments := range [][]string{{"-engines", "torch"}, {"-skip", "lunch"}, {"-rounds", "0"}} {
		if _, err := parseFlags(arguments); err == nil {
			t.Errorf("%v was accepted", arguments)
		}
	}
}

func TestParsePeak(t *testing.T) {
	if got, err := parsePeak([]byte("Name:\tchromium\nVmHWM:\t   12 kB\nVmRSS:\t 10 kB\n")); got != 12<<10 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	for _, status := range []string{"", "VmHWM: x kB\n", "VmHWM: 1 MB\n"} {
		if _, err := parsePeak([]byte(status)); err == nil {
			t.Errorf("%q was accepted", status)
		}
	}
}

func TestGigabytes(t *testing.T) {
	for text, want := range map[string]string{"24683620 kB": "25 GB", "unknown": "unknown"} {
		if got := gigabytes(text); got != want {
			t.Errorf("%q became %q, expected %q", text, got, want)
		}
	}
}

func TestReplaceMarked(t *testing.T) {
	text := "before\n" + beginMark + "\nold\n" + endMark + "\nafter\n"
	got, err := replaceMarked(text, "new\n")
	if want := "before\n" + beginMark + "\n\nnew\n\n" + endMark + "\nafter\n"; got != want || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if again, _ := replaceMarked(got, "new\n"); again != got {
		t.Errorf("a second time gives %q", again)
	}
	if _, err := replaceMarked("no marks", "new\n"); err == nil {
		t.Error("a document without marks was accepted")
	}
}

func TestDocumentHasMarks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	text, err := os.ReadFile("../docs/benchmarks.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := updateDocument(path, "the results\n"); err != nil {
		t.Error(err)
	}
	if text, _ = os.ReadFile(path); !strings.Contains(string(text), "the results") {
		t.Errorf("no results in %s", text)
	}
}

// TestReport checks the ratios, which people read.
func TestReport(t *testing.T) {
	side := func(ms ...float64) warmSide {
		return warmSide{agreement: agreement{same: 1}, frames: ms}
	}
	other := coldResult{[]float64{1}, 1, 1, 2}
	r := report{
		engines: engines,
		warm: []*comparison{{engines, []warmResult{
			{setting{size: 512, threads: 1}, []warmSide{side(100), side(250), side(400), side(300), side(200)}},
			{setting{size: 512, processor: processors[1]}, []warmSide{side(50, 60), side(110), side(200), side(220), side(330)}},
		}}},
		webgpu: &comparison{[]engine{engines[0], engines[2]}, []warmResult{
			{setting{size: 256, threads: 1, webgpu: true}, []warmSide{side(1000), side(1750)}},
		}},
		cold: []coldResults{
			{connections[0], []coldResult{{[]float64{500, 600, 700}, 1e6, 4e6, 5e6}, {[]float64{1200}, 2e6, 6e6, 8e6}, other, other, other}},
			{connections[1], []coldResult{{[]float64{4000}, 1e6, 4e6, 5e6}, {[]float64{6600}, 2e6, 6e6, 8e6}, other, other, other}},
		},
		memory: &memoryResult{50e6, map[string]int64{ours: 100e6, "litert-int8": 300e6, "ort-int8": 200e6}},
	}
	text := r.String()
	for _, want := range []string{
		"LiteRT.js int8 takes 2.00× to 2.50× this project's time; the median is 2.25×.",
		"The faster of onnxruntime-web's two takes 2.00× to 4.00×",
		"55 (60)", "2.00×", "8.0 MB", "1.60×", "300.0 MB", "3.00×", "0; 100.0 %", "256², WebGPU", "1.75×", "512², all threads, without VNNI",
		"this project, localhost", "1200", "LiteRT.js int8, 9 Mbit/s and 60 ms", "1.65×",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
