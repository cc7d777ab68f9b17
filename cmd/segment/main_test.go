package main

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"segmenter/dataset"
	"segmenter/metrics"
)

const cat = "../../web/samples/chelsea.png"

// call runs a command line.
func call(arguments ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = run(context.Background(), arguments, &out, &err)
	return status, out.String(), err.String()
}

func succeed(t *testing.T, arguments ...string) string {
	t.Helper()
	status, stdout, stderr := call(arguments...)
	if status != 0 {
		t.Fatalf("segment %v: status %d, %s", arguments, status, stderr)
	}
	return stdout
}

func readPNG(t *testing.T, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPhoto(t *testing.T) {
	folder := t.TempDir()
	maskFile, overlayFile := filepath.Join(folder, "mask.png"), filepath.Join(folder, "overlay.png")
	var s summary
	if err := json.Unmarshal([]byte(succeed(t, "-size", "128", "-json", "-mask", maskFile, "-overlay", overlayFile, cat)), &s); err != nil {
		t.Fatal(err)
	}
	if s.Width != 451 || s.Height != 300 || s.Classes[0].Name != "cat" || s.Classes[0].Share < 0.5 {
		t.Errorf("printed %+v", s)
	}
	mask, ok := readPNG(t, maskFile).(*image.Paletted)
	if !ok || mask.Bounds() != image.Rect(0, 0, 451, 300) {
		t.Fatal("the mask is not a paletted picture of the photo's size")
	}
	pixels := 0
	for _, id := range mask.Pix {
		if int(id) == s.Classes[0].ID {
			pixels++
		}
	}
	if pixels != s.Classes[0].Pixels {
		t.Errorf("the mask has %d pixels of the first class, expected %d", pixels, s.Classes[0].Pixels)
	}
	if size := readPNG(t, overlayFile).Bounds().Size(); size != image.Pt(451, 300) {
		t.Errorf("the overlay has %v pixels", size)
	}
}

func TestSeveralPhotos(t *testing.T) {
	folder := t.TempDir()
	status, stdout, stderr := call("-size", "64", "-decoder", "linear", "-mask", folder, cat, "nothing.jpg", "../../web/samples/rocket.jpg")
	if status != 1 || !strings.Contains(stderr, "nothing.jpg") {
		t.Errorf("status %d, %q: expected 1 and the name of the missing photo", status, stderr)
	}
	if !strings.Contains(stdout, "chelsea.png") || !strings.Contains(stdout, "rocket.jpg") {
		t.Errorf("output %q: expected both photos", stdout)
	}
	readPNG(t, filepath.Join(folder, "chelsea.png"))
	readPNG(t, filepath.Join(folder, "rocket.png"))
}

func TestMisuse(t *testing.T) {
	for _, c := range []struct {
		arguments string
		status    int
		want      string
	}{
		{"", 2, "no photo"},
		{"-decoder fcn " + cat, 2, "fcn"},
		{"-threads 0 " + cat, 2, "-threads"},
		{"-size x " + cat, 2, "see above"},
		{"-window 8 " + cat, 1, "window 8"},
		{"-stride 8 " + cat, 2, "-window"},
		{"-mask " + cat + " " + cat, 2, "overwrite the photo"},
		{"-overlay ../../web/samples " + cat, 2, "overwrite the photo"},
		{"-mask . -overlay . " + cat, 2, "twice"},
		{"-mask . " + cat + " elsewhere/chelsea.jpg", 2, "twice"},
		{"-mask mask.png a.png b.png", 2, "folder"},
		{"-model " + cat + " " + cat, 1, "safetensors"},
		{"-model nothing.safetensors " + cat, 1, "nothing.safetensors"},
		{"main.go", 1, "not a photo in a known format"},
		{"eval", 2, "-data"},
		{"eval -data nowhere", 1, "nowhere"},
		{"quantise one", 2, "two"},
		{"quantise main.go x", 1, "main.go"},
		{"quantise main.go ./main.go", 2, "same file"},
		{"serve here", 2, "expected only flags"},
		{"serve -dir nowhere", 1, "nowhere"},
		{"version 1", 2, "no arguments"},
	} {
		status, _, stderr := call(strings.Fields(c.arguments)...)
		if status != c.status || !strings.Contains(stderr, c.want) {
			t.Errorf("segment %s: status %d, %q; expected %d and %q", c.arguments, status, stderr, c.status, c.want)
		}
	}
	if _, err := os.Stat("x.part"); err == nil {
		t.Error("a failed quantise left a file behind")
	}
}

// TestQuantise rounds to all steps of int8, then to fewer.
func TestQuantise(t *testing.T) {
	const float = "../../model/testdata/everyday.f32.safetensors"
	photo := "../../web/samples/chelsea.png"
	want := filepath.Join(t.TempDir(), "want.png")
	succeed(t, "-float", "-size", "224", "-model", float, "-mask", want, photo)
	sizes := []int{}
	for _, c := range []struct {
		flags []string
		share float64 // of the pixels that must keep their class
	}{
		{nil, 0.99},
		{[]string{"-steps", "8"}, 0.9},
	} {
		out, mask := filepath.Join(t.TempDir(), "small.safetensors"), filepath.Join(t.TempDir(), "mask.png")
		succeed(t, slices.Concat([]string{"quantise", "-card", "../../model/weights/everyday.json"}, c.flags, []string{float, out})...)
		succeed(t, "-float", "-size", "224", "-model", out, "-mask", mask, photo)
		if share := sameShare(t, mask, want); share < c.share {
			t.Errorf("%q: %.2f %% of the pixels keep their class, expected at least %v %%", c.flags, 100*share, 100*c.share)
		}
		sizes = append(sizes, compressedSize(t, out))
	}
	if sizes[1] > sizes[0]*3/4 {
		t.Errorf("fewer steps compress to %d bytes, all steps to %d: expected a quarter less", sizes[1], sizes[0])
	}
}

// sameShare returns the share of pixels that have the same class in two mask files.
func sameShare(t *testing.T, a, b string) float64 {
	t.Helper()
	first, second := readPNG(t, a).(*image.Paletted), readPNG(t, b).(*image.Paletted)
	return metrics.Agreement(first.Pix, second.Pix)
}

// compressedSize approximates the size of a file as servers compress it.
func compressedSize(t *testing.T, path string) int {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.HuffmanOnly)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(file)
	w.Close()
	return out.Len()
}

// set makes a set of one photo whose labels are the model's own mask.
func set(t *testing.T) (data, label string) {
	t.Helper()
	data = t.TempDir()
	for _, folder := range []string{"images", "labels"} {
		if err := os.Mkdir(filepath.Join(data, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	photo, err := os.ReadFile(cat)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "images", "a_cat.png"), photo, 0o644); err != nil {
		t.Fatal(err)
	}
	label = filepath.Join(data, "labels", "a_cat.png")
	succeed(t, "-size", "64", "-refine=false", "-mask", label, cat)
	return data, label
}

// TestEval scores the model against its own masks, then against labels that are
// partly wrong and partly ignored.
func TestEval(t *testing.T) {
	data, label := set(t)
	score := func(flags ...string) (s scores) {
		t.Helper()
		out := succeed(t, slices.Concat([]string{"eval", "-data", data, "-size", "64", "-json", "-match", "a_", "-against", "../../model/testdata/everyday.f32.safetensors"}, flags)...)
		if err := json.Unmarshal([]byte(out), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := score(); s.Photos != 1 || s.MIoU != 100 || s.PixelAccuracy != 100 || *s.VOC != 100 || *s.Agreement < 90 {
		t.Errorf("its own masks: %+v", s)
	}
	if s := score("-boundary"); *s.Boundary != 100 || *s.Other.Boundary <= 0 {
		t.Errorf("the boundaries of its own masks: %v, %v", *s.Boundary, *s.Other.Boundary)
	}
	if s := score("-refine"); s.PixelAccuracy == 100 || s.PixelAccuracy < 70 {
		t.Errorf("refined masks against unrefined ones: %+v", s)
	}

	mask := readPNG(t, label).(*image.Paletted)
	grey := &image.Gray{Pix: mask.Pix, Stride: mask.Stride, Rect: mask.Rect}
	for x := range 451 {
		for y := range 100 {
			grey.SetGray(x, y, color.Gray{dataset.Ignore})
		}
		for y := 200; y < 300; y++ {
			grey.SetGray(x, y, color.Gray{6}) // bus
		}
	}
	if err := writePNG(label, grey); err != nil {
		t.Fatal(err)
	}
	if s := score(); s.PixelAccuracy != 50 || s.MIoU >= 50 {
		t.Errorf("half of the labels wrong: %+v", s)
	}
}

// TestEvalBadFiles damages photos and labels: eval names each and counts the rest.
func TestEvalBadFiles(t *testing.T) {
	data, label := set(t)
	photo, err := os.ReadFile(cat)
	if err != nil {
		t.Fatal(err)
	}
	mask := readPNG(t, label).(*image.Paletted)
	grey := &image.Gray{Pix: bytes.Clone(mask.Pix), Stride: mask.Stride, Rect: mask.Rect}
	grey.Pix[7] = 200
	for name, labels := range map[string]image.Image{
		"beyond": grey,
		"small":  image.NewGray(image.Rect(0, 0, 3, 2)),
		"colour": image.NewRGBA(mask.Rect),
		"none":   nil,
	} {
		if err := os.WriteFile(filepath.Join(data, "images", name+".png"), photo, 0o644); err != nil {
			t.Fatal(err)
		}
		if labels == nil {
			continue
		}
		if err := writePNG(filepath.Join(data, "labels", name+".png"), labels); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(data, "images", "text.jpg"), []byte("no photo"), 0o644); err != nil {
		t.Fatal(err)
	}

	status, stdout, stderr := call("eval", "-data", data, "-size", "64", "-json")
	var s scores
	if err := json.Unmarshal([]byte(stdout), &s); err != nil {
		t.Fatal(err)
	}
	if status != 1 || s.Photos != 1 || s.MIoU != 100 {
		t.Errorf("status %d, %+v: expected 1 and the scores of the good photo", status, s)
	}
	for _, want := range []string{"beyond.png: ", "the label 200", "small.png: ", "3×2 pixels", "colour.png: ", "colour picture", "none.png: ", "text.jpg: "} {
		if !strings.Contains(stderr, want) {
			t.Errorf("errors %q: expected %q", stderr, want)
		}
	}
	if status, stdout, _ := call("eval", "-data", data, "-match", "text"); status != 1 || stdout != "" {
		t.Errorf("no good photo: status %d, %q; expected 1 and no scores", status, stdout)
	}
}
