package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"segmenter/modelfile"
	"segmenter/train"
)

// discs makes photos with discs and boxes on a ground, and their masks.
func discs(t *testing.T, photos int) (data string) {
	t.Helper()
	data = t.TempDir()
	for _, folder := range []string{"images", "masks"} {
		if err := os.Mkdir(filepath.Join(data, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	writeText(t, filepath.Join(data, "classes.txt"), "ground\ndisc\nbox\n")
	random := rand.New(rand.NewPCG(1, 2))
	for i := range photos {
		picture, mask := drawDiscs(random)
		name := fmt.Sprintf("photo%02d.png", i)
		if err := writePNG(filepath.Join(data, "images", name), picture); err != nil {
			t.Fatal(err)
		}
		if err := writePNG(filepath.Join(data, "masks", name), mask); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func dropLastLine(t *testing.T, path string) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasSuffix(file, []byte("}\n")) {
		t.Fatalf("%s ends in the middle of a line", path)
	}
	file = file[:len(file)-1]
	writeText(t, path, string(file[:bytes.LastIndexByte(file, '\n')+1]))
}

func appendText(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, path, string(file)+text)
}

func drawDiscs(random *rand.Rand) (*image.RGBA, *image.Gray) {
	width, height := 96+random.IntN(32), 80
	picture, mask := image.NewRGBA(image.Rect(0, 0, width, height)), image.NewGray(image.Rect(0, 0, width, height))
	colours := []color.RGBA{{90, 110, 70, 255}, {220, 50, 40, 255}, {40, 60, 210, 255}}
	for y := range height {
		for x := range width {
			picture.SetRGBA(x, y, colours[0])
		}
	}
	for n := range 4 {
		cx, cy, r, class := random.IntN(width), random.IntN(height), 12+random.IntN(14), 1+n%2
		for y := range height {
			for x := range width {
				dx, dy := x-cx, y-cy
				if class == 1 && dx*dx+dy*dy <= r*r || class == 2 && max(dx, -dx, dy, -dy) <= r {
					picture.SetRGBA(x, y, colours[class])
					mask.SetGray(x, y, color.Gray{uint8(class)})
				}
			}
		}
	}
	return picture, mask
}

// tinyModel writes a model that trains in no time. One of its classes is also one of discs.
func tinyModel(t *testing.T) (path string) {
	t.Helper()
	card := modelfile.Card{
		Name: "tiny", Licence: "free", Source: "a test",
		Architecture:  modelfile.Architecture{Patch: 16, Width: 64, Depth: 1, Heads: 1, DecoderDepth: 1, Grid: 4, ExtraTokens: 1},
		Normalisation: modelfile.Normalisation{Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5}},
		Classes:       []modelfile.Class{{Name: "disc"}, {Name: "lamp"}},
	}
	random := rand.New(rand.NewPCG(3, 4))
	m, err := modelfile.New(card, []modelfile.Decoder{modelfile.Mask, modelfile.Linear}, func(p *modelfile.Parameter) ([]float32, error) {
		return train.Initialise(p, random), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "tiny.safetensors")
	if err := replaceFile(path, m.Write); err != nil {
		t.Fatal(err)
	}
	return path
}

// small are flags of a training of 20 steps.
func small(data, from, out string, more ...string) []string {
	return append([]string{"train", "-data", data, "-from", from, "-o", out, "-size", "64", "-batch", "4",
		"-epochs", "10", "-val", "0.2", "-threads", "2", "-rate", "0.003"}, more...)
}

// TestTrain trains a model and uses it.
func TestTrain(t *testing.T) {
	data, out := discs(t, 10), filepath.Join(t.TempDir(), "out")
	printed := succeed(t, small(data, tinyModel(t), out, "-quantise")...)
	for _, want := range []string{"10 photos with labels", "for validation", "step 3 of 23", "mIoU over 3 classes"} {
		if !strings.Contains(printed, want) {
			t.Errorf("printed\n%s\nexpected %q", printed, want)
		}
	}
	for _, name := range []string{modelFile, smallFile} {
		m, err := modelfile.Open(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		if m.Size != 64 || len(m.Classes) != 3 || m.Classes[1].Name != "disc" || !strings.Contains(m.Source, `"tiny"`) ||
			!strings.Contains(m.Licence, "free") || !strings.Contains(m.Accuracy, "mIoU") || m.Extra["training_curve"] == "" {
			t.Errorf("%s has the card %+v", name, m.Card)
		}
		succeed(t, "-model", filepath.Join(out, name), filepath.Join(data, "images", "photo00.png"))
		if printed := succeed(t, "eval", "-data", data, "-model", filepath.Join(out, name), "-match", "photo0"); !strings.Contains(printed, "3 classes, 10 photos") {
			t.Errorf("eval printed\n%s", printed)
		}
	}
	curve, err := os.ReadFile(filepath.Join(out, curveFile))
	if err != nil || !bytes.Contains(curve, []byte("polyline")) {
		t.Errorf("the curve is\n%s (%v)", curve, err)
	}
	steps, scores := readLog(t, out)
	if len(scores) != 10 || scores[9].Step != len(steps)-1 || steps[len(steps)-1].Loss >= steps[0].Loss {
		t.Errorf("%d steps, scores %v", len(steps), scores)
	}
}

func readLog(t *testing.T, folder string) ([]train.Step, []train.Score) {
	t.Helper()
	f, err := os.Open(filepath.Join(folder, logFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	steps, scores, err := train.ReadLog(f)
	if err != nil {
		t.Fatal(err)
	}
	return steps, scores
}

// TestTrainResumes interrupts trainings and goes on: their logs are those of uninterrupted ones.
func TestTrainResumes(t *testing.T) {
	data, from := discs(t, 10), tinyModel(t)
	for name, more := range map[string][]string{
		"fast":         nil,
		"paper":        {"-recipe", "paper", "-rate", "0.01"},
		"frozen":       {"-freeze", "encoder"},
		"rare":         {"-favour-rare", "0.9"},
		"rare, frozen": {"-favour-rare", "0.9", "-freeze", "encoder"},
	} {
		t.Run(name, func(t *testing.T) {
			whole, broken := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "broken")
			succeed(t, small(data, from, whole, more...)...)
			interrupt(t, 4, small(data, from, broken, more...)...)
			older, err := os.ReadFile(filepath.Join(broken, stateFile))
			if err != nil {
				t.Fatal(err)
			}
			dropLastLine(t, filepath.Join(broken, logFile)) // as if the evaluation had been interrupted
			interrupt(t, 3, "train", "-resume", broken)
			writeText(t, filepath.Join(broken, stateFile), string(older)) // as if killed before the next was saved
			appendText(t, filepath.Join(broken, logFile), `{"step":17,"lo`)
			succeed(t, "train", "-resume", broken)
			want, err := os.ReadFile(filepath.Join(whole, logFile))
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(broken, logFile))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the log is\n%s\nexpected\n%s", got, want)
			}
			if !slices.Equal(weightsOf(t, broken), weightsOf(t, whole)) {
				t.Error("the weights differ")
			}
		})
	}
}

func weightsOf(t *testing.T, folder string) (all []float32) {
	t.Helper()
	m, err := modelfile.Open(filepath.Join(folder, modelFile))
	if err != nil {
		t.Fatal(err)
	}
	for p := range m.All() {
		all = append(all, m.Floats(p)...)
	}
	return all
}

// interrupt runs a training until it has printed so many evaluations.
func interrupt(t *testing.T, evaluations int, arguments ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out := writerFunc(func(text []byte) {
		if bytes.HasPrefix(text, []byte("step ")) {
			if evaluations--; evaluations == 0 {
				cancel()
			}
		}
	})
	var stderr bytes.Buffer
	if status := run(ctx, arguments, out, &stderr); status != 1 || !strings.Contains(stderr.String(), "-resume") {
		t.Fatalf("status %d, %s: expected 1 and how to go on", status, &stderr)
	}
}

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }

// TestTrainDamagedPhoto trains with a photo whose pixels cannot be decoded.
func TestTrainDamagedPhoto(t *testing.T) {
	data, out := discs(t, 10), filepath.Join(t.TempDir(), "out")
	for _, name := range []string{"photo03.png", "photo04.png"} {
		path := filepath.Join(data, "images", name)
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		writeText(t, path, string(file[:len(file)*2/3]))
	}
	status, _, stderr := call(small(data, tinyModel(t), out)...)
	if status != 0 || strings.Count(stderr, "photo03.png") != 1 {
		t.Errorf("status %d, %s: expected a note about the photo", status, stderr)
	}
}

// TestTrainRefuses gives trainings what cannot be trained on: one sentence says what is wrong.
func TestTrainRefuses(t *testing.T) {
	from := tinyModel(t)
	empty := t.TempDir()
	otherSize, colours, short := discs(t, 3), discs(t, 3), discs(t, 3)
	if err := writePNG(filepath.Join(otherSize, "masks", "photo01.png"), image.NewGray(image.Rect(0, 0, 9, 7))); err != nil {
		t.Fatal(err)
	}
	gaudy := image.NewRGBA(readPNG(t, filepath.Join(colours, "masks", "photo01.png")).Bounds())
	for i := range 300 {
		gaudy.SetRGBA(i%80, i/80, color.RGBA{uint8(i), uint8(i / 2), uint8(7 * i), 255})
	}
	if err := writePNG(filepath.Join(colours, "masks", "photo01.png"), gaudy); err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(short, "classes.txt"), "ground\ndisc\n")
	odd := filepath.Join(t.TempDir(), "odd.safetensors")
	writeText(t, odd, "no model")
	good := discs(t, 3)
	used := filepath.Join(t.TempDir(), "used")
	succeed(t, small(good, from, used)...)
	unstarted := t.TempDir()
	writeText(t, filepath.Join(unstarted, optionsFile), "{}")
	for name, c := range map[string]struct {
		arguments []string
		status    int
		want      string
	}{
		"other classes":   {[]string{"eval", "-data", good}, 1, "the same names"},
		"no data":         {[]string{"train"}, 2, "-data"},
		"empty folder":    {small(empty, from, "x"), 1, "holds no files"},
		"another size":    {small(otherSize, from, "x"), 1, "9×7 pixels"},
		"300 colours":     {small(colours, from, "x"), 1, "photo01.png"},
		"short list":      {small(short, from, "x"), 1, "ignored (-ignore-unknown)"},
		"no model":        {small(good, odd, "x"), 1, "odd.safetensors"},
		"gradients":       {small(good, "../../model/testdata/gradients.safetensors", "x"), 1, "gradients.safetensors"},
		"recipe":          {small(good, from, "x", "-recipe", "soup"), 2, "fast or paper"},
		"rare":            {small(good, from, "x", "-favour-rare", "20"), 2, "share of the photos"},
		"freeze":          {small(good, from, "x", "-freeze", "all"), 2, "expected encoder"},
		"used folder":     {small(good, from, used), 1, "-resume"},
		"no state":        {[]string{"train", "-resume", unstarted}, 1, "before its first step"},
		"nothing to do":   {[]string{"train", "-resume", empty}, 1, "holds no training"},
		"resume and data": {[]string{"train", "-resume", used, "-data", good}, 2, "no other flags"},
		"share":           {small(good, from, "x", "-val", "7"), 1, "share of 7"},
		"val":             {small(good, from, "x", "-val", "nowhere"), 1, "nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, stderr := call(c.arguments...)
			if status != c.status || !strings.Contains(stderr, c.want) {
				t.Errorf("status %d, %q; expected %d and %q", status, stderr, c.status, c.want)
			}
			t.Log(stderr)
			if _, err := os.Stat("x"); err == nil {
				t.Error("a refused training left a folder")
				os.RemoveAll("x")
			}
		})
	}
}

// TestTrainDiverges trains at a rate that no network stands.
func TestTrainDiverges(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	status, _, stderr := call(small(discs(t, 5), tinyModel(t), out, "-recipe", "paper", "-rate", "1e30")...)
	if status != 1 || !strings.Contains(stderr, "-rate 3e+29") {
		t.Errorf("status %d, %s: expected an error that names a rate", status, stderr)
	}
	if _, _, err := train.ReadRecipe(filepath.Join(out, stateFile)); err != nil {
		t.Error(err)
	}
}

// TestTrainGrows trains at a rate at which the loss grows: the model from before stays.
func TestTrainGrows(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	status, _, stderr := call(small(discs(t, 5), tinyModel(t), out, "-rate", "30")...)
	if status != 1 || !strings.Contains(stderr, "a guess has") {
		t.Errorf("status %d, %s: expected an error that compares the loss with a guess", status, stderr)
	}
	m, err := modelfile.Open(filepath.Join(out, modelFile))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(m.Accuracy, "after step 1 of") {
		t.Errorf("the model has the accuracy %q, expected that of the first step, before the loss grew", m.Accuracy)
	}
}

// TestTrainFullDisk fills the disk between two states: the one before remains.
func TestTrainFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no device that is full")
	}
	data, out := discs(t, 5), filepath.Join(t.TempDir(), "out")
	interrupt(t, 2, small(data, tinyModel(t), out)...)
	before, err := os.ReadFile(filepath.Join(out, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{stateFile + ".new", modelFile + ".part", curveFile + ".part"} {
		if err := os.Symlink("/dev/full", filepath.Join(out, name)); err != nil {
			t.Fatal(err)
		}
		status, _, stderr := call("train", "-resume", out)
		if status != 1 || !strings.Contains(stderr, name) || strings.Count(stderr, "no space") != 1 {
			t.Errorf("%s: status %d, %s: expected the name of the file", name, status, stderr)
		}
		if after, err := os.ReadFile(filepath.Join(out, stateFile)); err != nil || name == stateFile+".new" && !bytes.Equal(after, before) {
			t.Errorf("the state before is gone: %v", err)
		}
		os.Remove(filepath.Join(out, name))
	}
	succeed(t, "train", "-resume", out)
}

// TestTrainOptions checks that a training's folder keeps all flags.
func TestTrainOptions(t *testing.T) {
	o := trainOptions{Data: "d", Layout: "voc", Classes: "c", IgnoreUnknown: true, Val: "v", From: "f", Recipe: "paper", Rate: 1,
		Freeze: "encoder", Size: 64, Batch: 2, Epochs: 3, Minutes: 4, Seed: 5, Threads: 6, FavourRare: 0.2, Quantise: true, folder: t.TempDir()}
	if err := o.write(); err != nil {
		t.Fatal(err)
	}
	writeText(t, o.path(stateFile), "")
	var got trainOptions
	if err := got.read(o.folder); err != nil || got != o {
		a, _ := json.Marshal(got)
		t.Errorf("%s, error %v", a, err)
	}
}
