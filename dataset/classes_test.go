package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"segmenter/modelfile"
)

// write writes a file to a folder, with the folders above it.
func write(t testing.TB, folder, name string, content []byte) (path string) {
	t.Helper()
	path = filepath.Join(folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadClasses(t *testing.T) {
	names := []string{"background", "dining table"}
	colours := []modelfile.Colour{{}, {R: 255, G: 16, B: 2}}
	for _, c := range []struct {
		name, text string
		colours    []modelfile.Colour
	}{
		{"lines", "background\ndining table\n", nil},
		{"BOM and CRLF", "\ufeffbackground\r\ndining table\r\n\r\n", nil},
		{"only CR at the end, comments", "# a comment\nbackground\n\n  dining table  ", nil},
		{"RGB", "background 0 0 0\ndining table 255 16 2\n", colours},
		{"RGB with commas", "background, 0, 0, 0\r\ndining table,255,16,2\r\n", colours},
		{"table with a heading", "name,r,g,b\nbackground,0,0,0\ndining table,255,16,2\n", colours},
		{"RGB first", "0 0 0\tbackground\n255 16 2\tdining table\n", colours},
		{"numbers", "0: background\n1: dining table", nil},
		{"table with numbers", "Pixel Value, Class\r\n0, background\r\n1, dining table\r\n", nil},
		{"numbers and RGB", "0 background 0 0 0\n1 dining table 255 16 2", colours},
		{"hex", "background #000000\ndining table #FF1002\n", colours},
		{"labelmap.txt", "# label:color_rgb:parts:actions\nbackground:0,0,0::\ndining table:255,16,2::\n", colours},
		{"JSON names", `["background", "dining table"]`, nil},
		{"JSON names in an object", `{"names": ["background", "dining table"], "ignore": 255}`, nil},
		{"JSON of a card", `{"classes": [{"name": "background", "colour": "#000000"}, {"name": "dining table", "colour": "#ff1002"}]}`, colours},
		{"JSON, color", `[{"name": "background", "color": "#000000"}, {"name": "dining table", "color": "#ff1002"}]`, colours},
		{"JSON by id", "\ufeff" + `{"1": "dining table", "0": "background"}`, nil},
	} {
		got, err := ReadClasses(write(t, t.TempDir(), "classes.txt", []byte(c.text)))
		if err != nil || !slices.Equal(got.Names, names) || !reflect.DeepEqual(got.Colours, c.colours) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

// TestIgnoredEntries: an entry such as void keeps its place, and LabelMe's first line
// has none.
func TestIgnoredEntries(t *testing.T) {
	for _, c := range []struct {
		text string
		want []int // class by value, -1 = none
	}{
		{"road\nvoid\ncar", []int{0, Ignore, 1, -1}},
		{"road\ncar\nignore", []int{0, 1, Ignore, -1}},
		{"__ignore__\n_background_\ncar", []int{0, 1, -1}},
	} {
		classes, err := parseClasses(c.text)
		if err != nil {
			t.Fatal(err)
		}
		for value, want := range c.want {
			id, ok := classes.ofValue(uint32(value))
			if ok != (want >= 0) || ok && int(id) != want {
				t.Errorf("%q: value %d is %d, %v; expected %d", c.text, value, id, ok, want)
			}
		}
	}
	classes, err := parseClasses("road 1 2 3\nvoid 0 0 0")
	if err != nil || len(classes.Colours) != 1 || len(classes.void) != 1 {
		t.Errorf("%+v, %v", classes, err)
	}
}

func TestReadClassesRefuses(t *testing.T) {
	many := ""
	for i := range 256 {
		many += fmt.Sprintln("class", i)
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "names no class"},
		{"blank", "\ufeff\r\n\r\n", "names no class"},
		{"UTF-16", "\xff\xfec\x00a\x00t\x00", "not UTF-8"},
		{"too many", many, "more than 255 classes"},
		{"twice", "cat\ndog\ncat", `"cat" stands in the list twice`},
		{"some colours", "cat 1 2 3\ndog", "1 of 2 classes have a colour"},
		{"one colour", "cat 1 2 3\ndog 1 2 3", "the same colour, #010203"},
		{"a colour above 255", "cat 1 2 256", "the colour 1 2 256 of \"cat\""},
		{"broken JSON", `["cat"`, "no JSON array"},
		{"numbers", `[1, 2]`, "class 0: expected a name"},
		{"a gap", `{"0": "a", "2": "b"}`, "no name for the id 1"},
		{"no colour", `[{"name": "cat", "colour": "red"}]`, `"red" is not a colour`},
		{"no name", `[{"colour": "#000000"}]`, "no name"},
	} {
		path := write(t, t.TempDir(), "list.txt", []byte(c.text))
		if got, err := ReadClasses(path); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %+v, %v; expected %q", c.name, got, err, c.want)
		}
	}
	if _, err := ReadClasses(write(t, t.TempDir(), "large.txt", make([]byte, maxListBytes+1))); err == nil {
		t.Error("read a list of more than a megabyte")
	}
}

func TestCard(t *testing.T) {
	want := []modelfile.Class{{Name: "a", Colour: modelfile.DefaultColour(0)}, {Name: "b", Colour: modelfile.DefaultColour(1)}}
	if got := Named("a", "b").Card(); !slices.Equal(got, want) {
		t.Errorf("%v, expected %v", got, want)
	}
	want = []modelfile.Class{{Name: "a"}, {Name: "b", Colour: modelfile.Colour{R: 1, G: 2, B: 3}}}
	if got := parse(t, "a 0 0 0\nb 1 2 3").Card(); !slices.Equal(got, want) {
		t.Errorf("%v, expected the list's colours", got)
	}
}

// FuzzClasses: any text gives classes whose ids and colours fit, or an error.
func FuzzClasses(f *testing.F) {
	for _, text := range []string{"a\nb", "a 1 2 3\r\nvoid 0 0 0", `{"classes":[{"name":"a","colour":"#010203"}]}`, `{"0":"a"}`, "a:1,2,3::", "__ignore__\n_background_"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseClasses(text)
		if err != nil {
			return
		}
		if c.Len() == 0 || c.Len() > maxClasses || c.Colours != nil && len(c.Colours) != c.Len() || len(c.Card()) != c.Len() {
			t.Fatalf("%+v", c)
		}
		for value := range uint32(300) {
			if id, ok := c.ofValue(value); ok && id != Ignore && int(id) >= c.Len() {
				t.Fatalf("value %d is class %d of %d", value, id, c.Len())
			}
		}
	})
}
