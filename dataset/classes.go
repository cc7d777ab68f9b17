package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"segmenter/modelfile"
)

// Limits of class lists. [Ignore] is no class.
const (
	maxClasses   = Ignore
	maxListBytes = 1 << 20
)

// Classes are the classes of a set by id. The zero value states none: then labels are
// whatever the masks hold.
type Classes struct {
	Names []string

	// Colours are those of colour masks, by id; nil if the list states none.
	Colours []modelfile.Colour

	// A list may hold entries that are no classes, such as "void". They keep
	// their place in the list, which is the value of their pixels.
	values  []uint8 // class id, or Ignore, by place in the list; nil = the place is the id
	void    []modelfile.Colour
	ignored []string
}

// Named returns classes without colours.
func Named(names ...string) Classes { return Classes{Names: names} }

// Len returns the number of classes.
func (c Classes) Len() int { return len(c.Names) }

// Card returns the classes as a model's card states them, with the colours of masks if the
// list has any.
func (c Classes) Card() []modelfile.Class {
	card := make([]modelfile.Class, len(c.Names))
	for id, name := range c.Names {
		card[id] = modelfile.Class{Name: name, Colour: modelfile.DefaultColour(id)}
		if c.Colours != nil {
			card[id].Colour = c.Colours[id]
		}
	}
	return card
}

// ofValue returns the class of a value of an index mask.
func (c Classes) ofValue(value uint32) (id uint8, ok bool) {
	switch {
	case value == Ignore || value == 0xffff:
		return Ignore, true
	case c.values != nil:
		if value < uint32(len(c.values)) {
			return c.values[value], true
		}
		return 0, false
	case c.Names != nil:
		return uint8(value), value < uint32(len(c.Names))
	}
	return uint8(value), value < Ignore
}

// ofName returns the class of an object by its label, or Ignore for labels that are no
// classes.
func (c Classes) ofName(name string) (id uint8, ok bool) {
	if i := slices.Index(c.Names, name); i >= 0 {
		return uint8(i), true
	}
	return Ignore, slices.Contains(c.ignored, name) || isVoid(name)
}

// background returns the class of pixels that no object covers: the class of that name,
// or Ignore.
func (c Classes) background() uint8 {
	for id, name := range c.Names {
		if plain(name) == "background" {
			return uint8(id)
		}
	}
	return Ignore
}

// plain is a name as people mean it, without LabelMe's underscores.
func plain(name string) string { return strings.ToLower(strings.Trim(name, "_ ")) }

// isVoid reports whether a name stands for pixels that do not count.
func isVoid(name string) bool {
	switch plain(name) {
	case "ignore", "ignored", "void", "unlabeled", "unlabelled":
		return true
	}
	return false
}

// ReadClasses reads a list of classes, in the order of their ids. It takes
//
//   - text with a class a line, NAME, and optionally its colour in masks: "NAME 128 0 0",
//     "NAME #800000", "128 0 0 NAME", or a line of CVAT's labelmap.txt; its id may
//     come first; lines that begin with # are comments;
//   - JSON: an array of names or of objects {"name": …, "colour": "#800000"}, or an object
//     that holds one as "classes" or "names", or names by id, {"0": …, "1": …}.
//
// Entries called ignore, void or unlabelled are no classes: their pixels do not count.
func ReadClasses(path string) (Classes, error) {
	text, err := readLimited(path, maxListBytes)
	if err != nil {
		return Classes{}, err
	}
	c, err := parseClasses(string(text))
	if err != nil {
		return Classes{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// entry is a line of a class list.
type entry struct {
	name   string
	colour *modelfile.Colour
}

func parseClasses(text string) (Classes, error) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return Classes{}, errors.New("the class list is not UTF-8: save it as a text in UTF-8")
	}
	text = strings.TrimSpace(text)
	read := parseLines
	if strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{") {
		read = parseJSONClasses
	}
	entries, err := read(text)
	if err != nil {
		return Classes{}, err
	}
	return newClasses(entries)
}

// newClasses checks the entries of a list and makes classes of them.
func newClasses(entries []entry) (Classes, error) {
	var c Classes
	coloured, voids := 0, 0
	for place, e := range entries {
		id := uint8(Ignore)
		switch {
		case isVoid(e.name):
			c.ignored = append(c.ignored, e.name)
			voids++
		case len(c.Names) == maxClasses:
			return Classes{}, fmt.Errorf("the list has more than %d classes: merge some", maxClasses)
		case slices.Contains(c.Names, e.name):
			return Classes{}, fmt.Errorf("the class %q stands in the list twice: remove or rename one", e.name)
		default:
			id = uint8(len(c.Names))
			c.Names = append(c.Names, e.name)
		}
		// LabelMe's list begins with __ignore__, which has no value: ids begin after it.
		if place > 0 || e.name != "__ignore__" {
			c.values = append(c.values, id)
		}
		if e.colour != nil {
			coloured++
			if id == Ignore {
				c.void = append(c.void, *e.colour)
			} else {
				c.Colours = append(c.Colours, *e.colour)
			}
		}
	}
	if len(c.Names) == 0 {
		return Classes{}, errors.New("the list names no class: expected one a line")
	}
	if voids == 0 || len(c.values) == len(c.Names) {
		c.values = nil // places are ids
	}
	if c.Colours != nil && len(c.Colours) != len(c.Names) {
		return Classes{}, fmt.Errorf("%d of %d classes have a colour: give all of them one, or none", coloured, len(entries))
	}
	return c, c.checkColours()
}

// checkColours refuses colours that stand for two classes.
func (c Classes) checkColours() error {
	of := make(map[modelfile.Colour]string)
	for id, colour := range c.Colours {
		if other, ok := of[colour]; ok {
			return fmt.Errorf("the classes %q and %q have the same colour, %v: expected colours that differ", other, c.Names[id], colour)
		}
		of[colour] = c.Names[id]
	}
	for _, colour := range c.void {
		if other, ok := of[colour]; ok {
			return fmt.Errorf("the class %q has the colour of ignored pixels, %v: expected colours that differ", other, colour)
		}
	}
	return nil
}

// The forms of a line with a colour.
var (
	nameThenRGB = regexp.MustCompile(`^(.+?)[\s,:]+(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})(?:\s*:.*)?$`)
	rgbThenName = regexp.MustCompile(`^(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})[\s,]+(.+)$`)
	nameThenHex = regexp.MustCompile(`^(.+?)[\s,:]+(#[0-9a-fA-F]{6})$`)
	csvHeading  = regexp.MustCompile(`(?i)^((name|class)\s*,\s*r\s*,\s*g\s*,\s*b|pixel value\s*,\s*class)$`)

	// idThenName is a line of a list with numbers, which have to be those of the places.
	idThenName = regexp.MustCompile(`^(\d+)[\s,:]+([^\d\s].*)$`)
)

func parseLines(text string) ([]entry, error) {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") && !csvHeading.MatchString(line) {
			lines = append(lines, line)
		}
	}
	dropNumbers(lines)
	entries := make([]entry, len(lines))
	for i, line := range lines {
		var err error
		if entries[i], err = parseLine(line); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// dropNumbers removes the numbers of a list whose lines begin with 0, 1, 2 and so on.
func dropNumbers(lines []string) {
	names := make([]string, len(lines))
	for i, line := range lines {
		m := idThenName.FindStringSubmatch(line)
		if m == nil || m[1] != strconv.Itoa(i) {
			return
		}
		names[i] = m[2]
	}
	copy(lines, names)
}

func parseLine(line string) (entry, error) {
	name, digits := line, []string(nil)
	switch {
	case nameThenHex.MatchString(line):
		m := nameThenHex.FindStringSubmatch(line)
		colour, err := modelfile.ParseColour(m[2])
		return entry{m[1], &colour}, err
	case nameThenRGB.MatchString(line):
		m := nameThenRGB.FindStringSubmatch(line)
		name, digits = m[1], m[2:5]
	case rgbThenName.MatchString(line):
		m := rgbThenName.FindStringSubmatch(line)
		name, digits = m[4], m[1:4]
	default:
		return entry{name: name}, nil
	}
	var rgb [3]uint8
	for i, d := range digits {
		v, err := strconv.ParseUint(d, 10, 8)
		if err != nil {
			return entry{}, fmt.Errorf("the colour %s of %q has a value above 255", strings.Join(digits, " "), name)
		}
		rgb[i] = uint8(v)
	}
	return entry{name, &modelfile.Colour{R: rgb[0], G: rgb[1], B: rgb[2]}}, nil
}

// parseJSONClasses reads a list in any of the JSON forms of [ReadClasses].
func parseJSONClasses(text string) ([]entry, error) {
	var object map[string]json.RawMessage
	list := json.RawMessage(text)
	if strings.HasPrefix(text, "{") {
		if err := json.Unmarshal(list, &object); err != nil {
			return nil, fmt.Errorf("the class list is no valid JSON: %w", err)
		}
		switch {
		case object["classes"] != nil:
			list = object["classes"]
		case object["names"] != nil:
			list = object["names"]
		default:
			return namesByID(object)
		}
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(list, &elements); err != nil {
		return nil, fmt.Errorf(`the class list is no JSON array of names or of objects with "name" and "colour": %w`, err)
	}
	entries := make([]entry, len(elements))
	for i, element := range elements {
		var err error
		if entries[i], err = parseJSONClass(element); err != nil {
			return nil, fmt.Errorf("class %d: %w", i, err)
		}
	}
	return entries, nil
}

func parseJSONClass(text json.RawMessage) (e entry, err error) {
	var object struct{ Name, Colour, Color string }
	if json.Unmarshal(text, &object.Name) != nil {
		if err := json.Unmarshal(text, &object); err != nil {
			return e, errors.New(`expected a name, or an object with "name" and "colour": "#rrggbb"`)
		}
	}
	if e.name = strings.TrimSpace(object.Name); e.name == "" {
		return e, errors.New("it has no name")
	}
	if text := object.Colour + object.Color; text != "" {
		colour, err := modelfile.ParseColour(text)
		if err != nil {
			return e, err
		}
		e.colour = &colour
	}
	return e, nil
}

// namesByID reads {"0": "background", "1": "cat"}.
func namesByID(object map[string]json.RawMessage) ([]entry, error) {
	entries := make([]entry, len(object))
	for i := range entries {
		text, ok := object[strconv.Itoa(i)]
		if !ok || json.Unmarshal(text, &entries[i].name) != nil || entries[i].name == "" {
			return nil, fmt.Errorf(`the class list has no name for the id %d: expected {"0": "…", "1": "…"} without gaps, or an array`, i)
		}
	}
	return entries, nil
}
