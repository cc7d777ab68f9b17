package host

import (
	"fmt"

	"segmenter/compute"
)

// Mask is a [compute.Mask]. A rank paints the rows First, First+1, …; the first
// rank has room for the rows of all.
type Mask struct {
	Freed
	memory        *Memory
	height, width int
	First         int
	rows          int // that this rank paints
	pixels        []uint8
	specks        Specks
}

func (m *Memory) NewMask(height, width int) (compute.Mask, error) {
	from, to := compute.Band(height, m.Index, m.Count, 1)
	mask := &Mask{memory: m, height: height, width: width, First: from, rows: to - from}
	if m.Index == 0 {
		mask.pixels = make([]uint8, height*width)
	} else {
		mask.pixels = make([]uint8, mask.rows*width)
	}
	return mask, nil
}

func (m *Mask) Height() int { return m.height }
func (m *Mask) Width() int  { return m.width }

// Rows is the number of rows that this rank paints.
func (m *Mask) Rows() int { return m.rows }

// Row is the i-th of the rows that this rank paints.
func (m *Mask) Row(i int) []uint8 { return m.pixels[i*m.width:][:m.width:m.width] }

// Own returns the pixels that this rank paints.
func (m *Mask) Own() []uint8 { return m.pixels[:m.rows*m.width] }

// Whole returns the pixels of all ranks, nil if this is not the first rank.
func (m *Mask) Whole() []uint8 {
	if m.memory.Index > 0 {
		return nil
	}
	return m.pixels
}

// Count: see [compute.Mask].
func (m *Mask) Count(areas []int) error {
	if err := m.memory.Finish(); err != nil {
		return err
	}
	clear(areas)
	for _, class := range m.pixelsOf("Count") {
		areas[class]++
	}
	return nil
}

// ClassAt: see [compute.Mask].
func (m *Mask) ClassAt(x, y int) (uint8, error) {
	if err := m.memory.Finish(); err != nil {
		return 0, err
	}
	if y < 0 || x < 0 || y >= m.height || x >= m.width {
		return 0, OutsideError(m, x, y)
	}
	return m.pixelsOf("ClassAt")[y*m.width+x], nil
}

// Read: see [compute.Mask].
func (m *Mask) Read(dst []uint8) error {
	if err := m.memory.Finish(); err != nil {
		return err
	}
	src := m.pixelsOf("Read")
	SameLength("Read", len(src), len(dst))
	copy(dst, src)
	return nil
}

// RemoveSpecks: see [compute.Mask].
func (m *Mask) RemoveSpecks(least int) error {
	if err := m.memory.Finish(); err != nil {
		return err
	}
	m.specks.Remove(m.pixelsOf("RemoveSpecks"), m.width, least)
	return nil
}

func (m *Mask) pixelsOf(method string) []uint8 {
	if m.memory.Index > 0 {
		panic(fmt.Sprintf("compute: %s: only the first rank has the whole mask; this is rank %d", method, m.memory.Index))
	}
	return m.pixels
}

// OutsideError says that a mask has no such pixel.
func OutsideError(m compute.Mask, x, y int) error {
	return fmt.Errorf("pixel %d, %d: the mask has %d×%d", x, y, m.Width(), m.Height())
}
