package dataset

import (
	"fmt"
	"math"
	"strconv"
)

// drawing is the labels of a photo as shapes.
type drawing struct {
	file          string // that holds it
	photo         Photo
	height, width int      // of the picture that the shapes lie on; 0 = the photo's
	objects       []object // from the bottom to the top
	coding        *coding
}

// object is a shape with its label.
type object struct {
	name    string // in the file, for messages
	label   string
	ignored bool // its pixels do not count
	shape   shape
	size    float64 // in pixels, where it decides the order
}

// A shape paints its pixels.
type shape interface {
	draw(c *canvas, id uint8) error
}

func (d *drawing) read(height, width, limit int) (*reading, error) {
	h, w := d.height, d.width
	if h == 0 && w == 0 {
		h, w = height, width
	}
	// Only sizes of photos that exist pass, so the canvas is no larger than its photo.
	turn, err := d.photo.turnOf(h, w, height, width)
	if err != nil {
		return nil, fmt.Errorf("%s: its picture %w", d.file, err)
	}
	r := &reading{unknown: make(map[string]int)}
	c := newCanvas(h, w, d.coding.classes.background())
	for _, o := range d.objects {
		id, ok := d.coding.classes.ofName(o.label)
		if !ok || int(id) >= limit && id != Ignore {
			r.unknown[strconv.Quote(o.label)]++
			id = Ignore
		}
		if o.ignored {
			id = Ignore
		}
		if err := o.shape.draw(c, id); err != nil {
			return nil, fmt.Errorf("%s: %s has %w", d.file, o.name, err)
		}
	}
	if len(r.unknown) > 0 && !d.coding.lenient {
		return nil, fmt.Errorf("%s %w", d.file, &ValueError{mostFrequent(r.unknown), "a name of the class list"})
	}
	r.ids = turn.apply(c.ids, h, w)
	return r, nil
}

// polygons is a shape of several parts: a pixel of any of them belongs to it.
type polygons [][]point

func (p polygons) draw(c *canvas, id uint8) error {
	for _, part := range p {
		if err := checkPoints(part); err != nil {
			return err
		}
		c.polygon(part, id)
	}
	return nil
}

// size returns the area of the parts together.
func (p polygons) size() float64 {
	sum := 0.
	for _, part := range p {
		twice := 0.
		for i, a := range part {
			b := part[(i+1)%len(part)]
			twice += a.x*b.y - b.x*a.y
		}
		sum += math.Abs(twice) / 2
	}
	return sum
}

// ellipse is an ellipse, turned by degrees clockwise.
type ellipse struct {
	centre          point
	rx, ry, degrees float64
}

func (e ellipse) draw(c *canvas, id uint8) error {
	if err := checkPoints([]point{e.centre, {e.rx, e.ry}, {e.degrees, 0}}); err != nil {
		return err
	}
	c.ellipse(e.centre, e.rx, e.ry, e.degrees, id)
	return nil
}

// rowRuns are run lengths of a rectangle, row by row.
type rowRuns struct {
	lengths []uint32
	at      rectangle
}

func (r rowRuns) draw(c *canvas, id uint8) error { return c.runs(r.lengths, r.at, false, id) }

// columnRuns are run lengths of all of a picture of height×width pixels, column by
// column: COCO's, packed or not.
type columnRuns struct {
	height, width int
	lengths       []uint32
	packed        string
}

func (r columnRuns) draw(c *canvas, id uint8) error {
	if r.height != c.height || r.width != c.width {
		return fmt.Errorf("run lengths of a picture of %d×%d pixels: its own has %d×%d", r.width, r.height, c.width, c.height)
	}
	lengths := r.lengths
	if r.packed != "" {
		var err error
		if lengths, err = unpackRuns(r.packed); err != nil {
			return err
		}
	}
	return c.runs(lengths, rectangle{width: r.width, height: r.height}, true, id)
}

// size returns the pixels inside.
func (r columnRuns) size() float64 {
	lengths := r.lengths
	if r.packed != "" {
		lengths, _ = unpackRuns(r.packed) // draw reports its error
	}
	sum := 0.
	for i := 1; i < len(lengths); i += 2 {
		sum += float64(lengths[i])
	}
	return sum
}
