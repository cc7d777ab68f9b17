package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"io"
)

// decodeApart decodes a JPEG one component after the other, each as a grey picture,
// whose blocks image/jpeg counts right. Scans of one component move to that picture
// as they are. Scans of several are coded anew: in progressive pictures, these hold
// only the blocks' averages (DC), a number for each block.
func (j *jpegFile) decodeApart(file []byte) (image.Image, error) {
	h, v := j.most()
	ratio, ok := map[[2]int]image.YCbCrSubsampleRatio{
		{1, 1}: image.YCbCrSubsampleRatio444, {2, 1}: image.YCbCrSubsampleRatio422, {2, 2}: image.YCbCrSubsampleRatio420,
		{1, 2}: image.YCbCrSubsampleRatio440, {4, 1}: image.YCbCrSubsampleRatio411, {4, 2}: image.YCbCrSubsampleRatio410,
	}[[2]int{h / j.components[1].h, v / j.components[1].v}]
	y, cb, cr := j.components[0], j.components[1], j.components[len(j.components)-1]
	if !ok || len(j.components) != 3 || y.h != h || y.v != v || cb.h != cr.h || cb.v != cr.v || h%cb.h != 0 || v%cb.v != 0 {
		return nil, unsupported("a JPEG with restart markers and rare sampling")
	}
	files, err := j.takeApart(file)
	if err != nil {
		return nil, err
	}
	var planes [3]*image.Gray
	for i, file := range files {
		picture, err := jpeg.Decode(bytes.NewReader(file))
		if err != nil {
			return nil, err
		}
		planes[i] = picture.(*image.Gray)
	}
	return &image.YCbCr{
		Y: planes[0].Pix, Cb: planes[1].Pix, Cr: planes[2].Pix, YStride: planes[0].Stride, CStride: planes[1].Stride,
		SubsampleRatio: ratio, Rect: image.Rect(0, 0, j.width, j.height),
	}, nil
}

// takeApart returns a grey JPEG file for each component.
func (j *jpegFile) takeApart(file []byte) ([][]byte, error) {
	files := make([][]byte, len(j.components))
	averages := make([][]int32, len(j.components))
	add := func(i int, marker byte, data ...byte) {
		files[i] = append(files[i], 0xff, marker)
		files[i] = binary.BigEndian.AppendUint16(files[i], uint16(len(data)+2))
		files[i] = append(files[i], data...)
	}
	for i := range files {
		files[i] = []byte{0xff, jpegSOI}
	}
	var codes [2][4][]byte // Huffman codes in use, by class and table
	var interval []byte
	for s := range segments(file) {
		switch s.marker {
		case j.marker:
			for i, c := range j.components {
				header := []byte{8}
				header = binary.BigEndian.AppendUint16(header, uint16(j.rows(c)))
				header = binary.BigEndian.AppendUint16(header, uint16(j.columns(c)))
				add(i, s.marker, append(header, 1, c.id, 0x11, c.table)...)
			}
		case jpegDQT:
			for i := range files {
				add(i, jpegDQT, s.data...)
			}
		case jpegDHT:
			for data := s.data; len(data) > 0; {
				n := 17
				for _, count := range data[1:min(17, len(data))] {
					n += int(count)
				}
				if n > len(data) || data[0]&^0x13 != 0 {
					return nil, errors.New("wrong Huffman codes")
				}
				codes[data[0]>>4][data[0]&3] = data[:n]
				data = data[n:]
			}
		case jpegDRI:
			interval = s.data
		case jpegSOS:
			scan, err := j.readScan(s.data)
			if err != nil {
				return nil, err
			}
			if len(scan.components) == 1 {
				i := scan.components[0]
				for class, table := range []byte{scan.tables[0] >> 4, scan.tables[0] & 15} {
					if table < 4 && codes[class][table] != nil {
						add(i, jpegDHT, codes[class][table]...)
					}
				}
				if interval != nil {
					add(i, jpegDRI, interval...)
				}
				add(i, jpegSOS, s.data...)
				files[i] = append(files[i], s.coded()...)
				continue
			}
			if j.marker != jpegSOF2 || scan.rest[0] != 0 || scan.rest[1] != 0 {
				return nil, unsupported("a JPEG with restart markers and a rare order of scans")
			}
			if err := j.readAverages(scan, s, codes[0], restartInterval(segment{data: interval}), averages); err != nil {
				return nil, err
			}
			for _, i := range scan.components {
				c := j.components[i]
				add(i, jpegDHT, plainCodes...)
				add(i, jpegDRI, 0, 0)
				add(i, jpegSOS, 1, c.id, 0, 0, 0, scan.rest[2])
				files[i] = j.writeAverages(files[i], c, averages[i], scan.rest[2] > 15)
			}
		case jpegEOI:
			for i := range files {
				files[i] = append(files[i], 0xff, jpegEOI)
			}
			return files, nil
		}
	}
	return nil, io.ErrUnexpectedEOF
}

// columns and rows return the size of a component in samples (T.81, section A.1.1).
func (j *jpegFile) columns(c component) int {
	h, _ := j.most()
	return (j.width*c.h + h - 1) / h
}

func (j *jpegFile) rows(c component) int {
	_, v := j.most()
	return (j.height*c.v + v - 1) / v
}

// stride returns the blocks in a row of a component, those that only fill up the
// last unit included.
func (j *jpegFile) stride(c component) int {
	h, _ := j.most()
	return (j.width + 8*h - 1) / (8 * h) * c.h
}

// readAverages reads a scan of several components of the blocks' averages (T.81,
// sections G.1.2.1 and A.2.3).
func (j *jpegFile) readAverages(scan scan, s segment, tables [4][]byte, interval int, averages [][]int32) error {
	h, v := j.most()
	across, down := (j.width+8*h-1)/(8*h), (j.height+8*v-1)/(8*v)
	refining := scan.rest[2] > 15
	decoders := make([]huffman, len(scan.components))
	for k, i := range scan.components {
		if averages[i] == nil {
			averages[i] = make([]int32, across*down*j.components[i].h*j.components[i].v)
		}
		if table := scan.tables[k] >> 4; !refining {
			if table > 3 || tables[table] == nil {
				return errors.New("missing Huffman codes")
			}
			decoders[k] = newHuffman(tables[table])
		}
	}
	in := bitReader{data: s.coded()}
	var last [4]int32
	for unit := range across * down {
		if interval > 0 && unit > 0 && unit%interval == 0 {
			if err := in.restart(byte(unit/interval-1) % 8); err != nil {
				return err
			}
			last = [4]int32{}
		}
		for k, i := range scan.components {
			c := j.components[i]
			for block := range c.h * c.v {
				x, y := unit%across*c.h+block%c.h, unit/across*c.v+block/c.h
				at := &averages[i][y*across*c.h+x]
				if refining {
					*at = *at<<1 | in.bits(1)
					continue
				}
				size := decoders[k].read(&in)
				if size > 15 {
					return errors.New("a wrong code")
				}
				difference := in.bits(size)
				if size > 0 && difference < 1<<(size-1) {
					difference -= 1<<size - 1
				}
				last[k] += difference
				*at = last[k]
			}
		}
		if in.failed {
			return io.ErrUnexpectedEOF
		}
	}
	return nil
}

// plainCodes are the codes of writeAverages: for each size of a number, the size
// itself, in 5 bits.
var plainCodes = []byte{0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

// writeAverages appends the data of a scan of one component.
func (j *jpegFile) writeAverages(file []byte, c component, averages []int32, refining bool) []byte {
	out := bitWriter{data: file}
	last := int32(0)
	for y := range (j.rows(c) + 7) / 8 {
		for _, average := range averages[y*j.stride(c):][:(j.columns(c)+7)/8] {
			if refining {
				out.bits(average&1, 1)
				continue
			}
			difference := average - last
			last = average
			size, number := 0, difference
			for n := max(difference, -difference); n > 0; n >>= 1 {
				size++
			}
			if difference < 0 {
				number += 1<<size - 1
			}
			out.bits(int32(size), 5)
			out.bits(number, size)
		}
	}
	for out.count%8 != 0 {
		out.bits(1, 1)
	}
	return out.data
}

// huffman decodes the codes of a table, bit by bit (T.81, annex F.2.2.3).
type huffman struct {
	counts []byte // of codes, by length less one
	values []byte // in the order of their codes
}

func newHuffman(table []byte) huffman { return huffman{table[1:17], table[17:]} }

// read returns the next value, or 255 if no code fits.
func (h *huffman) read(in *bitReader) int {
	code, first, at := int32(0), int32(0), int32(0)
	for _, count := range h.counts {
		code = code<<1 | in.bits(1)
		if place := code - first; place < int32(count) {
			return int(h.values[at+place])
		}
		at += int32(count)
		first = (first + int32(count)) << 1
	}
	return 255
}

// bitReader reads bits of coded data, the highest of a byte first.
type bitReader struct {
	data   []byte
	left   int  // bits of the first byte that are not read
	failed bool // the data ended
}

func (r *bitReader) bits(n int) (v int32) {
	for range n {
		if r.left == 0 {
			if len(r.data) == 0 || r.data[0] == 0xff && (len(r.data) < 2 || r.data[1] != 0) {
				r.failed = true
				return 0
			}
			r.left = 8
		}
		r.left--
		v = v<<1 | int32(r.data[0]>>r.left&1)
		if r.left == 0 {
			r.next()
		}
	}
	return v
}

// next leaves the first byte behind.
func (r *bitReader) next() {
	skip := 1
	if r.data[0] == 0xff {
		skip = 2 // and the zero that follows it
	}
	r.data, r.left = r.data[skip:], 0
}

// restart goes on after the restart marker with a number.
func (r *bitReader) restart(number byte) error {
	if r.left > 0 {
		r.next()
	}
	if len(r.data) < 2 || r.data[0] != 0xff || r.data[1] != jpegRST0+number {
		return errors.New("a missing restart marker")
	}
	r.data = r.data[2:]
	return nil
}

// bitWriter appends bits to coded data.
type bitWriter struct {
	data  []byte
	last  byte
	count int // of bits written
}

func (w *bitWriter) bits(v int32, n int) {
	for n--; n >= 0; n-- {
		w.last = w.last<<1 | byte(v>>n&1)
		if w.count++; w.count%8 == 0 {
			if w.data = append(w.data, w.last); w.last == 0xff {
				w.data = append(w.data, 0)
			}
		}
	}
}
