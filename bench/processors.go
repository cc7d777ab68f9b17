package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/chromedp"
)

// A processor is this machine's, as far as Chromium may use it: browsers meet many that lack
// instructions of new ones.
type processor struct {
	id    string // in flags
	title string // in tables
	flags string // of V8
}

const (
	noVNNI = "--no-enable-avx-vnni --no-enable-avx-vnni-int8"
	noAVX  = noVNNI + " --no-enable-avx2 --no-enable-avx --no-enable-fma3"
)

var processors = []processor{
	{"own", "", ""},
	{"no-vnni", "without VNNI", noVNNI}, // most of before 2022
	{"no-avx", "without AVX", noAVX},
}

// defaultProcessors are those of a complete run.
var defaultProcessors = processors[:2]

func parseProcessors(list *[]processor) func(string) error {
	return func(text string) error {
		*list = nil
		for id := range strings.SplitSeq(text, ",") {
			i := slices.IndexFunc(processors, func(p processor) bool { return p.id == id })
			if i < 0 {
				return fmt.Errorf("%q: expected some of own, no-vnni, no-avx", id)
			}
			*list = append(*list, processors[i])
		}
		return nil
	}
}

// options makes Chromium compute as on this processor.
func (p processor) options() []chromedp.ExecAllocatorOption {
	if p.flags == "" {
		return nil
	}
	return []chromedp.ExecAllocatorOption{chromedp.Flag("js-flags", p.flags)}
}
