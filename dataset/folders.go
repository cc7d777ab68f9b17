package dataset

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Names of folders of photos and of masks, best first.
var (
	photoFolders = []string{"images", "image", "imgs", "img", "photos", "JPEGImages", "img_dir"}
	maskFolders  = []string{"masks", "mask", "labels", "label", "annotations", "ann", "gt", "segmentation", "SegmentationClass", "ann_dir", "ground_truth"}
)

// maskEnds are what names of masks add to those of their photos.
var maskEnds = []string{"_mask", "_masks", "_label", "_labels", "_segmentation", "_seg", "_gt", "_L", "-mask"}

// photosAndMasks returns the folders of photos and of masks. They are the same if the masks lie
// beside the photos.
func (l *loader) photosAndMasks() (photos, masks string, ok bool) {
	choose := func(named string, known []string) string {
		if named != "" {
			return cleanFolder(named)
		}
		if i := slices.IndexFunc(known, l.has); i >= 0 {
			return known[i]
		}
		return ""
	}
	photos, masks = choose(l.options.Photos, photoFolders), choose(l.options.Masks, maskFolders)
	if photos != "" && masks != "" {
		return photos, masks, len(l.below(masks, maskExtensions...)) > 0
	}
	all, named := l.below(photos, maskExtensions...), 0
	for _, name := range all {
		if isMaskName(name) {
			named++
		}
	}
	return photos, photos, named > 0 && 3*named >= len(all)
}

// isMaskName reports whether a name says that the file is a mask.
func isMaskName(name string) bool { return withoutEnd(stem(name)) != stem(name) }

// withoutEnd returns the stem of the photo of a mask.
func withoutEnd(stem string) string {
	for _, end := range maskEnds {
		if s, ok := strings.CutSuffix(stem, end); ok {
			return s
		}
	}
	return stem
}

func fitsFolders(l *loader) bool {
	_, _, ok := l.photosAndMasks()
	return ok
}

// loadFolders reads a folder of photos and one of masks with the same stems.
func loadFolders(l *loader) error {
	photoFolder, maskFolder, ok := l.photosAndMasks()
	if !ok {
		return fmt.Errorf("%s has no folder of photos and no folder of masks: expected images/ and masks/, or their names", l.root)
	}
	photos, masks := l.below(photoFolder, photoExtensions...), l.below(maskFolder, maskExtensions...)
	if photoFolder == maskFolder {
		photos = slices.DeleteFunc(photos, isMaskName)
		masks = slices.DeleteFunc(masks, func(m string) bool { return !isMaskName(m) })
	}
	index := newMaskIndex(maskFolder, masks)
	pairs := make([]pair, 0, len(photos))
	for _, name := range photos {
		mask, err := index.find(strings.TrimPrefix(name, photoFolder+"/"))
		if err != nil {
			return err
		}
		pairs = append(pairs, pair{photo: name, mask: mask, part: partOfPath(strings.TrimPrefix(name, photoFolder+"/"))})
	}
	for _, m := range l.join(photoFolder, pairs, masks) {
		l.shared.masks = append(l.shared.masks, l.path(m))
	}
	return nil
}

// partOfPath returns the part that the first folder of a path stands for.
func partOfPath(name string) string {
	if first, _, ok := strings.Cut(name, "/"); ok {
		return partOf(first)
	}
	return ""
}

// pair is a photo and its mask, "" without one.
type pair struct{ photo, mask, part string }

// join adds the photos that have masks, and notes the others. It returns the masks that
// have photos.
func (l *loader) join(photoFolder string, pairs []pair, masks []string) (used []string) {
	taken := make(map[string]bool)
	for _, p := range pairs {
		photo := l.photo(p.photo, photoFolder)
		if p.mask == "" {
			l.shared.set.Unlabelled = append(l.shared.set.Unlabelled, photo.Name)
			continue
		}
		taken[p.mask] = true
		used = append(used, p.mask)
		l.add(photo, p.part, &maskFile{l.path(p.mask), photo, l.shared.coding})
	}
	for _, m := range masks {
		if !taken[m] {
			l.shared.set.Orphans = append(l.shared.set.Orphans, l.prefix+m)
		}
	}
	return used
}

// maskIndex finds the masks of photos by their names.
type maskIndex struct{ byPath, byName map[string][]string }

func newMaskIndex(folder string, masks []string) *maskIndex {
	x := &maskIndex{make(map[string][]string), make(map[string][]string)}
	for _, m := range masks {
		exact := stem(strings.TrimPrefix(m, folder+"/"))
		for _, key := range slices.Compact([]string{exact, withoutEnd(exact)}) {
			x.byPath[key] = append(x.byPath[key], m)
			x.byName[path.Base(key)] = append(x.byName[path.Base(key)], m)
		}
	}
	return x
}

// find returns the mask of a photo, or "" if it has none. A mask is called like its
// photo, with or without the photo's extension, in the same subfolder or in another.
func (x *maskIndex) find(photo string) (string, error) {
	for _, found := range [][]string{
		x.byPath[stem(photo)], x.byPath[photo],
		x.byName[path.Base(stem(photo))], x.byName[path.Base(photo)],
	} {
		if len(found) > 1 {
			return "", fmt.Errorf("%s has two masks, %s and %s: remove one", photo, found[0], found[1])
		}
		if len(found) == 1 {
			return found[0], nil
		}
	}
	return "", nil
}
