package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"segmenter/modelfile"
)

// coding says how the mask files of a set code classes. The zero value takes numbers
// for class ids.
type coding struct {
	classes Classes

	// id returns the class of a number, or Ignore; nil = that of the class list.
	id func(value uint32) (class uint8, ok bool)

	twoTone bool // 0 is class 0, and 255 class 1; see findTwoTone
	lenient bool // values beyond the classes do not count
}

// ValueError says that labels have values or names that are no classes.
type ValueError struct {
	Values   []string // the most frequent ones
	expected string
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("has the label %s: expected %s", e.Values[0], e.expected)
}

// decoded is what values of a mask file mean.
type decoded struct {
	classes map[uint32]uint8
	blurred int            // pixels whose colours lie between those of classes; ignored
	unknown map[string]int // pixels by value that is no class, if the coding is lenient
}

// decode finds the class of each value that a mask has. There are limit classes. Its
// errors are predicates, to follow the name of the file.
func (c *coding) decode(r *raster, limit int) (*decoded, error) {
	counts, err := r.count()
	if err != nil {
		return nil, err
	}
	d, err := c.decodeCounted(r, counts, limit)
	if err != nil {
		return nil, err
	}
	for _, id := range d.classes {
		if int(id) >= limit && id != Ignore {
			return nil, fmt.Errorf("has pixels of class %d: expected class ids, 0 to %d", id, limit-1)
		}
	}
	return d, nil
}

func (c *coding) decodeCounted(r *raster, counts map[uint32]int, limit int) (*decoded, error) {
	colours := c.classes.Colours != nil
	switch {
	case c.twoTone:
		return decodeTwoTone(r, counts)
	case colours && !r.coloured && c.meansColours(r, counts):
		return c.match(r, counts, r.colour)
	case colours && r.coloured:
		return c.match(r, counts, func(value uint32) uint32 { return value })
	case r.lossy != "":
		return nil, fmt.Errorf("is a %s, which changes class ids: save masks as PNG", r.lossy)
	case r.coloured && (!r.opaque || !isGrey(counts)):
		return nil, errors.New("is a colour picture: expected 8-bit grey or a palette, whose values are class ids, or a class list with the colours of masks")
	}
	return c.number(r, counts, limit)
}

// colour returns the colour of a value of a raster that is not coloured.
func (r *raster) colour(value uint32) uint32 {
	if r.palette != nil {
		if value < uint32(len(r.palette)) {
			return pack(r.palette[value])
		}
		return 0
	}
	return min(value, 255) * 0x010101
}

// isGrey reports whether all colours are grey.
func isGrey(counts map[uint32]int) bool {
	for v := range counts {
		if v != (v&0xff)*0x010101 {
			return false
		}
	}
	return true
}

// meansColours reports whether the colours of a grey mask or of a palette mean
// classes, rather than the numbers: all of them are in the class list.
func (c *coding) meansColours(r *raster, counts map[uint32]int) bool {
	listed := c.listed()
	if r.palette == nil && isGrey(keysOf(listed)) {
		return true
	}
	for value := range counts {
		if _, ok := listed[r.colour(value)]; !ok {
			return false
		}
	}
	return true
}

func keysOf(listed map[uint32]uint8) map[uint32]int {
	keys := make(map[uint32]int, len(listed))
	for k := range listed {
		keys[k] = 1
	}
	return keys
}

// listed returns the classes of the colours of the class list.
func (c *coding) listed() map[uint32]uint8 {
	key := func(m modelfile.Colour) uint32 { return uint32(m.R)<<16 | uint32(m.G)<<8 | uint32(m.B) }
	listed := make(map[uint32]uint8)
	for _, colour := range c.classes.void {
		listed[key(colour)] = Ignore
	}
	for id, colour := range c.classes.Colours {
		listed[key(colour)] = uint8(id)
	}
	return listed
}

// number decodes values that are class ids.
func (c *coding) number(r *raster, counts map[uint32]int, limit int) (*decoded, error) {
	of := c.id
	if of == nil {
		of = c.classes.ofValue
	}
	scale := uint32(1)
	switch {
	case r.coloured: // grey: three times the same value
		scale = 0x010101
	case r.palette == nil && isWide(counts):
		scale = 257
	}
	d := &decoded{classes: make(map[uint32]uint8), unknown: make(map[string]int)}
	for value, pixels := range counts {
		id, ok := of(value / scale)
		if !ok || int(id) >= limit && id != Ignore {
			d.unknown[fmt.Sprint(value/scale)] += pixels
			id = Ignore
		}
		d.classes[value] = id
	}
	return d, c.refuseUnknown(d, fmt.Sprintf("class ids, 0 to %d, or %d for pixels that do not count", limit-1, Ignore))
}

// isWide reports whether values are 8-bit ones spread over 16 bits, as editors do.
func isWide(counts map[uint32]int) bool {
	wide := false
	for v := range counts {
		if v%257 != 0 {
			return false
		}
		wide = wide || v > 0
	}
	return wide
}

// refuseUnknown returns an error about values that are no classes, unless the coding
// ignores them.
func (c *coding) refuseUnknown(d *decoded, expected string) error {
	if len(d.unknown) == 0 || c.lenient {
		return nil
	}
	const most = 8
	values := mostFrequent(d.unknown)
	return &ValueError{values[:min(most, len(values))], expected}
}

// mostFrequent returns the keys, that with the most pixels first.
func mostFrequent[K cmp.Ordered](pixels map[K]int) []K {
	return slices.SortedFunc(maps.Keys(pixels), func(a, b K) int {
		return cmp.Or(cmp.Compare(pixels[b], pixels[a]), cmp.Compare(a, b))
	})
}

// Limits on colours that are no class's. Edges that a program softened have many
// colours of few pixels each; a class that the list lacks has one of many.
const (
	maxSoftened  = 20  // percent of the pixels
	maxOneColour = 1   // percent of the pixels
	maxReach     = 32. // distance in RGB to a class's colour
)

// match decodes colours: each is that of the nearest class, if it is near, and ignored
// otherwise.
func (c *coding) match(r *raster, counts map[uint32]int, colour func(value uint32) uint32) (*decoded, error) {
	listed := c.listed()
	reach := reachOf(listed)
	d := &decoded{classes: make(map[uint32]uint8), unknown: make(map[string]int)}
	strange := make(map[uint32]int)
	for value, pixels := range counts {
		rgb := colour(value)
		id, distance := nearest(listed, rgb)
		if distance > reach {
			id = Ignore
			strange[rgb] += pixels
			d.blurred += pixels
		}
		d.classes[value] = id
	}
	frequent := mostFrequent(strange)
	all := r.height * r.width
	tooMany := 100*d.blurred > maxSoftened*all
	for _, rgb := range frequent {
		if r.lossy == "" && 100*strange[rgb] > maxOneColour*all {
			d.unknown[fmt.Sprintf("#%06x", rgb)] = strange[rgb]
			d.blurred -= strange[rgb]
		}
	}
	if tooMany && len(d.unknown) == 0 && !c.lenient {
		return nil, fmt.Errorf("has %d colours, and those of %.0f %% of its pixels are none of the %d classes' (most often #%06x): expected the colours of the class list, without shading",
			len(counts), 100*float64(d.blurred)/float64(all), c.classes.Len(), frequent[0])
	}
	return d, c.refuseUnknown(d, `the colours of the class list; add a class, or a line "void R G B" for pixels that do not count`)
}

// reachOf returns how far a colour may be from a class's: a third of the way to the
// next class, so that it is never near two.
func reachOf(listed map[uint32]uint8) float64 {
	reach := maxReach * maxReach
	for a := range listed {
		for b := range listed {
			if a != b {
				reach = min(reach, distance(a, b)/9)
			}
		}
	}
	return reach
}

// nearest returns the class with the nearest colour, and the distance, squared.
func nearest(listed map[uint32]uint8, rgb uint32) (id uint8, squared float64) {
	if id, ok := listed[rgb]; ok {
		return id, 0
	}
	squared = 1 << 20
	for other, class := range listed {
		if d := distance(other, rgb); d < squared {
			id, squared = class, d
		}
	}
	return id, squared
}

// distance returns the distance of two colours, squared.
func distance(a, b uint32) float64 {
	sum := 0
	for shift := 0; shift < 24; shift += 8 {
		d := int(a>>shift&0xff) - int(b>>shift&0xff)
		sum += d * d
	}
	return float64(sum)
}
