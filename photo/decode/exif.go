package decode

import (
	"bytes"
	"encoding/binary"
)

// orientation returns the EXIF orientation of a photo, 1 to 8. It returns 1,
// upright, if the file states none or an invalid one.
func orientation(file []byte) int {
	if o := tagOrientation(exif(file)); o >= 1 && o <= 8 {
		return o
	}
	return 1
}

// exif returns the EXIF data of a file, a TIFF structure, or nil.
func exif(file []byte) []byte {
	switch {
	case bytes.HasPrefix(file, []byte{0xff, 0xd8}):
		return jpegEXIF(file[2:])
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		return chunk(file[8:], "eXIf", binary.BigEndian, 4, 12)
	case len(file) >= 12 && string(file[:4]) == "RIFF" && string(file[8:12]) == "WEBP":
		return bytes.TrimPrefix(chunk(file[12:], "EXIF", binary.LittleEndian, 0, 8), []byte("Exif\x00\x00"))
	case bytes.HasPrefix(file, []byte("II*\x00")), bytes.HasPrefix(file, []byte("MM\x00*")):
		return file
	}
	return nil
}

// jpegEXIF returns the EXIF data of the segment APP1 (EXIF 2.32, section 4.7.2),
// which precedes the picture.
func jpegEXIF(rest []byte) []byte {
	for len(rest) >= 4 && rest[0] == 0xff {
		marker, length := rest[1], int(binary.BigEndian.Uint16(rest[2:]))
		if marker == 0xff { // a fill byte
			rest = rest[1:]
			continue
		}
		if marker == 0xda || length < 2 || length > len(rest)-2 {
			return nil
		}
		if data, ok := bytes.CutPrefix(rest[4:2+length], []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return data
		}
		rest = rest[2+length:]
	}
	return nil
}

// chunk returns the data of a chunk of a PNG or RIFF file. A chunk begins with
// its length and its name, the name at nameAt, and is overhead bytes longer than
// its data. RIFF pads data to an even length, PNG does not.
func chunk(rest []byte, name string, order binary.ByteOrder, nameAt, overhead int) []byte {
	for len(rest) >= 8 {
		length := int(order.Uint32(rest[4-nameAt:]))
		if length > len(rest)-8 {
			return nil
		}
		if string(rest[nameAt:nameAt+4]) == name {
			return rest[8 : 8+length]
		}
		next := length + overhead
		if overhead == 8 {
			next += length % 2
		}
		rest = rest[min(next, len(rest)):]
	}
	return nil
}

// tagOrientation returns tag 274, a SHORT, of the first directory (TIFF 6.0,
// section 2), or 0 if there is none.
func tagOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	if tiff[0] == 'M' {
		order = binary.BigEndian
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 0
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 0
		}
		const orientationTag, short = 274, 3
		if order.Uint16(entries) == orientationTag && order.Uint16(entries[2:]) == short {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[12:]
	}
	return 0
}
