package dataset

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// check loads and checks a folder.
func check(t *testing.T, root string, o Options) *Report {
	t.Helper()
	set, err := Load(root, o)
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	r, err := set.Check(t.Context(), func(done int) {
		if done != last+1 {
			t.Errorf("progress %d after %d", done, last)
		}
		last = done
	})
	if err != nil || last != len(set.Samples) {
		t.Fatalf("%v after %d photos", err, last)
	}
	return r
}

func TestCheck(t *testing.T) {
	r := check(t, folder(t, map[string][]byte{
		"classes.txt":  []byte("road\ncar\ntram\n"),
		"images/a.jpg": blank(t), "masks/a.png": mask(t, "000000", "000000", "11xxxx", "000000"),
		"images/b.jpg": blank(t), "masks/b.png": mask(t, "000000", "000000", "000000", "000000"),
		"images/c.jpg": blank(t), "masks/d.png": nil,
	}), Options{})
	want := []ClassCount{{0, "road", 18 + 24, 2}, {1, "car", 2, 1}, {2, "tram", 0, 0}}
	if r.Photos != 2 || r.Pixels != 48 || r.Ignored != 4 || !slices.Equal(r.Classes, want) || r.Err() != nil {
		t.Errorf("%+v, %v", r, r.Err())
	}
	if !slices.EqualFunc(r.Present, [][]uint8{{0, 1}, {0}}, slices.Equal) {
		t.Errorf("classes of the photos: %v", r.Present)
	}
	const text = `2 photos with labels (layout "folders"), 0.0 megapixels
  0  road  87.50 %  2 photos
  1   car   4.17 %   1 photo
  2  tram   0.00 %  0 photos  no photo has it: its IoU is no number and is not averaged
ignored: 8.33 % of the pixels
photos without labels, not used: 1 (c.jpg)
labels without a photo: 1 (masks/d.png)
`
	if trimmed := trimLines(r.String()); trimmed != text {
		t.Errorf("\n%s\nexpected\n%s", trimmed, text)
	}
}

// trimLines removes spaces at the ends of lines.
func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// TestCheckFinds what most first trainings fail at.
func TestCheckFinds(t *testing.T) {
	files := map[string][]byte{
		"classes.txt":    []byte("road\ncar\nbus"),
		"images/bad.jpg": blank(t), "masks/bad.png": []byte("no picture"),
		"images/size.jpg": blank(t), "masks/size.png": mask(t, "01", "00"),
		"images/text.jpg": []byte("no photo"), "masks/text.png": mask(t, "01", "00"),
	}
	for i := range 5 {
		files[fmt.Sprintf("images/%d.jpg", i)] = blank(t)
		files[fmt.Sprintf("masks/%d.png", i)] = mask(t, "000000", "770000", "111111", "88889x")
	}
	root := folder(t, files)
	r := check(t, root, Options{})
	text := r.String()
	for _, want := range []string{
		"no class, refused: the label 8 in 0.jpg, 1.jpg, 2.jpg and 2 more",
		"the label 7 in 0.jpg", "the label 9 in",
		"cannot be read: bad.jpg: " + filepath.Join(root, "masks", "bad.png") + " is not a PNG",
		"cannot be read: size.jpg: " + filepath.Join(root, "masks", "size.png") + " has 2×2 pixels, its photo 6×4: expected the same size",
		"cannot be read: text.jpg: the file is not a photo",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("expected %q in\n%s", want, text)
		}
	}
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "3 photos cannot be read, or their labels, first bad.jpg: ") {
		t.Errorf("%v", err)
	}

	for _, name := range []string{"bad", "size", "text"} {
		delete(files, "images/"+name+".jpg")
	}
	if err := check(t, folder(t, files), Options{}).Err(); err == nil || !strings.Contains(err.Error(), "the label 7, in 0.jpg, 1.jpg, 2.jpg and 2 more, is no class") {
		t.Errorf("%v", err)
	}
	r = check(t, folder(t, files), Options{IgnoreUnknown: true})
	if r.Err() != nil || r.Ignored != 5*(2+6) || !strings.Contains(r.String(), "no class, ignored: the label 8 in 0.jpg") {
		t.Errorf("%v\n%s", r.Err(), r)
	}
}

func TestCheckWithoutClasses(t *testing.T) {
	r := check(t, folder(t, map[string][]byte{"images/a.jpg": blank(t), "masks/a.png": mask(t, "000000", "000000", "335555", "000000")}), Options{})
	if want := []ClassCount{{0, "value 0", 18, 1}, {3, "value 3", 2, 1}, {5, "value 5", 4, 1}}; !slices.Equal(r.Classes, want) {
		t.Errorf("%v, expected %v", r.Classes, want)
	}
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "nothing names the classes") {
		t.Errorf("without names: %v", err)
	}
	for _, rows := range [][]string{{"000000", "000000", "000000", "000000"}, {"xxxxxx", "xxxxxx", "xxxxxx", "xxxxxx"}} {
		r := check(t, folder(t, map[string][]byte{"images/a.jpg": blank(t), "masks/a.png": mask(t, rows...)}), Options{Classes: Named("a", "b", "c")})
		if r.Err() == nil {
			t.Errorf("%v: no error", rows)
		}
	}
}

func TestCheckStops(t *testing.T) {
	set, err := Load(folder(t, map[string][]byte{"images/a.jpg": blank(t), "masks/a.png": mask(t, "000000", "000000", "335555", "000000")}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := set.Check(ctx, func(int) {}); err == nil {
		t.Errorf("%+v after an abort", r)
	}
}

// named is a set of photos with these names.
func named(names ...string) *Set {
	set := &Set{Classes: Named("a", "b")}
	for _, name := range names {
		set.Samples = append(set.Samples, Sample{Photo: Photo{Name: name}, Part: partOfPath(name)})
	}
	return set
}

func names(s *Set) string {
	var names []string
	for _, s := range s.Samples {
		names = append(names, s.Photo.Name)
	}
	return strings.Join(names, " ")
}

func TestSplits(t *testing.T) {
	set := named("test/e.jpg", "train/a.jpg", "train/b.jpg", "val/c.jpg", "val/d.jpg")
	train, val, ok := set.SplitByPart()
	if !ok || names(train) != "train/a.jpg train/b.jpg" || names(val) != "val/c.jpg val/d.jpg" || val.Classes.Len() != 2 {
		t.Errorf("by part: %s, %s", names(train), names(val))
	}
	if _, _, ok := named("a.jpg", "b.jpg").SplitByPart(); ok {
		t.Error("split a set without parts")
	}
	train, val, err := set.SplitByFolder("val/")
	if err != nil || names(train) != "test/e.jpg train/a.jpg train/b.jpg" || names(val) != "val/c.jpg val/d.jpg" {
		t.Errorf("by folder: %s, %s, %v", names(train), names(val), err)
	}
	if _, _, err := set.SplitByFolder("nowhere"); err == nil || !strings.Contains(err.Error(), "takes 0 of 5 photos") {
		t.Errorf("by a folder that is not there: %v", err)
	}
	list := write(t, t.TempDir(), "val.txt", []byte("\ufeffa\r\nval/d.jpg\r\n\r\n"))
	train, val, err = set.SplitByList(list)
	if err != nil || names(val) != "train/a.jpg val/d.jpg" || len(train.Samples) != 3 {
		t.Errorf("by list: %s, %s, %v", names(train), names(val), err)
	}
	list = write(t, t.TempDir(), "val.txt", []byte("a\nz.jpg\n"))
	if _, _, err = set.SplitByList(list); err == nil || !strings.Contains(err.Error(), `names "z.jpg", which is no photo with labels`) {
		t.Errorf("a name of no photo: %v", err)
	}
}

// TestSplitByShare: about the share, the same whatever else is there, and another with
// another seed.
func TestSplitByShare(t *testing.T) {
	var all []string
	for i := range 2000 {
		all = append(all, fmt.Sprintf("IMG_%04d.jpg", i))
	}
	_, few, err := named(all[:1000]...).SplitByShare(0.1, 1)
	if err != nil {
		t.Fatal(err)
	}
	train, many, err := named(all...).SplitByShare(0.1, 1)
	if err != nil || math.Abs(float64(len(many.Samples))-200) > 40 || len(train.Samples)+len(many.Samples) != 2000 {
		t.Errorf("%d of 2000 photos, %v", len(many.Samples), err)
	}
	if !strings.HasPrefix(names(many), names(few)) {
		t.Error("adding photos moved others")
	}
	if _, other, _ := named(all...).SplitByShare(0.1, 2); names(other) == names(many) {
		t.Error("another seed split alike")
	}
	for _, share := range []float64{0.0001, 0.5, 0.9999} {
		for n := 2; n < 6; n++ {
			train, val, err := named(all[:n]...).SplitByShare(share, 3)
			if err != nil || len(train.Samples) == 0 || len(val.Samples) == 0 {
				t.Errorf("%v of %d photos: %v", share, n, err)
			}
		}
	}
	for _, share := range []float64{0, 1, -1, math.NaN()} {
		if _, _, err := named(all...).SplitByShare(share, 1); err == nil {
			t.Errorf("split by a share of %v", share)
		}
	}
	if _, _, err := named("a.jpg").SplitByShare(0.5, 1); err == nil {
		t.Error("split one photo")
	}
}
