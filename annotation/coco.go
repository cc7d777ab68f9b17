package annotation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"segmenter/modelfile"
	"segmenter/outline"
)

// cocoWriter writes one file for all photos (https://cocodataset.org/#format-data). Until they
// are complete, each has a file of its own, parts/NAME.coco.
type cocoWriter struct {
	objects
	runs bool
	part string
}

type cocoFile struct {
	Images      []cocoImage      `json:"images"`
	Annotations []cocoAnnotation `json:"annotations"`
	Categories  []cocoCategory   `json:"categories"`
}

type cocoImage struct {
	ID       int    `json:"id"`
	FileName string `json:"file_name"`
	Height   int    `json:"height"`
	Width    int    `json:"width"`
}

type cocoAnnotation struct {
	ID           int    `json:"id"`
	ImageID      int    `json:"image_id"`
	CategoryID   int    `json:"category_id"`
	Segmentation any    `json:"segmentation"`
	Box          [4]int `json:"bbox"` // left, top, width, height
	Area         int    `json:"area"`
	IsCrowd      int    `json:"iscrowd"`
}

type cocoCategory struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

type cocoRuns struct {
	Size   [2]int `json:"size"` // height, width
	Counts string `json:"counts"`
}

func newCOCO(classes []modelfile.Class, o Options) (Writer, error) {
	return &cocoWriter{objects{classes, o.Tolerance}, false, o.Part}, nil
}

func newCOCORuns(classes []modelfile.Class, o Options) (Writer, error) {
	return &cocoWriter{objects{classes, o.Tolerance}, true, o.Part}, nil
}

func partName(photo string) string { return "parts/" + stem(photo) + ".coco" }

func (w *cocoWriter) Add(m *Mask) ([]File, error) {
	regions, err := w.regions(m)
	if err != nil {
		return nil, err
	}
	file := cocoFile{Images: []cocoImage{{1, m.Photo, m.Height, m.Width}}}
	if w.runs {
		file.addRuns(m, regions, w.objects)
	} else {
		for _, r := range regions {
			file.add(w.objects, []outline.Region{r}, [][]int{flat(r.Polygon())})
		}
	}
	text, err := json.Marshal(&file)
	return []File{{partName(m.Photo), text}}, err
}

// add adds an annotation of regions of one class.
func (f *cocoFile) add(o objects, regions []outline.Region, segmentation any) {
	number, _ := o.number(regions[0].Class)
	area := 0
	for _, r := range regions {
		area += r.Pixels
	}
	f.Annotations = append(f.Annotations, cocoAnnotation{CategoryID: number + 1, Segmentation: segmentation, Box: box(regions), Area: area})
}

// addRuns adds an annotation for each class.
func (f *cocoFile) addRuns(m *Mask, regions []outline.Region, o objects) {
	slices.SortStableFunc(regions, func(a, b outline.Region) int { return cmp.Compare(a.Class, b.Class) })
	for len(regions) > 0 {
		class, n := regions[0].Class, 1
		for n < len(regions) && regions[n].Class == class {
			n++
		}
		f.add(o, regions[:n], cocoRuns{[2]int{m.Height, m.Width}, packRuns(columnRuns(m, class))})
		regions = regions[n:]
	}
}

func (w *cocoWriter) Finish(photos []string, read func(name string) ([]byte, error)) ([]File, error) {
	all := cocoFile{Images: []cocoImage{}, Annotations: []cocoAnnotation{}}
	for i, name := range w.names() {
		all.Categories = append(all.Categories, cocoCategory{i + 1, name})
	}
	for _, photo := range photos {
		text, err := read(partName(photo))
		if err != nil {
			return nil, err
		}
		var part cocoFile
		if err := json.Unmarshal(text, &part); err != nil {
			return nil, fmt.Errorf("%s: %w", partName(photo), err)
		}
		for _, image := range part.Images {
			image.ID = len(all.Images) + 1
			all.Images = append(all.Images, image)
		}
		for _, a := range part.Annotations {
			a.ID, a.ImageID = len(all.Annotations)+1, len(all.Images)
			all.Annotations = append(all.Annotations, a)
		}
	}
	text, err := json.Marshal(&all)
	return []File{{withPart("annotations.json", w.part), append(text, '\n')}}, err
}

// flat lists the coordinates of a ring, x before y.
func flat(r outline.Ring) []int {
	list := make([]int, 0, 2*len(r))
	for _, p := range r {
		list = append(list, p.X, p.Y)
	}
	return list
}

// box returns the left, top, width and height of regions.
func box(regions []outline.Region) [4]int {
	first := regions[0].Outer[0]
	left, top, right, bottom := first.X, first.Y, first.X, first.Y
	for _, r := range regions {
		for _, p := range r.Outer {
			left, top, right, bottom = min(left, p.X), min(top, p.Y), max(right, p.X), max(bottom, p.Y)
		}
	}
	return [4]int{left, top, right - left, bottom - top}
}

// columnRuns returns the lengths of runs of pixels without and with a class by turns, column by
// column.
func columnRuns(m *Mask, class uint8) (lengths []int) {
	inside, length := false, 0
	for x := range m.Width {
		for y := range m.Height {
			if (m.Classes[y*m.Width+x] == class) != inside {
				lengths = append(lengths, length)
				inside, length = !inside, 0
			}
			length++
		}
	}
	return append(lengths, length)
}

// packRuns writes run lengths in COCO's compressed form, that of maskApi.c: from the third
// length after the first on, the difference from the one two before; five bits a letter, the
// low ones first, bit 32 if more follow.
func packRuns(lengths []int) string {
	var text []byte
	for i, n := range lengths {
		if i > 2 {
			n -= lengths[i-2]
		}
		for more := true; more; {
			group := n & 31
			n >>= 5
			// The highest bit of the last group is the sign of what is left out.
			rest := 0
			if group&16 != 0 {
				rest = -1
			}
			if more = n != rest; more {
				group |= 32
			}
			text = append(text, byte(group+'0'))
		}
	}
	return string(text)
}
