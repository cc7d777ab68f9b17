package decode

import (
	"bytes"
	"fmt"
)

// others are kinds of files that are recognised, but not read.
var others = []struct{ magic, kind string }{
	{"\x00\x00\x00\x0cjP  \r\n\x87\n", "a JPEG 2000 file"},
	{"\xff\x4f\xff\x51", "a JPEG 2000 file"},
	{"\x00\x00\x00\x0cJXL \r\n\x87\n", "a JPEG XL file"},
	{"\xff\x0a", "a JPEG XL file"},
	{"II+\x00", "a BigTIFF file"},
	{"MM\x00+", "a BigTIFF file"},
	{"II\xbc\x01", "a JPEG XR file"},
	{"FUJIFILMCCD-RAW", "a camera raw file (RAF)"},
	{"IIRO", "a camera raw file (ORF)"},
	{"IIRS", "a camera raw file (ORF)"},
	{"IIU\x00", "a camera raw file (RW2)"},
	{"\x00MRM", "a camera raw file (MRW)"},
	{"FOVb", "a camera raw file (X3F)"},
	{"8BPS", "a Photoshop document"},
	{"gimp xcf", "a GIMP document"},
	{"\x00\x00\x01\x00", "an icon (ICO)"},
	{"%PDF", "a PDF document"},
	{"%!PS", "a PostScript document"},
	{"P1", "a Netpbm picture"}, {"P2", "a Netpbm picture"}, {"P3", "a Netpbm picture"},
	{"P4", "a Netpbm picture"}, {"P5", "a Netpbm picture"}, {"P6", "a Netpbm picture"},
	{"v/1\x01", "an OpenEXR picture"},
	{"#?RADIANCE", "a Radiance picture"},
	{"qoif", "a QOI picture"},
	{"\x1aE\xdf\xa3", "a video (Matroska or WebM)"},
	{"RIFF????AVI ", "a video (AVI)"},
}

// brands are brands of the ISO base media file format.
var brands = map[string]string{
	"heic": "a HEIC file", "heix": "a HEIC file", "heim": "a HEIC file", "heis": "a HEIC file",
	"hevc": "a HEIC file", "hevx": "a HEIC file", "mif1": "a HEIF file", "msf1": "a HEIF file",
	"avif": "an AVIF file", "avis": "an AVIF file",
	"crx ": "a camera raw file (CR3)",
	"qt  ": "a video (QuickTime)",
}

// explain says what a file in no known format is.
func explain(file []byte) error {
	text := bytes.ToLower(bytes.TrimSpace(file[:min(len(file), 512)]))
	switch {
	case len(file) == 0:
		return refusal("the file is empty: choose another one")
	case len(file) >= 12 && string(file[4:8]) == "ftyp":
		kind, ok := brands[string(file[8:12])]
		if !ok {
			kind = fmt.Sprintf("a file of the format %q (a video, or related to HEIC)", file[8:12])
		}
		return unsupported(kind)
	case bytes.Contains(text, []byte("<svg")):
		return refusal("the file is an SVG drawing, not a photo: convert it to PNG")
	case bytes.HasPrefix(text, []byte("<!doctype html")) || bytes.HasPrefix(text, []byte("<html")):
		return refusal("the file is a web page, not a photo: save the picture itself")
	}
	for _, o := range others {
		if matches(file, o.magic) {
			return unsupported(o.kind)
		}
	}
	return refusal("the file is not a photo in a known format: expected PNG, JPEG, GIF, WebP, BMP or TIFF")
}
