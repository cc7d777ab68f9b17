package decode

import (
	"encoding/binary"
	"iter"
)

// orientation returns the orientation by EXIF data, 1 to 8. It returns 1,
// upright, if the data state none or an invalid one.
func orientation(exif []byte) int {
	const tag = 274
	for f := range fields(exif) {
		if v := f.numbers(1); f.tag == tag && len(v) == 1 && v[0] >= 1 && v[0] <= 8 {
			return int(v[0])
		}
	}
	return 1
}

// field is a field of a TIFF directory (TIFF 6.0, section 2).
type field struct {
	tag, kind uint16
	data      []byte // all values
	cut       bool   // they lie outside the file; data is nil
	order     binary.ByteOrder
}

// Kinds of values.
const (
	tiffByte, tiffShort, tiffLong, tiffUndefined = 1, 3, 4, 7
)

// tiffSizes holds the bytes of a value of each kind.
var tiffSizes = [...]uint64{tiffByte: 1, 2: 1, tiffShort: 2, tiffLong: 4, 5: 8, 6: 1, tiffUndefined: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}

// fields returns the fields of the first directory of a TIFF structure, which
// EXIF data are too. It leaves out fields of unknown kinds.
func fields(tiff []byte) iter.Seq[field] {
	return func(yield func(field) bool) {
		if len(tiff) < 8 {
			return
		}
		var order binary.ByteOrder = binary.LittleEndian
		if tiff[0] == 'M' {
			order = binary.BigEndian
		}
		at := uint64(order.Uint32(tiff[4:]))
		if at+2 > uint64(len(tiff)) {
			return
		}
		entries := tiff[at+2:]
		for range order.Uint16(tiff[at:]) {
			if len(entries) < 12 {
				return
			}
			f := field{tag: order.Uint16(entries), kind: order.Uint16(entries[2:]), order: order}
			count, values := uint64(order.Uint32(entries[4:])), entries[8:12]
			if int(f.kind) < len(tiffSizes) {
				n := count * tiffSizes[f.kind]
				if n > 4 {
					values = tiff[min(uint64(order.Uint32(values)), uint64(len(tiff))):]
				}
				if f.cut = n > uint64(len(values)); !f.cut {
					f.data = values[:n]
				}
				if !yield(f) {
					return
				}
			}
			entries = entries[12:]
		}
	}
}

// numbers returns up to limit values of a field of whole numbers, else none.
func (f field) numbers(limit int) []uint32 {
	var out []uint32
	for data := f.data; len(data) > 0 && len(out) < limit; {
		switch f.kind {
		case tiffByte:
			out, data = append(out, uint32(data[0])), data[1:]
		case tiffShort:
			out, data = append(out, uint32(f.order.Uint16(data))), data[2:]
		case tiffLong:
			out, data = append(out, f.order.Uint32(data)), data[4:]
		default:
			return nil
		}
	}
	return out
}
