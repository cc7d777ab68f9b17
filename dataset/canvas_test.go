package dataset

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// picture is labels as text, a character a pixel: "." is 0, "x" is ignored.
func picture(ids []uint8, width int) string {
	var out strings.Builder
	for i, id := range ids {
		if i > 0 && i%width == 0 {
			out.WriteByte('\n')
		}
		switch id {
		case 0:
			out.WriteByte('.')
		case Ignore:
			out.WriteByte('x')
		default:
			out.WriteByte('0' + id)
		}
	}
	return out.String()
}

// expect compares a canvas with a picture.
func expect(t *testing.T, name string, got []uint8, width int, want ...string) {
	t.Helper()
	if p := picture(got, width); p != strings.Join(want, "\n") {
		t.Errorf("%s:\n%s\nexpected\n%s", name, p, strings.Join(want, "\n"))
	}
}

// TestPolygonsAsPycocotools compares polygons and both forms of run lengths with those
// that maskApi.c of pycocotools made (rleFrPoly, rleToString): points on pixels, halves,
// hundredths and anywhere, inside and outside, crossing themselves.
func TestPolygonsAsPycocotools(t *testing.T) {
	text, err := os.ReadFile("testdata/coco-polygons.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Height, Width int
		Points        []float64
		Packed        string
		Runs          []uint32
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		runs, err := unpackRuns(c.Packed)
		if err != nil || !slices.Equal(runs, c.Runs) {
			t.Errorf("case %d: %q is %v, %v; expected %v", i, c.Packed, runs, err, c.Runs)
		}
		want, got := newCanvas(c.Height, c.Width, 0), newCanvas(c.Height, c.Width, 0)
		if err := want.runs(c.Runs, rectangle{width: c.Width, height: c.Height}, true, 1); err != nil {
			t.Fatal(err)
		}
		var points []point
		for j := 0; j < len(c.Points); j += 2 {
			points = append(points, point{c.Points[j], c.Points[j+1]})
		}
		got.polygon(points, 1)
		expect(t, "a polygon", got.ids, c.Width, strings.Split(picture(want.ids, c.Width), "\n")...)
		if slices.Contains(got.flips, true) {
			t.Errorf("case %d leaves marks behind", i)
		}
	}
}

func TestShapes(t *testing.T) {
	c := newCanvas(6, 8, 0)
	c.polygon(box(point{1, 1}, point{4, 3}, 0), 1)
	c.polygon(box(point{7, 5}, point{5, 3}, 0), 2) // corners in the other order
	expect(t, "boxes", c.ids, 8,
		"........",
		".111....",
		".111....",
		".....22.",
		".....22.",
		"........")

	c = newCanvas(6, 6, 0)
	c.ellipse(point{3, 3}, 2, 2, 0, 1)
	expect(t, "a circle", c.ids, 6,
		"......",
		"..11..",
		".1111.",
		".1111.",
		"..11..",
		"......")

	c = newCanvas(5, 7, 0)
	c.ellipse(point{3.5, 2.5}, 3, 1.2, 90, 1)
	expect(t, "an upright ellipse that is higher than the picture", c.ids, 7,
		"...1...",
		"..111..",
		"..111..",
		"..111..",
		"...1...")

	c = newCanvas(5, 5, 0)
	c.polygon(box(point{0, 1}, point{4, 3}, 90), 1)
	expect(t, "a box turned by 90 degrees", c.ids, 5,
		".11..",
		".11..",
		".11..",
		".11..",
		".....")

	c = newCanvas(4, 4, 0)
	c.polygon([]point{{1, 1}, {3, 3}}, 1)                         // a line
	c.polygon([]point{{-9e5, -9e5}, {-9e5, 9e5}, {-8e5, 9e5}}, 2) // outside
	c.ellipse(point{-100, 2}, 5, 5, 0, 3)                         // outside
	c.ellipse(point{2, 2}, 0, 5, 0, 3)                            // flat
	c.polygon([]point{{2.2, 2.2}, {2.2, 2.2}, {2.2, 2.2}}, 3)     // a point
	c.polygon([]point{{-1e6, -1e6}, {1e6, -1e6}, {1e6, 1e6}}, 4)  // most of the plane
	expect(t, "shapes without an area, and a huge one", c.ids, 4, ".444", "..44", "...4", "....")
}

// TestRuns works the examples by hand.
func TestRuns(t *testing.T) {
	c := newCanvas(4, 5, 0)
	if err := c.runs([]uint32{5, 2, 2, 2, 2, 2, 5}, rectangle{width: 5, height: 4}, true, 1); err != nil {
		t.Fatal(err)
	}
	expect(t, "columns", c.ids, 5, ".....", ".111.", ".111.", ".....")
	c = newCanvas(4, 5, 0)
	if err := c.runs([]uint32{0, 3, 1, 2}, rectangle{left: 1, top: 1, width: 3, height: 2}, false, 2); err != nil {
		t.Fatal(err)
	}
	expect(t, "rows in a box", c.ids, 5, ".....", ".222.", "..22.", ".....")

	// 5 is "5", and the differences 2−2 = 0 and 5−2 = 3 are "0" and "3". 40 = 8 + 32·1
	// takes the characters 48+8+32 = "X" and "1"; −3 is 29, sign and end: "M".
	for packed, want := range map[string][]uint32{
		"5220003": {5, 2, 2, 2, 2, 2, 5},
		"X1":      {40},
		"":        {},
		"522M":    nil, // 2 − 3 is no length
	} {
		got, err := unpackRuns(packed)
		if want == nil && err == nil || want != nil && !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v; expected %v", packed, got, err, want)
		}
	}
	for _, packed := range []string{"X", "a b", "oooooooooooo", "\x00", "é", "z"} {
		if got, err := unpackRuns(packed); err == nil {
			t.Errorf("%q: %v, expected an error", packed, got)
		}
	}
	for _, c := range []struct {
		lengths []uint32
		at      rectangle
		want    string
	}{
		{[]uint32{5, 2}, rectangle{width: 5, height: 4}, "cover 7 pixels: expected 5×4 = 20"},
		{[]uint32{math.MaxUint32, math.MaxUint32}, rectangle{width: 5, height: 4}, "cover 8589934590 pixels"},
		{[]uint32{4}, rectangle{left: 4, width: 2, height: 2}, "at 4, 0: the picture has 5×4"},
		{[]uint32{4}, rectangle{top: math.MaxInt, width: 2, height: 2}, "the picture has 5×4"},
		{[]uint32{0}, rectangle{}, "for 0×0 pixels"},
	} {
		err := newCanvas(4, 5, 0).runs(c.lengths, c.at, false, 1)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, expected %q", c.lengths, err, c.want)
		}
	}
}
