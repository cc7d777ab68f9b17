package decode

import "encoding/binary"

// Head is what a photo's file says about its picture.
type Head struct {
	Height, Width int // upright
	Orientation   int // by EXIF, 1 to 8; from 5 on, the file stores columns as rows
}

// ReadHead reads the size and the orientation of the photo in a file. Of JPEG, PNG
// and WebP it reads only the headers, so it does not notice damaged pixels.
func ReadHead(path string) (Head, error) {
	file, err := readFile(path)
	if err != nil {
		return Head{}, err
	}
	var h Head
	switch {
	case matches(file, jpegMagic):
		h, err = headJPEG(file)
	case matches(file, pngMagic):
		h, err = headPNG(file)
	case matches(file, webpMagic):
		h, err = headWebP(file)
	default:
		var d *decoded
		if d, err = decode(file, MaxPixels); err != nil {
			return Head{}, err
		}
		h = Head{Height: d.canvas.Dy(), Width: d.canvas.Dx(), Orientation: d.orientation}
	}
	if err == nil {
		err = checkSize(h.Width, h.Height, MaxPixels)
	}
	if err != nil {
		return Head{}, explainDamage(err)
	}
	if h.Orientation >= 5 {
		h.Height, h.Width = h.Width, h.Height
	}
	return h, nil
}

func headJPEG(file []byte) (Head, error) {
	j, err := readJPEG(file)
	if err != nil {
		return Head{}, err
	}
	return Head{j.height, j.width, orientation(j.exif)}, nil
}

func headPNG(file []byte) (Head, error) {
	h := Head{Orientation: 1}
	for c := range pngChunks(file) {
		switch {
		case c.name == "IHDR" && len(c.data) == 13:
			h.Width, h.Height = int(binary.BigEndian.Uint32(c.data)), int(binary.BigEndian.Uint32(c.data[4:]))
		case c.name == "eXIf" && c.sound:
			h.Orientation = orientation(c.data)
		}
	}
	return h, nil
}

func headWebP(file []byte) (Head, error) {
	w, err := readWebP(file, MaxPixels)
	if err != nil {
		return Head{}, err
	}
	return Head{w.canvas.Dy(), w.canvas.Dx(), w.orientation}, nil
}
