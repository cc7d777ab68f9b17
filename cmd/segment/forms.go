package main

import (
	"flag"
	"fmt"
	"strconv"
	"strings"

	"segmenter/model"
)

// sliding holds the flags of a sliding window.
type sliding struct{ window, stride int }

func (s *sliding) register(flags *flag.FlagSet) {
	flags.IntVar(&s.window, "window", 0, "side of a sliding window in `pixels`; 0 = the whole photo at once")
	flags.IntVar(&s.stride, "stride", 0, "distance between windows in `pixels` (default three quarters of the window)")
}

// check completes the flags.
func (s *sliding) check() error {
	if s.stride != 0 && s.window == 0 {
		return usageError("-stride is the distance between windows: give -window too")
	}
	if s.stride == 0 {
		s.stride = s.window * 3 / 4
	}
	return nil
}

// multiScale holds the flags of a multi-scale evaluation.
type multiScale struct {
	scales string
	flip   bool
}

func (m *multiScale) register(flags *flag.FlagSet) {
	flags.StringVar(&m.scales, "scales", "", "average over several sizes of each photo, `F,F,…` times -size; paper = "+joined(model.PaperScales))
	flags.BoolVar(&m.flip, "flip", false, "average over each photo and its mirror image")
}

// forms returns the forms in which the network sees a photo, or nil for one.
func (m *multiScale) forms() (*model.MultiScale, error) {
	if m.scales == "" && !m.flip {
		return nil, nil
	}
	forms := &model.MultiScale{Flip: m.flip}
	switch m.scales {
	case "":
		return forms, nil
	case "paper":
		forms.Scales = model.PaperScales
		return forms, nil
	}
	for text := range strings.SplitSeq(m.scales, ",") {
		scale, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || !(scale > 0 && scale <= 16) {
			return nil, usageError(fmt.Sprintf("-scales %s: expected factors above 0 with commas between them, such as 0.5,1,1.5, or paper", m.scales))
		}
		forms.Scales = append(forms.Scales, scale)
	}
	return forms, nil
}

func joined(scales []float64) string {
	var list []string
	for _, s := range scales {
		list = append(list, strconv.FormatFloat(s, 'g', -1, 64))
	}
	return strings.Join(list, ",")
}
