// Command typical finds features that are typical of each class of a model, as examples of what a
// taught class is not.
//
//	go run ./teach/typical -data DATA/train -o web/library/typical.safetensors
//
// They are the centres of k-means over the patches of labelled photos. The file is one of package
// teach, without rows.
package main

import (
	"context"
	"flag"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"

	"segmenter/compute/cpu"
	"segmenter/dataset"
	"segmenter/model"
	"segmenter/teach"
)

const (
	most  = 300 // patches of a class
	inOne = 6   // of them in a photo
	pure  = 0.9 // part of a patch that has its class
	turns = 20  // of k-means
)

// sizes are those at which the network sees every other photo: small objects, and larger ones.
var sizes = []int{256, 384}

func main() {
	log.SetFlags(0)
	log.SetPrefix("typical: ")
	file := flag.String("model", "model/weights/everyday.safetensors", "model `file`")
	data := flag.String("data", "", "`folder` with labelled photos, images/ and labels/")
	photos := flag.Int("photos", 600, "`number` of photos, spread evenly over the folder")
	centres := flag.Int("centres", 8, "`number` of features of each class")
	out := flag.String("o", "typical.safetensors", "`file` to write")
	flag.Parse()
	if err := run(*file, *data, *out, *photos, *centres); err != nil {
		log.Fatal(err)
	}
}

func run(file, data, out string, photos, centres int) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	m, err := model.Read(f)
	if err != nil {
		return err
	}
	set, err := dataset.Open(data, "")
	if err != nil {
		return err
	}
	found, err := collect(m, set, photos)
	if err != nil {
		return err
	}
	typical := teach.NewSet(m)
	for class, features := range found {
		shown := slices.Concat(kMeans(features, centres)...)
		if err := typical.Add(m.Classes[class], shown); err != nil {
			return err
		}
	}
	target, err := os.Create(out)
	if err != nil {
		return err
	}
	if err := typical.Write(target); err != nil {
		target.Close()
		return err
	}
	return target.Close()
}

// collect returns features of patches of each class.
func collect(m *model.Model, set *dataset.Set, photos int) ([][][]float32, error) {
	s, err := model.New(m, cpu.New(runtime.NumCPU(), cpu.Fastest(model.Arithmetic(m))))
	if err != nil {
		return nil, err
	}
	defer s.Close()
	found := make([][][]float32, len(m.Classes))
	photos = min(photos, len(set.Samples))
	for i := range photos {
		source, labels, err := set.Samples[i*len(set.Samples)/photos].Read(len(m.Classes))
		if err != nil {
			return nil, err
		}
		height, width := source.Size()
		options := model.Options{Size: sizes[i%len(sizes)]}
		if _, err := s.Segment(context.Background(), source, options); err != nil {
			return nil, err
		}
		features, err := s.Inner(context.Background(), model.Inner{Kind: model.Features})
		if err != nil {
			return nil, err
		}
		random := rand.New(rand.NewPCG(1, uint64(i)))
		count := make([]int, len(m.Classes))
		for _, patch := range random.Perm(features.Tokens) {
			class := classOf(labels, height, width, features, patch)
			if class == dataset.Ignore || count[class] == inOne || len(found[class]) == most {
				continue
			}
			count[class]++
			found[class] = append(found[class], features.Values[patch*features.Width:][:features.Width])
		}
	}
	return found, nil
}

// classOf returns the class that a patch is purely of, or Ignore.
func classOf(labels []uint8, height, width int, f *model.InnerValues, patch int) uint8 {
	var count [256]int
	row, col := patch/f.Cols, patch%f.Cols
	top, bottom := row*f.View.Patch*height/f.View.Height, min(height, (row+1)*f.View.Patch*height/f.View.Height)
	left, right := col*f.View.Patch*width/f.View.Width, min(width, (col+1)*f.View.Patch*width/f.View.Width)
	for y := top; y < bottom; y++ {
		for _, label := range labels[y*width+left : y*width+right] {
			count[label]++
		}
	}
	best := slices.Index(count[:], slices.Max(count[:]))
	if float64(count[best]) < pure*float64((bottom-top)*(right-left)) {
		return dataset.Ignore
	}
	return uint8(best)
}

// kMeans returns the centres of k clusters, or the points if there are no more. It starts with
// points far apart.
func kMeans(points [][]float32, k int) [][]float32 {
	if len(points) <= k {
		return points
	}
	centres := [][]float32{points[0]}
	for len(centres) < k {
		far, farthest := 0, -1.
		for i, p := range points {
			if _, d := nearest(centres, p); d > farthest {
				far, farthest = i, d
			}
		}
		centres = append(centres, points[far])
	}
	for range turns {
		sums, counts := make([][]float32, k), make([]float32, k)
		for _, p := range points {
			c, _ := nearest(centres, p)
			if sums[c] == nil {
				sums[c] = make([]float32, len(p))
			}
			counts[c]++
			for j, v := range p {
				sums[c][j] += v
			}
		}
		for c := range centres {
			if counts[c] == 0 {
				continue
			}
			for j := range sums[c] {
				sums[c][j] /= counts[c]
			}
			centres[c] = sums[c]
		}
	}
	return centres
}

func nearest(centres [][]float32, p []float32) (index int, distance float64) {
	distance = math.Inf(1)
	for c, centre := range centres {
		sum := 0.
		for j, v := range p {
			d := float64(v - centre[j])
			sum += d * d
		}
		if sum < distance {
			index, distance = c, sum
		}
	}
	return index, distance
}
