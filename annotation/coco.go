package annotation

import (
	"bytes"
	"cmp"
	"encoding/json/jsontext"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"segmenter/modelfile"
	"segmenter/outline"
)

// cocoWriter writes one file for all photos (https://cocodataset.org/#format-data). Until they
// are complete, each has a file of its own, parts/NAME.coco: a line for the image, and one for each
// annotation, as they will be but for their numbers.
type cocoWriter struct {
	objects
	runs bool
	part string
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
	var lines []byte
	lines = fmt.Appendf(lines, `{"file_name":%s,"height":%d,"width":%d}`+"\n", quoted(m.Photo), m.Height, m.Width)
	if w.runs {
		lines = w.appendRuns(lines, m, regions)
	} else {
		for _, r := range regions {
			polygon := appendPoints([]byte("[["), r.Polygon(), ",")
			lines = w.appendAnnotation(lines, []outline.Region{r}, append(polygon, "]]"...))
		}
	}
	return []File{{partName(m.Photo), lines}}, nil
}

// appendAnnotation adds the annotation of regions of one class.
func (w *cocoWriter) appendAnnotation(lines []byte, regions []outline.Region, segmentation []byte) []byte {
	number, _ := w.number(regions[0].Class)
	area := 0
	for _, r := range regions {
		area += r.Pixels
	}
	left, top, width, height := box(regions)
	return fmt.Appendf(lines, `{"category_id":%d,"segmentation":%s,"bbox":[%d,%d,%d,%d],"area":%d,"iscrowd":0}`+"\n",
		number+1, segmentation, left, top, width, height, area)
}

// appendRuns adds an annotation for each class.
func (w *cocoWriter) appendRuns(lines []byte, m *Mask, regions []outline.Region) []byte {
	slices.SortStableFunc(regions, func(a, b outline.Region) int { return cmp.Compare(a.Class, b.Class) })
	runs := columnRuns(m)
	for len(regions) > 0 {
		class, n := regions[0].Class, 1
		for n < len(regions) && regions[n].Class == class {
			n++
		}
		packed := fmt.Appendf(nil, `{"size":[%d,%d],"counts":%s}`, m.Height, m.Width, quoted(packRuns(runs[class])))
		lines = w.appendAnnotation(lines, regions[:n], packed)
		regions = regions[n:]
	}
	return lines
}

func (w *cocoWriter) Finish(photos []string, read Read, write Write) error {
	return write(withPart("annotations.json", w.part), func(out io.Writer) error { return w.join(out, photos, read) })
}

// join writes the files of photos as one. It reads each twice, for its image and for its
// annotations, so that memory holds one of them.
func (w *cocoWriter) join(out io.Writer, photos []string, read Read) error {
	list := &lister{out: out}
	list.begin(`{"images":[`)
	for i, photo := range photos {
		lines, err := readPart(photo, read)
		if err != nil {
			return err
		}
		list.element(fmt.Sprintf(`{"id":%d,`, i+1), lines[0][1:])
	}
	list.begin(`],"annotations":[`)
	for i, photo := range photos {
		lines, err := readPart(photo, read)
		if err != nil {
			return err
		}
		for _, line := range lines[1:] {
			list.element(fmt.Sprintf(`{"id":%d,"image_id":%d,`, list.count+1, i+1), line[1:])
		}
	}
	list.begin(`],"categories":[`)
	for i, name := range w.names() {
		list.element(fmt.Sprintf(`{"id":%d,"name":%s}`, i+1, quoted(name)), nil)
	}
	list.begin("]}\n")
	return list.err
}

// readPart returns the lines of a photo's file.
func readPart(photo string, read Read) ([][]byte, error) {
	text, err := read(partName(photo))
	if err != nil {
		return nil, err
	}
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	for i, line := range lines {
		if !bytes.HasPrefix(line, []byte("{")) || !bytes.HasSuffix(line, []byte("}")) {
			return nil, fmt.Errorf("line %d of %s is no object of JSON: remove the file, and what is known of its photo", i+1, partName(photo))
		}
	}
	return lines, nil
}

// lister writes lists of JSON. It keeps its first error.
type lister struct {
	out   io.Writer
	count int // of the elements of the list
	err   error
}

// begin writes what stands before a list.
func (l *lister) begin(text string) {
	l.count = 0
	l.put([]byte(text))
}

func (l *lister) element(head string, tail []byte) {
	if l.count > 0 {
		l.put([]byte(","))
	}
	l.count++
	l.put([]byte(head))
	l.put(tail)
}

func (l *lister) put(text []byte) {
	if l.err == nil {
		_, l.err = l.out.Write(text)
	}
}

// quoted returns a string of JSON. What is no UTF-8, as in names of files, is replaced.
func quoted(text string) []byte {
	b, _ := jsontext.AppendQuote(nil, strings.ToValidUTF8(text, "\uFFFD")) // fails on other than UTF-8
	return b
}

// appendPoints lists the coordinates of a ring, x before y, with a text between points.
func appendPoints(b []byte, r outline.Ring, between string) []byte {
	for i, p := range r {
		if i > 0 {
			b = append(b, between...)
		}
		b = strconv.AppendInt(b, int64(p.X), 10)
		b = append(b, ',')
		b = strconv.AppendInt(b, int64(p.Y), 10)
	}
	return b
}

// box returns the left, top, width and height of regions.
func box(regions []outline.Region) (left, top, width, height int) {
	first := regions[0].Outer[0]
	left, top, right, bottom := first.X, first.Y, first.X, first.Y
	for _, r := range regions {
		for _, p := range r.Outer {
			left, top, right, bottom = min(left, p.X), min(top, p.Y), max(right, p.X), max(bottom, p.Y)
		}
	}
	return left, top, right - left, bottom - top
}

// columnRuns returns, for each class, the lengths of runs of pixels without and with it by turns,
// column by column.
func columnRuns(m *Mask) (lengths [256][]int) {
	var ends [256]int // of what lengths has of each class
	add := func(class uint8, from, to int) {
		lengths[class] = append(lengths[class], from-ends[class], to-from)
		ends[class] = to
	}
	begin, at := 0, 0
	last := m.Classes[0]
	for x := range m.Width {
		for y := range m.Height {
			if class := m.Classes[y*m.Width+x]; class != last {
				add(last, begin, at)
				begin, last = at, class
			}
			at++
		}
	}
	add(last, begin, at)
	for class, end := range ends {
		if 0 < end && end < at {
			lengths[class] = append(lengths[class], at-end)
		}
	}
	return lengths
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
