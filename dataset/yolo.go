package dataset

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// maxYOLO limits a file of labels, and that of the names.
const maxYOLO = 64 << 20

// fitsYOLO: a YAML file with names, and text files in folders called labels.
func fitsYOLO(l *loader) bool { return l.yoloNames() != "" && len(l.yoloLabels()) > 0 }

// yoloNames returns the file that lists the classes, or "".
func (l *loader) yoloNames() string {
	for _, name := range l.below("", "yaml", "yml") {
		if !strings.Contains(name, "/") && l.looksLike(name, "names:") {
			return name
		}
	}
	return ""
}

// yoloLabels lists the files of labels.
func (l *loader) yoloLabels() []string {
	return slices.DeleteFunc(l.below(l.options.Masks, "txt"), func(name string) bool {
		return !slices.Contains(strings.Split(path.Dir(name), "/"), "labels")
	})
}

// loadYOLO reads a file for each photo (https://docs.ultralytics.com/datasets/segment).
func loadYOLO(l *loader) error {
	file := l.yoloNames()
	if file == "" {
		return fmt.Errorf("%s has no data.yaml: expected a list of names there, names: [cat, dog]", l.root)
	}
	text, err := readLimited(l.path(file), maxYOLO)
	if err != nil {
		return err
	}
	names, err := parseYOLONames(text)
	if err != nil {
		return fmt.Errorf("%s: %w", l.path(file), err)
	}
	l.shared.names = append(l.shared.names, names...)
	boxes := 0
	err = l.loadAnnotations(l.yoloLabels(), "labels of YOLO", maxYOLO, func(text []byte, name string, index *photoIndex) error {
		n, err := l.addYOLO(text, names, name, index)
		boxes += n
		return err
	})
	if boxes > 0 {
		l.shared.set.Notes = append(l.shared.set.Notes, fmt.Sprintf("%s: %d objects have a box but no outline; the pixels of their boxes are ignored", l.root, boxes))
	}
	return err
}

// addYOLO adds the photo of a file of labels. It returns the number of objects that are boxes.
func (l *loader) addYOLO(text []byte, names []string, name string, index *photoIndex) (boxes int, err error) {
	d := &drawing{file: l.path(name), coding: l.shared.coding}
	if d.objects, boxes, err = parseYOLO(text, names); err != nil {
		return 0, err
	}
	for _, photo := range yoloPhotos(name) {
		if _, found := slices.BinarySearch(l.files, photo); found {
			index.used[photo] = name
			d.photo = l.photo(photo, index.folder)
			l.add(d.photo, partOfName(photo), d)
			return boxes, nil
		}
	}
	l.shared.set.Orphans = append(l.shared.set.Orphans, l.prefix+name)
	return 0, nil
}

// yoloPhotos lists where the photo of a file of labels may be: where labels is called images.
func yoloPhotos(name string) (photos []string) {
	parts := strings.Split(stem(name), "/")
	for i := len(parts) - 2; i >= 0; i-- {
		if parts[i] == "labels" {
			parts[i] = "images"
			break
		}
	}
	for _, e := range photoExtensions {
		photos = append(photos, strings.Join(parts, "/")+"."+e, strings.Join(parts, "/")+"."+strings.ToUpper(e))
	}
	return photos
}

// partOfName returns the part of the set that one of the folders of a photo stands for.
func partOfName(name string) string {
	for _, folder := range strings.Split(path.Dir(name), "/") {
		if part := partOf(folder); part != "" {
			return part
		}
	}
	return ""
}

// parseYOLO reads a line for each object: its class, then x and y of each point as shares of the
// photo's width and height. A line of four numbers behind the class is a box, the centre and the
// size, which does not count. Small objects lie on top of large ones.
func parseYOLO(text []byte, names []string) (objects []object, boxes int, err error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxYOLO)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		o, isBox, err := parseYOLOLine(fields, names)
		if err != nil {
			return nil, 0, fmt.Errorf("line %d has %w", n, err)
		}
		if isBox {
			boxes++
		}
		o.name = fmt.Sprintf("line %d", n)
		objects = append(objects, o)
	}
	slices.SortStableFunc(objects, func(a, b object) int { return cmp.Compare(b.size, a.size) })
	return objects, boxes, lines.Err()
}

func parseYOLOLine(fields []string, names []string) (o object, isBox bool, err error) {
	class, err := strconv.ParseFloat(fields[0], 64) // some programs write 0.0
	if err != nil || class != math.Trunc(class) || class < 0 || class >= float64(len(names)) {
		return o, false, fmt.Errorf("the class %.40q: expected 0 to %d, as data.yaml has names", fields[0], len(names)-1)
	}
	o.label = names[int(class)]
	values := make([]float64, len(fields)-1)
	for i, field := range fields[1:] {
		if values[i], err = strconv.ParseFloat(field, 64); err != nil || !(math.Abs(values[i]) <= 16) {
			return o, false, fmt.Errorf("the number %.40q: expected shares of the photo's width and height, 0 to 1", field)
		}
	}
	if len(values) == 4 {
		x, y, w, h := values[0], values[1], values[2]/2, values[3]/2
		o.ignored, o.size = true, math.Inf(1)
		o.shape = shares{polygons{{{x - w, y - h}, {x + w, y - h}, {x + w, y + h}, {x - w, y + h}}}}
		return o, true, nil
	}
	if len(values) < 6 || len(values)%2 != 0 {
		return o, false, fmt.Errorf("%d numbers behind its class: expected x, y, x, y, … of three points or more", len(values))
	}
	points := make([]point, len(values)/2)
	for i := range points {
		points[i] = point{values[2*i], values[2*i+1]}
	}
	o.shape = shares{polygons{points}}
	o.size = polygons{points}.size()
	return o, false, nil
}

// shares are polygons whose points are shares of the picture's width and height.
type shares struct{ polygons }

func (s shares) draw(c *canvas, id uint8) error {
	scaled := make(polygons, len(s.polygons))
	for i, part := range s.polygons {
		for _, p := range part {
			scaled[i] = append(scaled[i], point{p.x * float64(c.width), p.y * float64(c.height)})
		}
	}
	return scaled.draw(c, id)
}

// parseYOLONames reads the names of data.yaml: names: [a, b], or a line for each, "- a" or "0: a".
// It reads no other YAML.
func parseYOLONames(text []byte) (names []string, err error) {
	inside := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		content := strings.TrimSpace(line)
		if content == "" || content[0] == '#' {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "names:"); ok {
			inside = true
			if rest = strings.TrimSpace(rest); rest != "" && rest[0] != '#' {
				return parseYOLOList(rest)
			}
			continue
		}
		if !inside {
			continue
		}
		switch rest, isItem := strings.CutPrefix(content, "- "); {
		case isItem:
			names = append(names, unquoted(rest))
		case line[0] == ' ' || line[0] == '\t':
			number, name, ok := strings.Cut(content, ":")
			if n, err := strconv.Atoi(number); !ok || err != nil || n != len(names) {
				return nil, fmt.Errorf("names have the line %.60q: expected %d: NAME", content, len(names))
			}
			names = append(names, unquoted(name))
		default:
			inside = false
		}
	}
	return names, checkYOLONames(names)
}

func parseYOLOList(text string) (names []string, err error) {
	inner, ok := strings.CutPrefix(text, "[")
	inner, _, ok2 := strings.Cut(inner, "]")
	if !ok || !ok2 {
		return nil, fmt.Errorf("names: %.60s: expected [cat, dog], or a line for each", text)
	}
	for name := range strings.SplitSeq(inner, ",") {
		names = append(names, unquoted(name))
	}
	return names, checkYOLONames(names)
}

func checkYOLONames(names []string) error {
	if len(names) == 0 {
		return errors.New("it lists no names: expected names: [cat, dog]")
	}
	for i, name := range names {
		if name == "" || slices.Contains(names[:i], name) {
			return fmt.Errorf("the name %d, %q, is empty or occurs twice", i, name)
		}
	}
	return nil
}

// unquoted returns a YAML scalar without its quotes.
func unquoted(text string) string {
	text = strings.TrimSpace(text)
	if name, err := strconv.Unquote(text); err == nil && text[0] == '"' {
		return name
	}
	if len(text) > 1 && text[0] == '\'' && text[len(text)-1] == '\'' {
		return strings.ReplaceAll(text[1:len(text)-1], "''", "'")
	}
	return text
}
