package dataset

import (
	"testing"
)

// fuzzLoader makes a loader's shared state for a reader.
func fuzzLoader(names ...string) *loader {
	index := &tree{root: "nowhere", files: names}
	return &loader{tree: index, shared: &shared{set: &Set{}, coding: &coding{}}}
}

// finishAll draws all labels that a reader found. Their sizes are the photo's in earnest;
// here, any small ones.
func (l *loader) finishAll(t *testing.T) {
	set, err := l.finish()
	if err != nil {
		return
	}
	for _, s := range set.Samples {
		d := s.labels.(*drawing)
		height, width := d.height, d.width
		if height == 0 && width == 0 {
			height, width = 5, 7
		}
		if height < 1 || width < 1 || width > 64 || height > 64 {
			height, width = 5, 7 // and so refused
		}
		ids, err := s.Labels(height, width, set.Classes.Len())
		if err != nil {
			continue
		}
		if len(ids) != height*width {
			t.Fatalf("%d labels, expected %d×%d", len(ids), height, width)
		}
		for _, id := range ids {
			if int(id) >= set.Classes.Len() && id != Ignore {
				t.Fatalf("label %d of %d classes", id, set.Classes.Len())
			}
		}
	}
}

// FuzzCOCO: any file gives labels that are classes, or an error.
func FuzzCOCO(f *testing.F) {
	f.Add(coco(`{"id": 1, "image_id": 7, "category_id": 3, "iscrowd": 0, "segmentation": [[1, 1, 3, 1, 3, 3, 1, 3], [0,0,9,9,-2.5,7]]}`))
	f.Add(coco(`{"id": 1, "image_id": 7, "category_id": 90, "iscrowd": 1, "segmentation": {"size": [4, 6], "counts": [5, 2, 2, 2, 13]}}`))
	f.Add(coco(`{"id": 1, "image_id": 9, "category_id": 90, "segmentation": {"size": [4, 6], "counts": "5220;"}}, {"id": "x", "image_id": 9, "category_id": 3, "segmentation": [], "bbox": [1, 1, 2, 2]}`))
	f.Add([]byte(`{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [{"image_id": 1, "category_id": 1, "segmentation": [1e5, 2, 3e5, 4, 5, 6]}], "categories": [{"id": 1, "name": "background"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := parseCOCO(text)
		if err != nil {
			return
		}
		l := fuzzLoader("a.jpg", "folder/b.jpg")
		if l.addCOCO(file, "coco.json", newPhotoIndex(l.tree, "")) == nil {
			l.finishAll(t)
		}
	})
}

// FuzzCVAT: any file gives labels that are classes, or an error.
func FuzzCVAT(f *testing.F) {
	f.Add([]byte(`<annotations><meta><task><labels><label><name>cat</name></label></labels></task></meta><image name="a.jpg" width="6" height="4"><box label="cat" xtl="3" ytl="1" xbr="5" ybr="3" rotation="30" z_order="1"/><polygon label="cat" points="1,1;4,1;4,3;1,3"/></image></annotations>`))
	f.Add([]byte(`<annotations><image name="b.jpg" width="6" height="4"><mask label="a" rle="0, 3, 1, 2" left="1" top="1" width="3" height="2"/><ellipse label="b" cx="3" cy="2" rx="2" ry="1" rotation="45"/></image></annotations>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := parseCVAT(text)
		if err != nil {
			return
		}
		l := fuzzLoader("a.jpg", "folder/b.jpg")
		if l.addCVAT(file, "annotations.xml", newPhotoIndex(l.tree, "")) == nil {
			l.finishAll(t)
		}
	})
}

// FuzzLabelMe: any file gives labels that are classes, or an error.
func FuzzLabelMe(f *testing.F) {
	f.Add(labelMe(`{"label": "cat", "points": [[1, 1], [3, 1], [3, 3], [1, 3]], "group_id": 1, "shape_type": "polygon"}`, `{"label": "dog", "points": [[3, 2], [3, 0]], "shape_type": "circle"}`))
	f.Add(labelMe(`{"label": "cat", "points": [[3, 3], [1, 1]], "shape_type": "rectangle"}`, `{"label": "m", "points": [[1, 1], [2, 2]], "shape_type": "mask", "mask": "iVBORw0KGgo="}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := parseLabelMe(text)
		if err != nil {
			return
		}
		l := fuzzLoader("a.jpg")
		if l.addLabelMe(file, "a.json", newPhotoIndex(l.tree, "")) == nil {
			l.finishAll(t)
		}
	})
}
