package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"segmenter/compute"
	"segmenter/model"
	"segmenter/modelfile"
	"segmenter/photo/decode"
)

const ignored = 255 // the label of pixels that do not count

// eval compares masks with the labels that people gave.
func eval(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("eval", flag.ContinueOnError)
	var n network
	n.register(flags, 320)
	data := flags.String("data", "", "`folder` with images/NAME.jpg and labels/NAME.png (class ids; 255 = ignored)")
	match := flags.String("match", "", "take only photos whose name begins with `PREFIX`")
	against := flags.String("against", "", "judge a second model `file` too, in float32, and count the pixels to which both give the same class")
	flags.BoolVar(&n.refine, "refine", false, "have edges follow those of the photo (default: not, to compare with other networks)")
	boundary := flags.Bool("boundary", false, "judge where classes meet, too: the F-score of their boundaries")
	asJSON := flags.Bool("json", false, "print JSON")
	if err := parse(flags, arguments, stderr, "eval -data DIR [flags]"); err != nil {
		return err
	}
	if *data == "" || flags.NArg() > 0 {
		return usageError("expected -data DIR and nothing else")
	}
	m, decoder, err := n.open()
	if err != nil {
		return err
	}
	e := &evaluation{data: *data, judgeBoundaries: *boundary, models: []*model.Model{m}, arithmetic: n.arithmetic(m), options: model.Options{Decoder: decoder, Size: n.size, Refine: n.refine}}
	if *against != "" {
		other, err := model.Open(*against)
		if err != nil {
			return err
		}
		if !slices.EqualFunc(m.Classes, other.Classes, func(a, b modelfile.Class) bool { return a.Name == b.Name }) {
			return fmt.Errorf("%s has other classes than the model that it is compared with: expected the same names in the same order", *against)
		}
		e.models = append(e.models, other)
	}
	e.confusion, e.boundaries = make([]confusion, len(e.models)), make([]boundaries, len(e.models))
	photos, err := photosIn(filepath.Join(*data, "images"), *match)
	if err != nil {
		return err
	}
	e.photos = len(photos)
	if err := e.run(ctx, photos, n.threads, newBar(stderr)); err != nil {
		return err
	}
	for _, line := range slices.Sorted(slices.Values(e.failed)) {
		fmt.Fprintf(stderr, "segment: %s\n", line)
	}
	if len(e.failed) == len(photos) {
		return errReported
	}
	if err := e.report(stdout, len(photos)-len(e.failed), *asJSON); err != nil {
		return err
	}
	if len(e.failed) > 0 {
		return errReported
	}
	return nil
}

// photosIn lists the photos in a folder whose names have a prefix.
func photosIn(folder, prefix string) (photos []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		switch strings.ToLower(filepath.Ext(entry.Name())) {
		case ".jpg", ".jpeg", ".png", ".webp":
			if strings.HasPrefix(entry.Name(), prefix) {
				photos = append(photos, entry.Name())
			}
		}
	}
	if len(photos) == 0 {
		return nil, fmt.Errorf("%s holds no photo (JPEG, PNG, WebP) that begins with %q", folder, prefix)
	}
	return photos, nil
}

// evaluation counts pixels by label and by class.
type evaluation struct {
	data       string
	models     []*model.Model     // the one that is judged, and one to compare it with
	arithmetic compute.Arithmetic // of the one that is judged
	options    model.Options
	photos     int
	done       atomic.Int64 // photos

	judgeBoundaries bool

	mu         sync.Mutex
	confusion  []confusion  // of each model
	boundaries []boundaries // of each model
	same, all  int          // pixels to which both models give the same class
	failed     []string     // photos that do not count, and why
}

// boundaries adds up the F-scores of photos that have boundaries.
type boundaries struct {
	sum    float64
	photos int
}

// percent is the mean over the photos.
func (b boundaries) percent() float64 { return 100 * b.sum / float64(max(b.photos, 1)) }

// confusion counts pixels: [label][class].
type confusion [256][256]int

// run takes several photos at once, one processor each: that needs less waiting
// than several processors on one photo.
func (e *evaluation) run(ctx context.Context, photos []string, threads int, bar *bar) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	names := make(chan string)
	var wait sync.WaitGroup
	for range min(threads, len(photos)) {
		wait.Go(func() {
			if err := e.work(ctx, names, bar); err != nil {
				cancel(err)
			}
		})
	}
feed:
	for _, name := range photos {
		select {
		case names <- name:
		case <-ctx.Done():
			break feed
		}
	}
	close(names)
	wait.Wait()
	bar.end()
	return context.Cause(ctx)
}

func (e *evaluation) work(ctx context.Context, names <-chan string, bar *bar) error {
	var segmenters []*model.Segmenter
	for i, m := range e.models {
		arithmetic := e.arithmetic
		if i > 0 {
			arithmetic = compute.Float32
		}
		s, err := newSegmenter(m, 1, arithmetic)
		if err != nil {
			return err
		}
		defer s.Close()
		segmenters = append(segmenters, s)
	}
	var b boundaryScorer
	for name := range names {
		err := e.judge(ctx, segmenters, &b, name)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			e.fail(name, err)
		}
		bar.show(int(e.done.Add(1)), e.photos, "photos")
	}
	return nil
}

// fail keeps the error for the end, where it does not get in the bar's way.
func (e *evaluation) fail(name string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failed = append(e.failed, fmt.Sprintf("%s: %v", name, err))
}

// judge counts one photo.
func (e *evaluation) judge(ctx context.Context, segmenters []*model.Segmenter, b *boundaryScorer, name string) error {
	source, err := decode.Open(filepath.Join(e.data, "images", name))
	if err != nil {
		return err
	}
	results := make([]*model.Result, len(segmenters))
	for i, s := range segmenters {
		if results[i], err = s.Segment(ctx, source, e.options); err != nil {
			return err
		}
	}
	r := results[0]
	labels, err := readLabels(filepath.Join(e.data, "labels", strings.TrimSuffix(name, filepath.Ext(name))+".png"), r.Height, r.Width, len(r.Areas))
	if err != nil {
		return err
	}
	judged := make([]boundaries, len(results))
	if e.judgeBoundaries {
		for m, r := range results {
			if f, classes := b.score(r.Mask, labels, r.Height, r.Width); classes > 0 {
				judged[m] = boundaries{f, 1}
			}
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for m, r := range results {
		e.boundaries[m].sum += judged[m].sum
		e.boundaries[m].photos += judged[m].photos
		for i, class := range r.Mask {
			e.confusion[m][labels[i]][class]++
		}
	}
	last := results[len(results)-1]
	for i, class := range r.Mask {
		if class == last.Mask[i] {
			e.same++
		}
	}
	e.all += len(r.Mask)
	return nil
}

// readLabels reads class ids, which are the pixel values of a grey or a
// paletted PNG.
func readLabels(path string, height, width, classes int) ([]uint8, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// The size comes first: it bounds what decoding allocates.
	header, err := png.DecodeConfig(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if header.Width != width || header.Height != height {
		return nil, fmt.Errorf("%s has %d×%d pixels, its photo %d×%d: they must be equal", path, header.Width, header.Height, width, height)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	picture, err := png.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var labels []uint8
	switch m := picture.(type) {
	case *image.Gray:
		labels = m.Pix
	case *image.Paletted:
		labels = m.Pix
	default:
		return nil, fmt.Errorf("%s is a colour picture: expected 8-bit grey or a palette, whose values are class ids", path)
	}
	for _, label := range labels {
		if int(label) >= classes && label != ignored {
			return nil, fmt.Errorf("%s has the label %d: expected the model's classes, 0 to %d, or 255 for what does not count", path, label, classes-1)
		}
	}
	return labels, nil
}

// scores is the outcome. Percentages are 0 to 100.
type scores struct {
	Photos        int          `json:"photos"`
	MIoU          float64      `json:"miou"` // over the classes that occur in the labels
	PixelAccuracy float64      `json:"pixel_accuracy"`
	VOC           *float64     `json:"voc_miou,omitempty"`   // of 21 classes, if the model knows the 20 things
	Boundary      *float64     `json:"boundary_f,omitempty"` // see [boundaryScorer.score]
	Classes       []classScore `json:"classes"`

	Other     *scores  `json:"other,omitempty"`     // those of the second model
	Agreement *float64 `json:"agreement,omitempty"` // pixels to which both give the same class
}

type classScore struct {
	ID   int     `json:"id"`
	Name string  `json:"name"`
	IoU  float64 `json:"iou"`
}

// report prints the scores.
func (e *evaluation) report(w io.Writer, photos int, asJSON bool) error {
	result := e.score(0, photos)
	if len(e.models) > 1 {
		result.Other = e.score(1, photos)
		agreement := 100 * float64(e.same) / float64(e.all)
		result.Agreement = &agreement
	}
	if asJSON {
		return json.NewEncoder(w).Encode(result)
	}
	return result.print(w)
}

// score judges a model.
func (e *evaluation) score(m, photos int) *scores {
	classes := e.models[m].Classes
	s := &scores{Photos: photos, Classes: []classScore{}}
	identity := make([]int, len(classes))
	for id := range identity {
		identity[id] = id
	}
	iou, right, total := e.confusion[m].view(identity, len(classes))
	for id, v := range iou {
		if v >= 0 {
			s.Classes = append(s.Classes, classScore{id, classes[id].Name, v})
		}
	}
	s.MIoU, s.PixelAccuracy = mean(iou), 100*float64(right)/float64(max(total, 1))
	if view, ok := vocView(e.models[m]); ok {
		iou, _, _ := e.confusion[m].view(view, 1+len(vocThings))
		v := mean(iou)
		s.VOC = &v
	}
	if e.judgeBoundaries {
		v := e.boundaries[m].percent()
		s.Boundary = &v
	}
	return s
}

// view computes the intersection over union, in percent, of classes that are
// put together as view says: view[id] of n; −1 where the labels have none.
func (c *confusion) view(view []int, n int) (iou []float64, right, total int) {
	intersection, union, labelled := make([]int, n), make([]int, n), make([]int, n)
	for label, row := range c[:min(ignored, len(view))] {
		for class, pixels := range row[:len(view)] {
			a, b := view[label], view[class]
			total += pixels
			labelled[a] += pixels
			union[a] += pixels
			if a == b {
				right += pixels
				intersection[a] += pixels
			} else {
				union[b] += pixels
			}
		}
	}
	iou = make([]float64, n)
	for i := range iou {
		iou[i] = -1
		if labelled[i] > 0 {
			iou[i] = 100 * float64(intersection[i]) / float64(union[i])
		}
	}
	return iou, right, total
}

// mean is the mean of what is not negative.
func mean(values []float64) float64 {
	values = slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return v < 0 })
	sum := 0.
	for _, v := range values {
		sum += v
	}
	return sum / float64(max(len(values), 1))
}

// vocThings are the classes of Pascal VOC 2012; all else is its background.
var vocThings = []string{
	"aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
	"dining table", "dog", "horse", "motorbike", "person", "potted plant", "sheep", "sofa", "train", "tv monitor",
}

// vocView puts a model's classes together to those of Pascal VOC, 0 the
// background.
func vocView(m *model.Model) (view []int, ok bool) {
	things := 0
	for _, c := range m.Classes {
		i := slices.Index(vocThings, c.Name) + 1
		if i > 0 {
			things++
		}
		view = append(view, i)
	}
	return view, things == len(vocThings)
}

func (s *scores) print(w io.Writer) error {
	for _, c := range s.Classes {
		fmt.Fprintf(w, "%6.2f  %s\n", c.IoU, c.Name)
	}
	_, err := fmt.Fprintf(w, "\n%6.2f  mIoU over %d classes, %d photos\n%6.2f  pixel accuracy\n", s.MIoU, len(s.Classes), s.Photos, s.PixelAccuracy)
	if s.VOC != nil {
		_, err = fmt.Fprintf(w, "%6.2f  mIoU, Pascal VOC's 21 classes\n", *s.VOC)
	}
	if s.Boundary != nil {
		_, err = fmt.Fprintf(w, "%6.2f  F-score of the boundaries\n", *s.Boundary)
	}
	if s.Other == nil {
		return err
	}
	fmt.Fprintf(w, "\nThe model that it is compared with:\n\n")
	if err := s.Other.print(w); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\n%6.2f  %% of all pixels get the same class from both\n", *s.Agreement)
	return err
}
