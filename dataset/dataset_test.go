package dataset

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fill writes files with the same content to a new folder.
func fill(t *testing.T, content string, names ...string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for _, name := range names {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestPhotos(t *testing.T) {
	folder := fill(t, "", "b_2.JPG", "a_1.jpeg", "b_1.webp", "b_3.png", "b_notes.txt", "c.gif")
	for _, c := range []struct {
		prefix string
		want   []string
	}{
		{"", []string{"a_1.jpeg", "b_1.webp", "b_2.JPG", "b_3.png"}},
		{"b_", []string{"b_1.webp", "b_2.JPG", "b_3.png"}},
	} {
		photos, err := Photos(folder, c.prefix)
		var names []string
		for _, p := range photos {
			names = append(names, p.Name)
		}
		if err != nil || !slices.Equal(names, c.want) {
			t.Errorf("prefix %q: %v, %v; expected %v", c.prefix, names, err, c.want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name, folder, prefix, want string
	}{
		{"no folder", "nowhere", "", filepath.Join("nowhere", "images")},
		{"no images/", fill(t, "", "photo.jpg"), "", "expected a folder with images/"},
		{"no photo", fill(t, "", "images/notes.txt"), "", "holds no photo"},
		{"no photo with the prefix", fill(t, "", "images/a.jpg"), "b_", `begins with "b_"`},
	} {
		if _, err := Open(c.folder, c.prefix); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, expected one with %q", c.name, err, c.want)
		}
	}
}

// TestErrorsNameTheFile covers the errors of a photo and of its labels.
func TestErrorsNameTheFile(t *testing.T) {
	set, err := Open(fill(t, "text", "images/one.jpg", "images/two.jpg", "labels/one.png"), "")
	if err != nil {
		t.Fatal(err)
	}
	one, two := set.Samples[0], set.Samples[1]
	_, photo := one.Photo.Open()
	_, labels := one.Labels(2, 3, 2)
	_, missing := two.Labels(2, 3, 2)
	for _, c := range []struct {
		err   error
		wants []string
	}{
		{photo, []string{"one.jpg: ", "not a photo in a known format"}},
		{labels, []string{"one.jpg: ", filepath.Join("labels", "one.png"), "is not a PNG"}},
		{missing, []string{"two.jpg: ", filepath.Join("labels", "two.png"), "no such file"}},
	} {
		for _, want := range c.wants {
			if c.err == nil || !strings.Contains(c.err.Error(), want) {
				t.Errorf("error %v, expected %q in it", c.err, want)
			}
		}
	}
}

// TestSources stops at the first photo that fails.
func TestSources(t *testing.T) {
	good, err := Photos("testdata/shapes/images", "")
	if err != nil {
		t.Fatal(err)
	}
	bad, err := Photos(fill(t, "text", "bad.png"), "")
	if err != nil {
		t.Fatal(err)
	}
	var seen []bool
	for source, err := range Sources(slices.Concat(good, bad, good)) {
		seen = append(seen, source != nil && err == nil)
		if err != nil {
			break
		}
	}
	if !slices.Equal(seen, []bool{true, false}) {
		t.Errorf("good photos: %v, expected the first and not the second", seen)
	}
}
