package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"iter"
	"slices"
)

// Markers of JPEG (ITU-T T.81, table B.1).
const (
	jpegTEM, jpegSOF0, jpegSOF1, jpegSOF2, jpegSOF15 = 0x01, 0xc0, 0xc1, 0xc2, 0xcf
	jpegDHT, jpegJPG, jpegDAC                        = 0xc4, 0xc8, 0xcc
	jpegRST0, jpegSOI, jpegEOI, jpegSOS              = 0xd0, 0xd8, 0xd9, 0xda
	jpegDQT, jpegDRI, jpegAPP1, jpegAPP2, jpegAPP14  = 0xdb, 0xdd, 0xe1, 0xe2, 0xee
	jpegSOF55                                        = 0xf7 // JPEG-LS
)

// A segment is a marker and its parameters. A scan's coded data follow at rest.
type segment struct {
	marker byte
	data   []byte
	rest   []byte // of the file, after data
}

// segments returns the segments of a JPEG file, to the end of its picture or of what
// can be read.
func segments(file []byte) iter.Seq[segment] {
	return func(yield func(segment) bool) {
		for rest := file[2:]; ; {
			at := bytes.IndexByte(rest, 0xff)
			if at < 0 || at+1 >= len(rest) {
				return
			}
			marker := rest[at+1]
			switch {
			case marker == 0xff: // a fill byte
				rest = rest[at+1:]
				continue
			case marker <= jpegTEM || marker >= jpegRST0 && marker <= jpegSOI: // without parameters, or data
				rest = rest[at+2:]
				continue
			case marker == jpegEOI:
				yield(segment{marker: marker, rest: rest[at+2:]})
				return
			}
			rest = rest[at+2:]
			if len(rest) < 2 {
				return
			}
			length := int(binary.BigEndian.Uint16(rest))
			if length < 2 || length > len(rest) {
				return
			}
			s := segment{marker, rest[2:length], rest[length:]}
			if !yield(s) {
				return
			}
			if rest = s.rest; marker == jpegSOS {
				rest = rest[len(s.coded()):]
			}
		}
	}
}

// coded returns the coded data of a scan, with its restart markers.
func (s segment) coded() []byte {
	for i := 0; ; i += 2 {
		n := bytes.IndexByte(s.rest[i:], 0xff)
		if i += n; n < 0 || i+1 >= len(s.rest) {
			return s.rest
		}
		if m := s.rest[i+1]; m != 0 && (m < jpegRST0 || m > jpegRST0+7) {
			if m == 0xff {
				i-- // a fill byte, before any marker
				continue
			}
			return s.rest[:i]
		}
	}
}

// jpegFile is what the segments before a JPEG's first scan state.
type jpegFile struct {
	marker        byte // of the frame
	width, height int
	components    []component
	adobe         bool // a segment states how colours are coded
	tables        bool // of Huffman codes are there
	several       bool // the first scan has not all components, so others follow
	exif          []byte
	profile       []byte
}

// component is a component of a frame. It has h × v blocks where the component
// with the most has the maximum.
type component struct {
	id, table byte
	h, v      int
}

// readJPEG reads a JPEG file up to its first scan.
func readJPEG(file []byte) (*jpegFile, error) {
	j := &jpegFile{}
	var parts [256][]byte // of the profile, from 1
	for s := range segments(file) {
		switch {
		case s.marker == jpegDHT:
			j.tables = true
		case s.marker >= jpegSOF0 && s.marker <= jpegSOF15 && s.marker != jpegJPG && s.marker != jpegDAC, s.marker == jpegSOF55:
			if err := j.readFrame(s); err != nil {
				return nil, err
			}
		case s.marker == jpegAPP1 && j.exif == nil:
			j.exif, _ = bytes.CutPrefix(s.data, []byte("Exif\x00\x00"))
			if len(j.exif) == len(s.data) {
				j.exif = nil // XMP, or another kind of data
			}
		case s.marker == jpegAPP2:
			if part, ok := bytes.CutPrefix(s.data, []byte("ICC_PROFILE\x00")); ok && len(part) > 2 {
				parts[part[0]] = part[2:]
			}
		case s.marker == jpegAPP14 && len(s.data) >= 12 && string(s.data[:5]) == "Adobe":
			j.adobe = true
		case s.marker == jpegSOS:
			if j.components == nil || len(s.data) == 0 {
				return nil, errors.New("a scan without a frame")
			}
			j.several = int(s.data[0]) < len(j.components)
			for i := 1; i < len(parts) && parts[i] != nil; i++ {
				j.profile = append(j.profile, parts[i]...)
			}
			return j, nil
		case s.marker == jpegEOI:
			return nil, errors.New("no picture")
		}
	}
	return nil, io.ErrUnexpectedEOF
}

// readFrame reads a frame's header (T.81, section B.2.2), and refuses the kinds that
// image/jpeg does not decode.
func (j *jpegFile) readFrame(s segment) error {
	if j.components != nil {
		return errors.New("two frames")
	}
	switch s.marker {
	case jpegSOF0, jpegSOF1, jpegSOF2:
	case 0xc3, 0xcb:
		return unsupported("a lossless JPEG")
	case 0xc9, 0xca:
		return unsupported("an arithmetic-coded JPEG")
	case jpegSOF55:
		return unsupported("a JPEG-LS file")
	default:
		return unsupported("a hierarchical JPEG")
	}
	if len(s.data) < 6 || len(s.data) != 6+3*int(s.data[5]) {
		return errors.New("a wrong header")
	}
	if bits := s.data[0]; bits != 8 {
		return unsupported(fmt.Sprintf("a JPEG of %d bits per channel", bits))
	}
	j.marker = s.marker
	j.height, j.width = int(binary.BigEndian.Uint16(s.data[1:])), int(binary.BigEndian.Uint16(s.data[3:]))
	if j.height == 0 {
		return unsupported("a JPEG whose height follows its picture")
	}
	for p := s.data[6:]; len(p) > 0; p = p[3:] {
		c := component{id: p[0], table: p[2], h: int(p[1] >> 4), v: int(p[1] & 15)}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 {
			return errors.New("wrong sampling factors")
		}
		j.components = append(j.components, c)
	}
	if n := len(j.components); n != 1 && n != 3 && n != 4 {
		return unsupported(fmt.Sprintf("a JPEG of %d channels", n))
	}
	return nil
}

// openJPEG decodes a JPEG. It mends what image/jpeg does not read but libjpeg does.
func openJPEG(file []byte, maxPixels int) (*decoded, error) {
	j, err := readJPEG(file)
	if err != nil {
		return nil, err
	}
	if err := checkSize(j.width, j.height, maxPixels); err != nil {
		return nil, err
	}
	d := &decoded{orientation: orientation(j.exif)}
	if len(j.components) != 4 { // a profile of CMYK is made of tables
		d.space = profileSpace(j.profile)
	}
	if (j.several || j.marker == jpegSOF2) && j.miscounted(file) {
		d.picture, err = j.decodeApart(file)
	} else {
		d.picture, err = jpeg.Decode(j.mended(file))
	}
	var rare jpeg.UnsupportedError
	if errors.As(err, &rare) {
		return nil, unsupported(fmt.Sprintf("a rare kind of JPEG (%s)", string(rare)))
	}
	if err != nil {
		return nil, err
	}
	d.canvas = d.picture.Bounds()
	return d, nil
}

// mended returns the file with the segments that it lacks.
func (j *jpegFile) mended(file []byte) io.Reader {
	var added []byte
	// Without Adobe's segment, image/jpeg does not guess what four channels are.
	// Browsers take them for inverted CMYK, which Adobe's segment with 0 states.
	if len(j.components) == 4 && !j.adobe {
		added = append(added, "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"...)
	}
	// Frames of Motion JPEG leave out the usual codes (T.81, annex K).
	if !j.tables && j.marker != jpegSOF2 {
		added = append(added, usualTables()...)
	}
	end := bytes.NewReader(nil)
	// Some cameras leave out the end. If there is one scan, the picture is complete:
	// a scan that is cut short fails all the same. With several, one could be missing.
	if !j.several && j.marker != jpegSOF2 {
		end = bytes.NewReader([]byte{0xff, jpegEOI})
	}
	return io.MultiReader(bytes.NewReader(file[:2]), bytes.NewReader(added), bytes.NewReader(file[2:]), end)
}

// usualTables returns the segment of the Huffman codes of annex K, which image/jpeg
// writes too.
func usualTables() []byte {
	var b bytes.Buffer
	if jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 1, 1)), nil) == nil {
		for s := range segments(b.Bytes()) {
			if s.marker == jpegDHT {
				header := binary.BigEndian.AppendUint16([]byte{0xff, jpegDHT}, uint16(len(s.data)+2))
				return append(header, s.data...)
			}
		}
	}
	return nil
}

// scan is a header of a scan (T.81, section B.2.3).
type scan struct {
	components []int // places of its components in the frame
	tables     []byte
	rest       [3]byte // first and last coefficient, and bits
}

func (j *jpegFile) readScan(data []byte) (s scan, err error) {
	if len(data) < 1 || len(data) != 4+2*int(data[0]) {
		return s, errors.New("a wrong scan header")
	}
	for p := data[1 : len(data)-3]; len(p) > 0; p = p[2:] {
		i := slices.IndexFunc(j.components, func(c component) bool { return c.id == p[0] })
		if i < 0 || slices.Contains(s.components, i) {
			return s, errors.New("a scan of unknown components")
		}
		s.components, s.tables = append(s.components, i), append(s.tables, p[1])
	}
	s.rest = [3]byte(data[len(data)-3:])
	return s, nil
}

// most returns the maximum of the sampling factors.
func (j *jpegFile) most() (h, v int) {
	for _, c := range j.components {
		h, v = max(h, c.h), max(v, c.v)
	}
	return h, v
}

// miscounted reports whether image/jpeg miscounts the blocks of a scan. In scans of
// one component, a restart interval is a number of blocks (T.81, sections A.2.2 and
// B.2.4.4), but image/jpeg counts them by h × v. It also reads too many blocks in a row
// if h is neither 1 nor the maximum.
func (j *jpegFile) miscounted(file []byte) bool {
	if len(j.components) == 1 {
		return false
	}
	h, v := j.most()
	interval := 0
	for s := range segments(file) {
		switch s.marker {
		case jpegDRI:
			interval = restartInterval(s)
		case jpegSOS:
			scan, err := j.readScan(s.data)
			if err != nil || len(scan.components) != 1 {
				continue
			}
			c := j.components[scan.components[0]]
			if interval > 0 && c.h*c.v > 1 || c.h > 1 && c.h < h || c.v > 1 && c.v < v {
				return true
			}
		}
	}
	return false
}

func restartInterval(s segment) int {
	if len(s.data) < 2 {
		return 0
	}
	return int(binary.BigEndian.Uint16(s.data))
}
