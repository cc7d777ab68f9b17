package dataset

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"segmenter/photo"
	"segmenter/photo/decode"
)

// Photo is a photo file.
type Photo struct {
	Name string // of the file; in a set with subfolders, the path from the folder of photos
	path string
}

// photoExtensions are the ends of names of photos in a set, without the dot.
var photoExtensions = []string{"jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff"}

// Photos lists the photos in a folder, by name. It takes the extensions .jpg,
// .jpeg, .png and .webp, and only names that begin with the prefix. It fails if
// there is none.
func Photos(folder, prefix string) ([]Photo, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var photos []Photo
	for _, entry := range entries {
		name := entry.Name()
		switch strings.ToLower(filepath.Ext(name)) {
		case ".jpg", ".jpeg", ".png", ".webp":
			if strings.HasPrefix(name, prefix) {
				photos = append(photos, Photo{name, filepath.Join(folder, name)})
			}
		}
	}
	if len(photos) == 0 {
		return nil, fmt.Errorf("%s holds no photo whose name begins with %q: expected JPEG, PNG or WebP files", folder, prefix)
	}
	return photos, nil
}

// Open decodes the photo, upright.
func (p Photo) Open() (photo.Source, error) {
	source, err := decode.Open(p.path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	return source, nil
}

// Sources opens photos one after the other, as the caller iterates.
func Sources(photos []Photo) iter.Seq2[photo.Source, error] {
	return func(yield func(photo.Source, error) bool) {
		for _, p := range photos {
			if !yield(p.Open()) {
				return
			}
		}
	}
}
