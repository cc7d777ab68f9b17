package metrics

import (
	"slices"

	"segmenter/dataset"
)

// View merges a model's classes: class id counts as class view[id]. The classes of
// a view are 0 to its largest value.
type View []int

// Each returns the view that keeps n classes separate.
func Each(n int) View {
	view := make(View, n)
	for id := range view {
		view[id] = id
	}
	return view
}

// VOC returns the view onto the 21 classes of Pascal VOC: 1 to 20 are its things
// ([dataset.VOCThings]), and every other class counts as 0, the background. names
// are the names of the model's classes; ok is false if one of the things is missing.
func VOC(names []string) (view View, ok bool) {
	things := dataset.VOCThings()
	found := 0
	for _, name := range names {
		class := slices.Index(things, name) + 1
		if class > 0 {
			found++
		}
		view = append(view, class)
	}
	return view, found == len(things)
}

// classes returns the number of classes of the view.
func (v View) classes() int {
	if len(v) == 0 {
		return 0
	}
	return 1 + slices.Max(v)
}
