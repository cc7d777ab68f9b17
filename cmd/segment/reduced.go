package main

import (
	"os"
	"sync"

	"segmenter/photo"
)

// reduced keeps large photos in the size that crops need, with their labels: decoding a
// phone's photo takes longer than a step of its crop. They lie in a file, which the system
// keeps in memory as far as there is room. What does not fit is decoded each time.
type reduced struct {
	file *os.File

	mu     sync.Mutex
	photos map[int]reducedPhoto
	end    int64 // of the file
	full   bool
}

// reducedPhoto is the place of a photo in the file: its pixels, then its labels.
type reducedPhoto struct {
	offset        int64
	height, width int
}

func (p reducedPhoto) bytes() int64 { return 4 * int64(p.height) * int64(p.width) }

// largestReduced limits the file: 4,500 photos for crops of 288².
const largestReduced = 8 << 30

func newReduced(path string) (*reduced, error) {
	file, err := os.Create(path)
	return &reduced{file: file, photos: map[int]reducedPhoto{}}, err
}

// get returns a photo that is kept.
func (r *reduced) get(index int) (*photo.Image, []uint8, bool) {
	r.mu.Lock()
	p, ok := r.photos[index]
	r.mu.Unlock()
	if !ok {
		return nil, nil, false
	}
	data := make([]byte, p.bytes())
	if _, err := r.file.ReadAt(data, p.offset); err != nil {
		return nil, nil, false
	}
	pixels := 3 * p.height * p.width
	return &photo.Image{Height: p.height, Width: p.width, Pix: data[:pixels]}, data[pixels:], true
}

// put keeps a photo if there is room.
func (r *reduced) put(index int, image *photo.Image, labels []uint8) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := reducedPhoto{r.end, image.Height, image.Width}
	if _, ok := r.photos[index]; ok || r.full || r.end+p.bytes() > largestReduced {
		return
	}
	_, err := r.file.WriteAt(image.Pix, r.end)
	if err == nil {
		_, err = r.file.WriteAt(labels, r.end+int64(len(image.Pix)))
	}
	if err != nil { // the disk is full, and the state of the training needs room
		r.full = true
		clear(r.photos)
		r.file.Truncate(0)
		return
	}
	r.photos[index] = p
	r.end += p.bytes()
}

func (r *reduced) close() {
	r.file.Close()
	os.Remove(r.file.Name())
}
