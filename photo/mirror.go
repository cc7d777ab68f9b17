package photo

// Mirror reverses a row of pixels, three bytes each.
func Mirror(row []byte) {
	for i, j := 0, len(row)-3; i < j; i, j = i+3, j-3 {
		a, b := (*[3]byte)(row[i:]), (*[3]byte)(row[j:])
		*a, *b = *b, *a
	}
}

// Mirrored returns the mirror image of a picture: left becomes right.
func Mirrored(src Source) Source { return mirrored{src} }

type mirrored struct{ Source }

func (m mirrored) Row(y int, dst []byte) error {
	err := m.Source.Row(y, dst)
	_, width := m.Size()
	Mirror(dst[:3*width])
	return err
}
