package model

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/compute/reference"
	"segmenter/photo"
)

// TestMultiScale compares masks with the mean of the probabilities of single photos, whose
// mirror images are made here.
func TestMultiScale(t *testing.T) {
	src, m := goldenPhoto(t, "chelsea"), smallModel(t)
	plain := newSegmenter(t, m, []compute.Device{reference.New()})
	fast := newSegmenter(t, m, cpu.New(2, compute.Float32))
	for _, c := range []struct {
		options Options
		forms   MultiScale
		sizes   []int // of the photo's short side
	}{
		{Options{Size: 48}, MultiScale{}, []int{48}},
		{Options{Size: 48}, MultiScale{Flip: true}, []int{48}},
		{Options{Size: 50, MaskHeight: 31, MaskWidth: 47, Decoder: Linear}, MultiScale{[]float64{0.5, 1, 1.75}, true}, []int{25, 50, 88}},
		{Options{Size: 64, Window: 48, Stride: 40}, MultiScale{[]float64{0.5, 1.25}, true}, []int{32, 80}},
	} {
		t.Run(fmt.Sprint(c.options.Size, c.forms), func(t *testing.T) {
			got, err := fast.SegmentMultiScale(t.Context(), src, c.options, c.forms)
			if err != nil {
				t.Fatal(err)
			}
			want := meanMask(t, plain, src, c.options, c.forms.Flip, c.sizes)
			agree(t, "mask", got.Mask, want, 0.999)
			areas := make([]int, len(m.Classes))
			for _, class := range got.Mask {
				areas[class]++
			}
			if !slices.Equal(got.Areas, areas) {
				t.Errorf("areas %v, expected %v", got.Areas, areas)
			}
		})
	}
	for _, scale := range []float64{0, -1, 1e9} {
		if _, err := fast.SegmentMultiScale(t.Context(), src, Options{Size: 48}, MultiScale{Scales: []float64{scale}}); err == nil || !strings.Contains(err.Error(), "scale") {
			t.Errorf("scale %v: error %v", scale, err)
		}
	}
}

// meanMask segments a photo in each size, and averages the probabilities.
func meanMask(t *testing.T, s *Segmenter, src *photo.Image, o Options, flip bool, sizes []int) []uint8 {
	t.Helper()
	var sums [][]float32
	for _, size := range sizes {
		for mirrored := range 2 {
			if mirrored == 1 && !flip {
				continue
			}
			o.Size = size
			seen := src
			if mirrored == 1 {
				seen = mirrorImage(src)
			}
			r := segment(t, s, seen, o)
			for class := range r.Areas {
				p, err := s.Probabilities(class)
				if err != nil {
					t.Fatal(err)
				}
				for row := range slices.Chunk(p, r.Width) {
					if mirrored == 1 {
						slices.Reverse(row)
					}
				}
				if len(sums) <= class {
					sums = append(sums, make([]float32, len(p)))
				}
				for i, v := range p {
					sums[class][i] += v
				}
			}
		}
	}
	mask := make([]uint8, len(sums[0]))
	for i := range mask {
		for class := range sums {
			if sums[class][i] > sums[mask[i]][i] {
				mask[i] = uint8(class)
			}
		}
	}
	return mask
}

func mirrorImage(src *photo.Image) *photo.Image {
	m := &photo.Image{Height: src.Height, Width: src.Width}
	for y := range src.Height {
		for x := src.Width - 1; x >= 0; x-- {
			m.Pix = append(m.Pix, src.Pix[3*(y*src.Width+x):][:3]...)
		}
	}
	return m
}
