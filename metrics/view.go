package metrics

import (
	"slices"

	"segmenter/dataset"
)

// View puts a model's classes together: class id counts as class view[id]. The
// classes of a view are 0 to its largest value.
type View []int

// Each is the view that has each of n classes as it is.
func Each(n int) View {
	view := make(View, n)
	for id := range view {
		view[id] = id
	}
	return view
}

// VOC is the view of models that know the 20 things of Pascal VOC
// ([dataset.VOCThings]): its 21 classes, of which 0 is the background, all that
// is none of the things. Ok is false if one of them is not among the names of the
// model's classes.
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
