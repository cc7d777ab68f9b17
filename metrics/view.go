package metrics

import (
	"slices"

	"segmenter/dataset"
)

// View puts a model's classes together: class id counts as class view[id]. The
// classes of a view are 0 to its largest value.
type View []int

// Each returns the view that keeps n classes apart.
func Each(n int) View {
	view := make(View, n)
	for id := range view {
		view[id] = id
	}
	return view
}

// VOC returns the view as the 21 classes of Pascal VOC: 1 to 20 are its things
// ([dataset.VOCThings]), and every other class counts as 0, the background. The
// names are those of the model's classes; ok is false if a thing is missing.
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

// classes is the number of classes of the view.
func (v View) classes() int {
	if len(v) == 0 {
		return 0
	}
	return 1 + slices.Max(v)
}
