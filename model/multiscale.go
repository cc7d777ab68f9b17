package model

import (
	"context"
	"fmt"
	"math"
	"slices"

	"segmenter/compute"
	"segmenter/photo"
)

// PaperScales are the factors of the paper's multi-scale evaluation (segm/data/base.py).
var PaperScales = []float64{0.5, 0.75, 1, 1.25, 1.5, 1.75}

// MultiScale says in which forms the network sees a photo whose scores are averaged.
type MultiScale struct {
	Scales []float64 // of the short side, as factors of Options.Size; none = 1 alone
	Flip   bool      // each size also mirrored
}

// forms lists the options of each form, and which are mirrored.
func (m MultiScale) forms(short int, o Options) (list []form, err error) {
	scales := m.Scales
	if len(scales) == 0 {
		scales = []float64{1}
	}
	for _, scale := range scales {
		if !(scale > 0 && scale <= maxSize) {
			return nil, fmt.Errorf("the scale %v: expected a factor above 0, such as 0.5 or 1.25", scale)
		}
		f := form{Options: o}
		if scale != 1 {
			if f.Size == 0 {
				f.Size = short
			}
			f.Size = max(1, int(scale*float64(f.Size)+0.5))
		}
		list = append(list, f)
		if m.Flip {
			f.mirrored = true
			list = append(list, f)
		}
	}
	return list, nil
}

// A form is how the network sees a photo once.
type form struct {
	Options
	mirrored bool
	scores   compute.Upsampler
}

// SegmentMultiScale is Segment, but the network sees the photo in several forms. As in the
// official implementation (segm/model/utils.py), scores are averaged over the windows of a
// form, and their softmax at the pixels of the mask over the forms. Edges are not refined. It
// fills in the mask, and needs all ranks of the device.
func (s *Segmenter) SegmentMultiScale(ctx context.Context, src photo.Source, o Options, m MultiScale) (*Result, error) {
	height, width := src.Size()
	forms, err := m.forms(min(height, width), o)
	if err != nil {
		return nil, err
	}
	whole := photo.Image{Height: height, Width: width} // a source is read once
	if err := s.resizer.Resize(&whole, src, photo.Bilinear); err != nil {
		return nil, err
	}
	for i := range forms {
		if err := s.score(ctx, &forms[i], &whole); err != nil {
			return nil, err
		}
	}
	return s.average(forms), nil
}

// score computes the scores of a form of a photo.
func (s *Segmenter) score(ctx context.Context, f *form, whole *photo.Image) error {
	next, filter, err := newPlan(s.model, s.network.further(), whole.Height, whole.Width, &f.Options)
	if err != nil {
		return err
	}
	if err := s.prepare(next); err != nil {
		return err
	}
	var src photo.Source = whole
	if f.mirrored {
		src = photo.Mirrored(whole)
	}
	if err := s.load(src, filter); err != nil {
		return err
	}
	if err := s.infer(ctx, f.Options); err != nil {
		return err
	}
	scores, _, _, err := s.Scores()
	if err != nil {
		return err
	}
	f.scores.Reset(next.view, scores, len(s.classes), next.maskHeight, next.maskWidth)
	return nil
}

// average paints the mask from the scores of all forms, row by row.
func (s *Segmenter) average(forms []form) *Result {
	C := len(s.classes)
	r := &Result{Height: s.plan.maskHeight, Width: s.plan.maskWidth, Areas: make([]int, C)}
	r.Mask = make([]uint8, 0, r.Height*r.Width)
	sums, part := make([]float64, r.Width*C), make([]float64, C)
	for y := range r.Height {
		clear(sums)
		for i := range forms {
			row := forms[i].scores.Row(y)
			for x := range r.Width {
				at := x
				if forms[i].mirrored {
					at = r.Width - 1 - x
				}
				softmax(part, row[at*C:][:C])
				for c, p := range part {
					sums[x*C+c] += p
				}
			}
		}
		for x := range r.Width {
			pixel := sums[x*C:][:C]
			class := slices.Index(pixel, slices.Max(pixel))
			r.Areas[class]++
			r.Mask = append(r.Mask, uint8(class))
		}
	}
	return r
}

func softmax(dst []float64, scores []float32) {
	highest, sum := slices.Max(scores), 0.
	for i, v := range scores {
		dst[i] = math.Exp(float64(v - highest))
		sum += dst[i]
	}
	for i := range dst {
		dst[i] /= sum
	}
}
