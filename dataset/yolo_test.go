package dataset

import (
	"slices"
	"strings"
	"testing"
)

func TestYOLO(t *testing.T) {
	// Roboflow's folders, and Ultralytics'.
	for _, names := range [][2]string{{"train/images/a.jpg", "train/labels/a.txt"}, {"images/train/a.jpg", "labels/train/a.txt"}} {
		root := folder(t, map[string][]byte{
			"data.yaml": []byte("train: images\nnc: 2\nnames: ['cat', \"wild dog\"]\n"),
			names[0]:    blank(t),
			// A small dog, below a cat in the file and on top of it in the mask; a box.
			names[1]: []byte("1 0.5 0.25 0.8333333 0.25 0.8333333 0.5 0.5 0.5\n0 0 0 1 0 1 0.75 0 0.75\n\n1.0 0.25 0.875 0.5 0.25\n"),
			strings.Replace(names[1], "a.txt", "gone.txt", 1): nil,
		})
		set, masks := load(t, root, Options{})
		if set.Layout != "yolo" || !slices.Equal(set.Classes.Names, []string{"background", "cat", "wild dog"}) {
			t.Fatalf("layout %q with the classes %q", set.Layout, set.Classes.Names)
		}
		photo := set.Samples[0].Photo.Name
		if want := "111111/111221/111111/xxx..."; strings.ReplaceAll(strings.TrimSpace(masks[photo]), "\n", "/") != want {
			t.Errorf("the mask is\n%s", masks[photo])
		}
		if set.Samples[0].Part != "train" || len(set.Orphans) != 1 || len(set.Notes) != 1 {
			t.Errorf("part %q, orphans %v, notes %v", set.Samples[0].Part, set.Orphans, set.Notes)
		}
	}
}

func TestYOLONames(t *testing.T) {
	for text, want := range map[string]string{
		"names: [a, 'b c', \"d\"]":                             "a,b c,d",
		"path: .\nnames:\n  0: a\n  1: 'it''s'\ntrain: images": "a,it's",
		"names:\n- a\n- \"b\"\nnc: 2\n":                        "a,b",
		"names:\r\n  - a\r\n# c\r\n  - b\r\n":                  "a,b",
	} {
		if names, err := parseYOLONames([]byte(text)); err != nil || strings.Join(names, ",") != want {
			t.Errorf("%q: %q, %v", text, names, err)
		}
	}
	for text, want := range map[string]string{
		"nc: 2": "no names", "names: {0: a}": "[cat, dog]", "names:\n  1: a": "0: NAME", "names: [a, a]": "twice", "names: [a,]": "empty", "names: [a": "[cat, dog]",
	} {
		if names, err := parseYOLONames([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v; expected an error with %q", text, names, err, want)
		}
	}
}

func TestYOLOLines(t *testing.T) {
	for text, want := range map[string]string{
		"2 0 0 1 0 1 1": "0 to 1", "a 0 0 1 0 1 1": "the class", "0.5 0 0 1 0 1 1": "the class", "-1 0 0 1 0 1 1": "the class",
		"0 0 0 1 0 1": "three points", "0": "three points", "0 0 0 1 0 1 x": `"x"`, "0 0 0 1 0 1 NaN": "NaN", "\n\n0 5 5 5 400 5 5": "line 3",
	} {
		if objects, _, err := parseYOLO([]byte(text), []string{"a", "b"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; expected an error with %q", text, objects, err, want)
		}
	}
}

// FuzzYOLO: any files give labels that are classes, or an error.
func FuzzYOLO(f *testing.F) {
	f.Add([]byte("names: [a, b]"), []byte("1 0.5 0.25 0.8 0.25 0.8 0.5\n0 0.25 0.875 0.5 0.25\n"))
	f.Add([]byte("names:\n  0: a\n  1: 'b'\n"), []byte("0.0 -1 -1 2 -1 2 16\n"))
	f.Fuzz(func(t *testing.T, names, labels []byte) {
		list, err := parseYOLONames(names)
		if err != nil {
			return
		}
		l := fuzzLoader("images/a.jpg", "labels/a.txt")
		l.shared.names = list
		if _, err := l.addYOLO(labels, list, "labels/a.txt", newPhotoIndex(l.tree, "")); err == nil {
			l.finishAll(t)
		}
	})
}
