package dataset

import (
	"os"
	"testing"
)

// TestFingerprint loads folders twice, and once more after a change of photo, labels or
// classes.
func TestFingerprint(t *testing.T) {
	square := "[[0,0,3,0,3,3,0,3]]"
	for name, c := range map[string]struct {
		files  map[string][]byte
		labels string // the file of the labels
		other  []byte
	}{
		"folders": {map[string][]byte{"images/a.jpg": blank(t), "masks/a.png": mask(t, "000000", "011100", "011100", "000000"), "classes.txt": []byte("ground\ncat")},
			"masks/a.png", mask(t, "000000", "011110", "011100", "000000")},
		"coco": {map[string][]byte{"a.jpg": blank(t), "labels.json": []byte(cocoOf(square))}, "labels.json", []byte(cocoOf("[[0,0,4,0,4,3,0,3]]"))},
		"runs": {map[string][]byte{"a.jpg": blank(t), "labels.json": []byte(cocoOf(`{"size":[4,6],"counts":[4,4,16]}`))}, "labels.json", []byte(cocoOf(`{"size":[4,6],"counts":[4,5,15]}`))},
		"labelme": {map[string][]byte{"a.jpg": blank(t), "a.json": labelMe(`{"label":"cat","shape_type":"circle","points":[[2,2],[3,2]]}`)},
			"a.json", labelMe(`{"label":"cat","shape_type":"circle","points":[[2,2],[3,1]]}`)},
	} {
		t.Run(name, func(t *testing.T) {
			root := folder(t, c.files)
			first, classes := fingerprint(t, root)
			if again, same := fingerprint(t, root); again != first || same != classes {
				t.Errorf("%s and %s, then %s and %s", first, classes, again, same)
			}
			write(t, root, c.labels, c.other)
			second, _ := fingerprint(t, root)
			if second == first {
				t.Error("other labels have the same fingerprint")
			}
			photo := "a.jpg"
			if _, ok := c.files[photo]; !ok {
				photo = "images/a.jpg"
			}
			write(t, root, photo, append(blank(t), 0))
			if third, _ := fingerprint(t, root); third == second {
				t.Error("another photo has the same fingerprint")
			}
		})
	}
	if Named("a", "b").Fingerprint() == Named("a", "b c").Fingerprint() {
		t.Error("other classes have the same fingerprint")
	}
	set, err := Load(folder(t, map[string][]byte{"images/a.jpg": blank(t), "masks/a.png": mask(t, "000000", "011100", "011100", "000000")}), Options{Classes: Named("a", "b")})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(set.Samples[0].Photo.path); err != nil {
		t.Fatal(err)
	}
	if f, err := set.Samples[0].Fingerprint(); err == nil {
		t.Errorf("a photo that is gone has the fingerprint %s", f)
	}
}

func cocoOf(segmentation string) string {
	return `{"images":[{"id":1,"file_name":"a.jpg","height":4,"width":6}],"categories":[{"id":1,"name":"cat"}],
		"annotations":[{"id":1,"image_id":1,"category_id":1,"iscrowd":0,"segmentation":` + segmentation + `}]}`
}

func fingerprint(t *testing.T, root string) (sample, classes string) {
	t.Helper()
	set, err := Load(root, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sample, err = set.Samples[0].Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	return sample, set.Classes.Fingerprint()
}
