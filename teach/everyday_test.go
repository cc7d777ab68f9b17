package teach_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/dataset"
	"segmenter/metrics"
	"segmenter/model"
	"segmenter/modelfile"
	"segmenter/teach"
)

// How the benchmark marks and scores photos.
const (
	strokesOfPhoto = 3
	trials         = 3    // with other photos
	least          = 0.02 // part of a photo that a class must have for the photo to be marked
	finer          = 4    // scored places along the side of a patch
)

// TestEveryday teaches classes to the shipped model and scores them, if the environment names
// labelled photos:
//
//	EVERYDAY=DATA/val HARDWARE=hardware/val go test ./teach -run Everyday -v -timeout 2h
//
// In EVERYDAY, classes that the model has are taught after their rows were taken out of both
// decoders; HARDWARE is a set of dataset/hardware, whose classes it never had. docs/teaching.md has
// the table.
func TestEveryday(t *testing.T) {
	everyday, hardware := os.Getenv("EVERYDAY"), os.Getenv("HARDWARE")
	if everyday+hardware == "" {
		t.Skip("EVERYDAY and HARDWARE name no labelled photos")
	}
	m := openModel(t, "../model/weights/everyday.safetensors")
	f, err := os.Open("../web/library/typical.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	typical, err := teach.Open(f, m)
	if err != nil {
		t.Fatal(err)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer table.Flush()
	fmt.Fprintln(table, "class\tphotos with it\tbuilt-in IoU\tafter 2 photos\tshare\tafter 5\tshare\tothers lose, mIoU\tfit, ms")
	b := &benchmark{t: t, model: m, typical: typical, head: headOf(t, m)}
	if everyday != "" {
		b.photos = b.network(everyday, "voc_")
		for _, name := range []string{"horse", "sheep", "cow", "bottle", "tv monitor"} {
			class := slices.IndexFunc(m.Classes, func(c modelfile.Class) bool { return c.Name == name })
			b.row(table, name, class, class)
		}
	}
	if hardware != "" {
		b.photos = b.network(hardware, "")
		for class, name := range []string{"", "nut", "washer", "screw"} {
			if class > 0 {
				b.row(table, name, class, -1)
			}
		}
	}
}

func openModel(t *testing.T, path string) *model.Model {
	t.Helper()
	m, err := model.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// headOf returns the rows of the linear decoder.
func headOf(t *testing.T, m *model.Model) []float32 {
	t.Helper()
	s, err := model.New(m, cpu.New(1, compute.Float32))
	if err != nil {
		t.Fatal(err)
	}
	blank := &blankPhoto{}
	if _, err := s.Segment(t.Context(), blank, model.Options{}); err != nil {
		t.Fatal(err)
	}
	rows, err := s.Inner(t.Context(), model.Inner{Kind: model.Rows})
	if err != nil {
		t.Fatal(err)
	}
	return rows.Values
}

type blankPhoto struct{}

func (blankPhoto) Size() (height, width int) { return 16, 16 }
func (blankPhoto) Row(int, []byte) error     { return nil }

// benchmark is the photos of a set and what the network made of them.
type benchmark struct {
	t       *testing.T
	model   *model.Model
	typical *teach.Set
	head    []float32
	photos  []photo
}

// A photo is scored at places between its patches.
type photo struct {
	teach.Photo           // scores are the mask transformer's
	linear      []float32 // scores of the linear decoder
	labels      []uint8   // of the photo
	places      []uint8   // labels of the places
}

// network runs the network on all photos of a folder.
func (b *benchmark) network(folder, prefix string) []photo {
	labels := "labels"
	if _, err := os.Stat(filepath.Join(folder, labels)); err != nil {
		labels = "masks"
	}
	set, err := dataset.Open(folder, prefix)
	if labels == "masks" {
		set, err = dataset.Load(folder, dataset.Options{})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	photos := make([]photo, len(set.Samples))
	each(len(photos), func(next func() (int, bool)) {
		s, err := model.New(b.model, cpu.New(1, cpu.Fastest(compute.Int8)))
		if err != nil {
			b.t.Error(err)
			return
		}
		for i, ok := next(); ok; i, ok = next() {
			if photos[i], err = newPhoto(s, set.Samples[i]); err != nil {
				b.t.Error(err)
			}
		}
	})
	return photos
}

// each calls f on every core; next gives it the numbers below n.
func each(n int, f func(next func() (int, bool))) {
	var mu sync.Mutex
	at := 0
	next := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		at++
		return at - 1, at <= n
	}
	var wait sync.WaitGroup
	for range runtime.NumCPU() {
		wait.Go(func() { f(next) })
	}
	wait.Wait()
}

func newPhoto(s *model.Segmenter, sample dataset.Sample) (p photo, err error) {
	m := s.Model()
	scores := map[model.Decoder][]float32{}
	var features *model.InnerValues
	for _, d := range m.Decoders() {
		source, labels, err := sample.Read(len(m.Classes))
		if err != nil {
			return p, err
		}
		r, err := s.Segment(context.Background(), source, model.Options{Decoder: d, Size: m.Size})
		if err != nil {
			return p, err
		}
		if scores[d], _, _, err = s.Scores(); err != nil {
			return p, err
		}
		if features, err = s.Inner(context.Background(), model.Inner{Kind: model.Features}); err != nil {
			return p, err
		}
		p.Height, p.Width, p.labels = r.Height, r.Width, labels
	}
	p.View, p.Features, p.Classes = features.View, features.Values, len(m.Classes)
	p.Scores, p.linear = scores[model.Mask], scores[model.Linear]
	for y := range finer * p.View.Rows() {
		for x := range finer * p.View.Cols() {
			row := (2*y + 1) * p.View.Patch * p.Height / (2 * finer * p.View.Height)
			col := (2*x + 1) * p.View.Patch * p.Width / (2 * finer * p.View.Width)
			p.places = append(p.places, p.labels[min(row, p.Height-1)*p.Width+min(col, p.Width-1)])
		}
	}
	return p, nil
}

// row teaches a class, label in the photos' labels and own among the model's (−1: none), and prints
// how well it is found.
func (b *benchmark) row(table *tabwriter.Writer, name string, label, own int) {
	var with []int
	for i, p := range b.photos {
		n := 0
		for _, l := range p.labels {
			if int(l) == label {
				n++
			}
		}
		if float64(n) >= least*float64(len(p.labels)) {
			with = append(with, i)
		}
	}
	without := make([]photo, len(b.photos)) // its row
	for i, p := range b.photos {
		without[i] = p
		without[i].Scores, without[i].linear = lowered(p.Scores, p.Classes, own), lowered(p.linear, p.Classes, own)
	}
	builtIn, reached, lost := 0., [2]float64{}, 0.
	var times []time.Duration
	for trial := range trials {
		random := rand.New(rand.NewPCG(uint64(label), uint64(trial)))
		order := slices.Clone(with)
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for k, count := range []int{2, 5} {
			marked := order[:min(count, len(order))]
			began := time.Now()
			row := b.teach(without, marked, label, own)
			times = append(times, time.Since(began))
			s := b.score(without, row, marked, label, own >= 0)
			builtIn += s.builtIn / trials / 2
			reached[k] += s.taught / trials
			lost = max(lost, s.before-s.after)
		}
	}
	share := func(v float64) string {
		if own < 0 {
			return "–"
		}
		return fmt.Sprintf("%.2f", v/builtIn)
	}
	before, loses := fmt.Sprintf("%.1f", 100*builtIn), fmt.Sprintf("%.2f", 100*lost)
	if own < 0 {
		before, loses = "–", "–"
	}
	fmt.Fprintf(table, "%s\t%d\t%s\t%.1f\t%s\t%.1f\t%s\t%s\t%.0f\n", name, len(with), before, 100*reached[0], share(reached[0]), 100*reached[1], share(reached[1]),
		loses, slices.Max(times).Seconds()*1000)
	table.Flush()
}

// lowered returns scores in which a class never wins.
func lowered(scores []float32, classes, class int) []float32 {
	if class < 0 {
		return scores
	}
	scores = slices.Clone(scores)
	for i := class; i < len(scores); i += classes {
		scores[i] = -1e4
	}
	return scores
}

func (b *benchmark) teach(photos []photo, marked []int, label, own int) teach.Row {
	set := teach.NewSet(b.model)
	if err := set.Add(modelfile.Class{Name: "taught"}, nil); err != nil {
		b.t.Fatal(err)
	}
	for _, i := range marked {
		p := &photos[i]
		if err := set.Show(0, &p.Photo, draw(p.labels, p.Height, p.Width, uint8(label), strokesOfPhoto), false); err != nil {
			b.t.Fatal(err)
		}
	}
	head, typical := slices.Clone(b.head), *b.typical
	if own >= 0 {
		head[(own+1)*(set.Width+1)-1] = -1e4
		typical.Classes = slices.Delete(slices.Clone(typical.Classes), own, own+1)
	}
	set.Fit(teach.NewHead(head, set.Width), &typical)
	return set.Classes[0].Row
}

type score struct{ builtIn, taught, before, after float64 }

// score scores the mask transformer with the class's own row and with the taught one, on the photos
// that were not marked, and the other classes without and with it. Labels of a set that has other
// classes than the model say only where the class is.
func (b *benchmark) score(photos []photo, row teach.Row, marked []int, label int, isOfModel bool) score {
	class := label
	if !isOfModel {
		class = len(b.model.Classes)
	}
	labelsOf := func(p *photo) []uint8 {
		if isOfModel {
			return p.places
		}
		labels := make([]uint8, len(p.places))
		for i, l := range p.places {
			if int(l) == label {
				labels[i] = uint8(class)
			}
		}
		return labels
	}
	var mu sync.Mutex
	var withOwn, without, withTaught metrics.Confusion
	each(len(photos), func(next func() (int, bool)) {
		var mine [3]metrics.Confusion
		for i, ok := next(); ok; i, ok = next() {
			if slices.Contains(marked, i) {
				continue
			}
			p := &photos[i]
			labels := labelsOf(p)
			mine[0].Add(classify(p, b.photos[i].Scores, p.Classes), labels)
			mine[1].Add(classify(p, p.Scores, p.Classes), labels)
			taught := classify(p, extended(p, row), p.Classes+1)
			for j, id := range taught {
				if int(id) == p.Classes {
					taught[j] = uint8(class)
				}
			}
			mine[2].Add(taught, labels)
		}
		mu.Lock()
		defer mu.Unlock()
		withOwn.Merge(&mine[0])
		without.Merge(&mine[1])
		withTaught.Merge(&mine[2])
	})
	view := metrics.Each(len(b.model.Classes) + 1)
	others := func(c *metrics.Confusion) float64 {
		iou := c.IoU(view)
		iou[class] = math.NaN()
		return metrics.Mean(iou)
	}
	return score{withOwn.IoU(view)[class], withTaught.IoU(view)[class], others(&without), others(&withTaught)}
}

// classify gives each place the class that scores highest.
func classify(p *photo, scores []float32, classes int) []uint8 {
	var up compute.Upsampler
	v := p.View
	height, width := finer*v.Rows(), finer*v.Cols()
	up.Reset(compute.Whole(v.Patch, v.Rows()*v.Patch, v.Cols()*v.Patch), scores, classes, height, width)
	mask := make([]uint8, 0, height*width)
	for y := range height {
		row := up.Row(y)
		for x := range width {
			at := row[x*classes:][:classes]
			mask = append(mask, uint8(slices.Index(at, slices.Max(at))))
		}
	}
	return mask
}

// extended adds the scores of a taught class: compute.Operations.Extend.
func extended(p *photo, row teach.Row) (out []float32) {
	D := len(row.Weights)
	for i := range len(p.Features) / D {
		scores, rivals := p.Scores[i*p.Classes:][:p.Classes], p.linear[i*p.Classes:][:p.Classes]
		taught := row.Bias + slices.Max(scores) - slices.Max(rivals)
		for j, f := range p.Features[i*D:][:D] {
			taught += row.Weights[j] * f
		}
		out = append(append(out, scores...), taught)
	}
	return out
}

// draw draws strokes inside of a class's area: straight lines, as long as they fit, apart from each
// other.
func draw(labels []uint8, height, width int, class uint8, n int) (strokes []teach.Stroke) {
	side := float64(min(height, width))
	thick, longest, between := 0.02*side, 0.35*side, 0.12*side
	inside := func(x, y float64) bool {
		return x >= 0 && y >= 0 && x < float64(width) && y < float64(height) && labels[int(y)*width+int(x)] == class
	}
	points := innerPoints(height, width, thick, inside)
	for len(strokes) < n && len(points) > 0 {
		a, b, length := points[0], points[0], 0.
		for i, p := range points {
			for _, q := range points[i+1:] {
				if d := distance(p, q); d > length && d <= longest && isInside(p, q, inside) {
					a, b, length = p, q, d
				}
			}
		}
		strokes = append(strokes, teach.Stroke{Points: []teach.Point{a, b}, Width: float32(thick)})
		points = slices.DeleteFunc(points, func(p teach.Point) bool { return toLine(a, b, p) < between })
	}
	return strokes
}

// innerPoints lists points of a lattice that lie well inside, or as far as there are some.
func innerPoints(height, width int, thick float64, inside func(x, y float64) bool) (points []teach.Point) {
	step := max(1, math.Sqrt(float64(height*width))/60)
	for r := thick; len(points) < 3 && r > 0.5; r /= 2 {
		points = points[:0]
		for y := step / 2; y < float64(height); y += step {
			for x := step / 2; x < float64(width); x += step {
				free := inside(x, y)
				for k := 0; k < 8 && free; k++ {
					sin, cos := math.Sincos(float64(k) * math.Pi / 4)
					free = inside(x+r*cos, y+r*sin)
				}
				if free {
					points = append(points, teach.Point{X: float32(x), Y: float32(y)})
				}
			}
		}
	}
	return points
}

func distance(p, q teach.Point) float64 { return math.Hypot(float64(p.X-q.X), float64(p.Y-q.Y)) }

func isInside(p, q teach.Point, inside func(x, y float64) bool) bool {
	const steps = 20
	for k := 1; k < steps; k++ {
		s := float64(k) / steps
		if !inside(float64(p.X)*(1-s)+float64(q.X)*s, float64(p.Y)*(1-s)+float64(q.Y)*s) {
			return false
		}
	}
	return true
}

// toLine is the distance of p to the line from a to b.
func toLine(a, b, p teach.Point) float64 {
	dx, dy := float64(b.X-a.X), float64(b.Y-a.Y)
	s := 0.
	if length := dx*dx + dy*dy; length > 0 {
		s = min(max((float64(p.X-a.X)*dx+float64(p.Y-a.Y)*dy)/length, 0), 1)
	}
	return math.Hypot(float64(a.X)+s*dx-float64(p.X), float64(a.Y)+s*dy-float64(p.Y))
}
