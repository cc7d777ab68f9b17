package teach

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"segmenter/compute"
	"segmenter/modelfile"
)

// TestFit separates two clouds of points, and loses against rivals that are higher.
func TestFit(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const width = 24
	point := func(centre float32) []float32 {
		p := make([]float32, width)
		for i := range p {
			p[i] = float32(random.NormFloat64())
		}
		p[3] += centre
		return p
	}
	var list []example
	for range 100 {
		list = append(list, example{features: point(4), rival: 2, weight: 0.01, yes: true}, example{features: point(-4), rival: 2, weight: 0.01})
	}
	r := fit(list, width, 0.01)
	again := fit(list, width, 0.01)
	if !reflect.DeepEqual(r, again) {
		t.Error("the same examples gave another row")
	}
	wrong := 0
	for range 1000 {
		for centre, yes := range map[float32]bool{4: true, -4: false} {
			score := r.Bias
			for i, v := range point(centre) {
				score += r.Weights[i] * v
			}
			if (score > 2) != yes {
				wrong++
			}
		}
	}
	if wrong > 10 {
		t.Errorf("%d of 2000 points are on the wrong side", wrong)
	}
}

// TestGradient holds the gradient against differences of the function.
func TestGradient(t *testing.T) {
	p := &problem{[]example{{[]float32{1, -2}, 0.5, 0.7, true}, {[]float32{-0.3, 0.8}, -0.2, 1.1, false}}, 0.3}
	x := []float64{0.2, -0.4, 0.1}
	gradient, other := make([]float64, 3), make([]float64, 3)
	p.value(gradient, x)
	const step = 1e-6
	for i := range x {
		x[i] += step
		up := p.value(other, x)
		x[i] -= 2 * step
		down := p.value(other, x)
		x[i] += step
		if want := (up - down) / 2 / step; math.Abs(gradient[i]-want) > 1e-6 {
			t.Errorf("gradient %d is %g, expected %g", i, gradient[i], want)
		}
	}
}

// testPhoto is a photo of 4×6 patches of 16 pixels, twice as large itself. Its left half has the
// feature 0, its right half the feature 1; the model is sure of class 2 on the left.
func testPhoto() *Photo {
	p := &Photo{Height: 128, Width: 192, View: compute.Whole(16, 64, 96), Classes: 3}
	for i := range 24 {
		if i%6 < 3 {
			p.Features, p.Scores = append(p.Features, 5, 0), append(p.Scores, 0, 0, 9)
		} else {
			p.Features, p.Scores = append(p.Features, 0, 5), append(p.Scores, 1, 0, 0)
		}
	}
	return p
}

func stroke(not bool, points ...float32) Stroke {
	s := Stroke{Width: 8, Not: not}
	for i := 0; i < len(points); i += 2 {
		s.Points = append(s.Points, Point{points[i], points[i+1]})
	}
	return s
}

// TestPlaces checks where strokes mark a photo.
func TestPlaces(t *testing.T) {
	p := testPhoto()
	if got := p.places([]Stroke{stroke(false, 16, 16)}, false); len(got) < 1 || len(got) > 4 {
		t.Errorf("a dot marks %v, expected one to four places", got)
	}
	line := p.places([]Stroke{stroke(false, 0, 16, 191, 16)}, false)
	if len(line) < 12 || len(line) > 24 {
		t.Errorf("a line across six patches marks %d places", len(line))
	}
	for _, at := range line {
		if math.Abs(float64(at.Y)) > 0.3 {
			t.Errorf("it marks %v, expected the middle of the first row", at)
		}
	}
	if twice := p.places([]Stroke{stroke(false, 0, 16, 191, 16), stroke(false, 191, 16, 0, 16)}, false); len(twice) != len(line) {
		t.Errorf("drawn twice, it marks %d places, expected %d", len(twice), len(line))
	}
	wide := stroke(false, 96, 64)
	wide.Width = 1000
	if got := len(p.places([]Stroke{wide}, false)); got != 24*perPatch*perPatch {
		t.Errorf("a stroke wider than the photo marks %d places, expected all", got)
	}
	for _, s := range []Stroke{stroke(true, 16, 16), stroke(false, -500, -500), stroke(false, 1e30, 1e30)} {
		if got := p.places([]Stroke{s}, false); len(got) > 0 {
			t.Errorf("%v marks %v, expected nothing", s, got)
		}
	}
}

// taught returns a set with one class, shown on the right of testPhoto.
func taught(t *testing.T) *Set {
	t.Helper()
	s := &Set{Encoder: "e", Width: 2}
	if err := s.Add(modelfile.Class{Name: "right"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Show(0, testPhoto(), []Stroke{stroke(false, 150, 20, 170, 100)}, false); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestShow shows a class, and checks what the photo taught beside it.
func TestShow(t *testing.T) {
	s := taught(t)
	l := s.Classes[0].Lessons[0]
	if len(l.Yes) == 0 || l.Yes[0] != 0 || l.Yes[1] != 5 {
		t.Errorf("the stroke shows %v, expected the features of the right", l.Yes)
	}
	if len(l.No) != 12*2 || l.No[0] != 5 {
		t.Errorf("%d features are no examples of it, expected those of the left half", len(l.No))
	}
	head := NewHead([]float32{1, 0, 0, 0, 0, 0, 0.5, 0.5, 0}, 2)
	s.Fit(head, nil)
	r := s.Classes[0].Row
	for _, at := range []struct {
		features []float32
		wins     bool
	}{{[]float32{0, 5}, true}, {[]float32{5, 0}, false}} {
		score := r.Bias + r.Weights[0]*at.features[0] + r.Weights[1]*at.features[1]
		if (score > head.rival(at.features)) != at.wins {
			t.Errorf("features %v: score %g, rival %g", at.features, score, head.rival(at.features))
		}
	}
	if err := s.Show(0, testPhoto(), []Stroke{stroke(false, 160, 20), stroke(true, 20, 20)}, true); err != nil || len(s.Classes[0].Lessons) != 1 || s.Classes[0].Strokes() != 2 {
		t.Errorf("again: %d lessons of %d strokes, expected one of 2: %v", len(s.Classes[0].Lessons), s.Classes[0].Strokes(), err)
	}
	if err := s.Show(0, testPhoto(), nil, true); err != nil || len(s.Classes[0].Lessons) != 0 {
		t.Errorf("taken back: %d lessons: %v", len(s.Classes[0].Lessons), err)
	}
	if err := s.Show(1, testPhoto(), []Stroke{stroke(false, 9, 9)}, false); err == nil {
		t.Error("a class that is not there: expected an error")
	}
	if err := s.Show(0, testPhoto(), []Stroke{stroke(false, 900, 900)}, false); err == nil {
		t.Error("strokes beside the photo: expected an error")
	}
}

// TestFile writes a set and reads it again.
func TestFile(t *testing.T) {
	s := taught(t)
	s.Add(modelfile.Class{Name: "没有", Colour: modelfile.Colour{R: 1, G: 2, B: 3}}, nil)
	s.Show(0, testPhoto(), []Stroke{stroke(true, 150, 20)}, false) // shows only what it is not
	s.Rename(1, s.Classes[1].Class, true)
	s.Fit(nil, nil)
	got, err := Read(bytes.NewReader(written(t, s)))
	if err != nil {
		t.Fatal(err)
	}
	if got.Encoder != "e" || got.Width != 2 || len(got.Classes) != 2 || !got.Classes[1].Off || got.Classes[0].Strokes() != 2 {
		t.Errorf("read %+v", got)
	}
	if !bytes.Equal(written(t, got), written(t, s)) {
		t.Error("written again, the file is another")
	}
	before := got.Classes[0].Row
	if got.Fit(nil, nil); !reflect.DeepEqual(got.Classes[0].Row, before) {
		t.Error("fitted again, the row is another")
	}
	if n := len(got.Taught()); n != 1 {
		t.Errorf("%d classes are shown, expected one", n)
	}
	if err := got.Fits("other", 2); err == nil {
		t.Error("a set of another encoder: expected an error")
	}
	empty := &Set{Encoder: "e", Width: 2}
	if _, err := Read(bytes.NewReader(written(t, empty))); err != nil {
		t.Errorf("a set without classes: %v", err)
	}
	if err := empty.Merge(got); err != nil || len(empty.Classes) != 2 {
		t.Errorf("merged: %d classes: %v", len(empty.Classes), err)
	}
	if err := empty.Merge(got); err != nil || len(empty.Classes) != 2 {
		t.Errorf("merged twice: %d classes: %v", len(empty.Classes), err)
	}
	if err := empty.Remove(0); err != nil || empty.Classes[0].Name != "没有" {
		t.Errorf("the wrong class was removed: %v", err)
	}
}

func written(t testing.TB, s *Set) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := s.Write(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// TestBadFiles reads what is no file of taught classes.
func TestBadFiles(t *testing.T) {
	whole := written(t, fuzzSet())
	for name, file := range map[string][]byte{
		"empty": {}, "cut off": whole[:len(whole)-1], "longer": append(bytes.Clone(whole), 0),
		"another format":  bytes.Replace(whole, []byte(Format), []byte("segmenter-taught/2"), 1),
		"another count":   bytes.Replace(whole, []byte(`"strokes":"3"`), []byte(`"strokes":"x"`), 1),
		"another shape":   bytes.Replace(whole, []byte(`"shape":[1,2]`), []byte(`"shape":[2,1]`), 1),
		"another tensor":  bytes.Replace(whole, []byte(`"0.0.yes"`), []byte(`"0.1.yes"`), 1),
		"lessons too few": bytes.Replace(whole, []byte(`"strokes":"3"`), []byte(`"strokes":"" `), 1),
	} {
		_, err := Read(bytes.NewReader(file))
		if err == nil || !strings.HasPrefix(err.Error(), "the file of taught classes cannot be used: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func fuzzSet() *Set {
	return &Set{Encoder: "e", Width: 2, Classes: []Class{{
		Class: modelfile.Class{Name: "a"}, Row: Row{Weights: []float32{1, 2}, Bias: 3},
		Lessons: []Lesson{{Strokes: 3, Yes: []float32{1, 2}, No: []float32{3, 4, 5, 6}}},
	}}}
}

// FuzzRead reads files that may be anything. What it takes can be fitted and written.
func FuzzRead(f *testing.F) {
	f.Add(written(f, fuzzSet()))
	f.Add(written(f, &Set{Encoder: "e", Width: 1}))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := Read(bytes.NewReader(file))
		if err != nil {
			return
		}
		s.Fit(nil, nil)
		written(t, s)
	})
}
