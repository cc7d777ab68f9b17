package decode

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image/jpeg"
	"io"
	"strings"
	"testing"
)

// TestCases opens files of kinds that this package once read wrong.
func TestCases(t *testing.T) {
	for _, c := range []struct {
		file, want string
		tolerance  int // what coding the file lost
	}{
		{"v5-bi_rgb-32bit.bmp", "base.png", 0},
		{"rgb565.bmp", "base.png", 7},
		{"black-white-lossy.webp", "black-white.png", 0},
		{"animated.webp", "base.png", 0},
		{"exif6.webp", "base.png", 0},
		{"icc-swapped-primaries.png", "base.png", 1},
		{"iccp-bad-crc.png", "base.png", 0},
		{"cmyk-no-adobe-marker.jpg", "base.png", 5},
		{"progressive-restart-420.jpg", "progressive-restart-420.jpg.png", 3},
	} {
		t.Run(c.file, func(t *testing.T) {
			reference(t, "testdata/"+c.want).compare(t, read(t, "testdata/"+c.file), c.tolerance)
		})
	}
	for file, want := range map[string]string{
		"arithmetic.jpg": "arithmetic-coded JPEG, which is not supported: save it as",
		"heic-named.jpg": "HEIC file, which is not supported: save it as",
	} {
		if _, err := Open("testdata/" + file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, expected %q", file, err, want)
		}
	}
}

// TestFirstFrame opens a GIF whose first frame, 20×16, lies inside the canvas.
func TestFirstFrame(t *testing.T) {
	s, err := Open("testdata/first-frame-offset.gif")
	if err != nil {
		t.Fatal(err)
	}
	if h, w := s.Size(); h != 30 || w != 40 {
		t.Fatalf("%d×%d pixels, expected 40×30", w, h)
	}
	pix := rgb(t, s)
	left, top, right, bottom := 40, 30, -1, -1
	for i := range 40 * 30 {
		if x, y := i%40, i/40; !bytes.Equal(pix[3*i:][:3], []byte{255, 255, 255}) {
			left, top, right, bottom = min(left, x), min(top, y), max(right, x), max(bottom, y)
		}
	}
	if right-left+1 != 20 || bottom-top+1 != 16 {
		t.Errorf("the frame fills %d to %d, %d to %d", left, right, top, bottom)
	}
	if got := [3]byte(pix[(15*40+20)*3:]); got != [3]byte{136, 102, 154} {
		t.Errorf("the middle is %v", got)
	}
}

// TestUnsupported refuses intact files of kinds that are not read by the name of the
// kind.
func TestUnsupported(t *testing.T) {
	photo := string(encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, sample(), nil) }))
	frame := strings.Index(photo, "\xff\xc0")
	marker := func(m string) string { return photo[:frame] + "\xff" + m + photo[frame+2:] }
	bmp := func(depth, compression byte) string {
		b := read(t, "testdata/rgb565.bmp")
		b[28], b[30] = depth, compression
		return string(b)
	}
	tiff := func(fields ...uint16) string { // tags and values
		b := []byte("MM\x00*\x00\x00\x00\x08")
		b = binary.BigEndian.AppendUint16(b, uint16(len(fields)/2))
		for i := 0; i < len(fields); i += 2 {
			b = binary.BigEndian.AppendUint16(b, fields[i])
			b = append(b, 0, tiffShort, 0, 0, 0, 1)
			b = append(binary.BigEndian.AppendUint16(b, fields[i+1]), 0, 0)
		}
		return string(append(b, 0, 0, 0, 0))
	}
	small := func(fields ...uint16) string { return tiff(append([]uint16{tagWidth, 2, tagHeight, 2}, fields...)...) }
	cgbi := "\x89PNG\r\n\x1a\n\x00\x00\x00\x04CgBI\x50\x00\x20\x06"
	cgbi += string(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(cgbi[12:]))))
	for _, c := range []struct{ file, kind string }{
		{photo[:frame+4] + "\x0c" + photo[frame+5:], "a JPEG of 12 bits per channel"},
		{marker("\xc3"), "a lossless JPEG"},
		{marker("\xc5"), "a hierarchical JPEG"},
		{marker("\xca"), "an arithmetic-coded JPEG"},
		{marker("\xf7"), "a JPEG-LS file"},
		{photo[:frame+5] + "\x00\x00" + photo[frame+7:], "a JPEG whose height follows its picture"},
		{bmp(0, 4), "a BMP of a rare compression"},
		{bmp(0, 5), "a BMP of a rare compression"},
		{small(tagCompression, 7), "a TIFF with JPEG compression"},
		{small(tagCompression, 50000), "a TIFF with Zstandard compression"},
		{small(tagPhotometric, 8), "a Lab TIFF"},
		{small(tagBits, 32), "a TIFF of 32 bits per channel"},
		{small(tagBits, 8, tagSampleFormat, 3), "a TIFF of signed or floating-point numbers"},
		{small(tagBits, 8, tagCompression, tiffLZW, tagPredictor, 3), "a TIFF with a rare predictor"},
		{small(tagDNGVersion, 1), "a camera raw file"},
		{small(tagSubfileType, 1, tagSubdirectories, 99), "a camera raw file"},
		{small(tagPhotometric, 32803), "a camera raw file"},
		{"II*\x00\x10\x00\x00\x00CR\x02\x00", "a camera raw file"},
		{"MM\x00+\x00\x08\x00\x00", "a BigTIFF file"},
		{cgbi, "a PNG for iPhone programs (CgBI)"},
		{"\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x14ftypjp2 ", "a JPEG 2000 file"},
		{"\xff\x4f\xff\x51\x00\x2f", "a JPEG 2000 file"},
		{"\xff\x0a\x00\x10", "a JPEG XL file"},
		{"\x00\x00\x00\x0cJXL \r\n\x87\n\x00\x00\x00\x14ftypjxl ", "a JPEG XL file"},
		{"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00", "an AVIF file"},
		{"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01", "a camera raw file (CR3)"},
		{"\x00\x00\x00\x18ftypqt  \x00\x00\x00\x01", "a video (QuickTime)"},
		{"FUJIFILMCCD-RAW 0201", "a camera raw file (RAF)"},
		{"8BPS\x00\x01", "a Photoshop document"},
		{"%PDF-1.7", "a PDF document"},
	} {
		_, err := Decode(strings.NewReader(c.file))
		if want := "the file is " + c.kind + ", which is not supported: save it as an ordinary JPEG or PNG"; err == nil || err.Error() != want {
			t.Errorf("%.20q: error %v, expected %q", c.file, err, want)
		}
	}
}

// TestProfile reads profiles that are damaged, and ones that are not applied.
func TestProfile(t *testing.T) {
	file := read(t, "testdata/icc-swapped-primaries.png")
	var profile []byte
	for c := range pngChunks(file) {
		if c.name == "iCCP" {
			profile = inflate(t, c.data)
		}
	}
	if profileSpace(profile) == nil {
		t.Fatal("the profile is not applied")
	}
	for n := range profile {
		profileSpace(profile[:n])
	}
	for i := range profile { // wrong bytes, one at a time
		for _, v := range []byte{0, 1, 0x7f, 0xff} {
			damaged := bytes.Clone(profile)
			damaged[i] = v
			if space := profileSpace(damaged); space != nil {
				space.row([]byte{0, 0, 0, 255, 255, 255})
			}
		}
	}
	for at, text := range map[int]string{16: "CMYK", 20: "Lab ", 36: "xxxx"} {
		other := bytes.Clone(profile)
		copy(other[at:], text)
		if profileSpace(other) != nil {
			t.Errorf("a profile of %q is applied", text)
		}
	}
}

// TestSRGB checks that photos in sRGB are not converted at all.
func TestSRGB(t *testing.T) {
	for name, space := range map[string]*conversion{
		"code points": codedSpace(1, 13),
		"matrix":      newConversion(fromPCS.inverse(), sRGBCurve, sRGBCurve, sRGBCurve),
		// What profiles of sRGB state, rounded as the format rounds it.
		"profile": newConversion(matrix{{0.43607, 0.38515, 0.14307}, {0.22249, 0.71687, 0.06061}, {0.01392, 0.09708, 0.71410}}, sRGBCurve, sRGBCurve, sRGBCurve),
	} {
		if space != nil {
			t.Errorf("%s: converted", name)
		}
	}
	if codedSpace(12, 13) == nil || codedSpace(1, 8) == nil {
		t.Error("other spaces are not converted")
	}
}

// inflate returns the profile in a chunk iCCP.
func inflate(t *testing.T, chunk []byte) []byte {
	t.Helper()
	_, packed, _ := bytes.Cut(chunk, []byte{0})
	r, err := zlib.NewReader(bytes.NewReader(packed[1:]))
	if err != nil {
		t.Fatal(err)
	}
	profile, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return profile
}
