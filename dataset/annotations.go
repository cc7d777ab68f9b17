package dataset

import (
	"errors"
	"fmt"
	"path"
)

// loadAnnotations reads annotation files, of at most limit bytes each, and notes the
// photos that none of them names. what says what a file is.
func (l *loader) loadAnnotations(files []string, what string, limit int64, add func(text []byte, name string, index *photoIndex) error) error {
	if len(files) == 0 {
		return fmt.Errorf("%s has no %s", l.root, what)
	}
	index := newPhotoIndex(l.tree, l.options.Photos)
	for _, name := range files {
		text, err := readLimited(l.path(name), limit)
		if err != nil {
			return err
		}
		if err := add(text, name, index); err != nil {
			return fmt.Errorf("%s: %w", l.path(name), err)
		}
	}
	for _, photos := range index.byBase {
		for _, name := range photos {
			if index.used[name] == "" {
				l.shared.set.Unlabelled = append(l.shared.set.Unlabelled, l.photo(name, index.folder).Name)
			}
		}
	}
	return nil
}

// claim finds the photo that an annotation file calls name. If there is none, it notes
// the labels as orphans and returns "".
func (l *loader) claim(name, file string, index *photoIndex) (string, error) {
	photo, err := index.find(name, path.Dir(file))
	if errors.Is(err, errNoPhoto) {
		l.shared.set.Orphans = append(l.shared.set.Orphans, fmt.Sprintf("%s%s: %s", l.prefix, file, name))
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if other := index.used[photo]; other != "" {
		return "", fmt.Errorf("the photo %s has labels twice, here and in %s: remove one", photo, other)
	}
	index.used[photo] = file
	return photo, nil
}
