package dataset

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// VOCThings returns the 20 classes of Pascal VOC 2012 by the names that the
// project's models use. Class i of the list has the id i+1 in VOC's own labels;
// 0 is the background.
func VOCThings() []string {
	return []string{
		"aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
		"dining table", "dog", "horse", "motorbike", "person", "potted plant", "sheep", "sofa", "train", "tv monitor",
	}
}

// Folders of Pascal VOC's layout, which CVAT exports too.
const (
	vocPhotos = "JPEGImages"
	vocMasks  = "SegmentationClass"
	vocLists  = "ImageSets/Segmentation"
)

func fitsVOC(l *loader) bool { return l.has(vocMasks) && (l.has(vocPhotos) || l.has(vocLists)) }

// vocName is the name of a photo of the original set.
var vocName = regexp.MustCompile(`^20[0-9]{2}_[0-9]{6}$`)

// loadVOC reads the photos that the set's lists name, or all of them if there are none.
func loadVOC(l *loader) error {
	parts, err := l.vocParts()
	if err != nil {
		return err
	}
	masks := make(map[string]string)
	all := l.below(vocMasks, maskExtensions...)
	for _, m := range all {
		masks[stem(strings.TrimPrefix(m, vocMasks+"/"))] = m
	}
	var pairs []pair
	original := true
	for _, name := range l.below(vocPhotos, photoExtensions...) {
		key := stem(strings.TrimPrefix(name, vocPhotos+"/"))
		part, listed := parts[key]
		if len(parts) > 0 && !listed {
			delete(masks, key)
			continue
		}
		original = original && vocName.MatchString(key)
		pairs = append(pairs, pair{name, masks[key], part})
	}
	if original {
		l.shared.known = Named(slices.Concat([]string{"background"}, VOCThings())...)
	}
	if len(parts) > 0 { // masks beyond the lists are of no interest
		all = slices.DeleteFunc(all, func(m string) bool {
			_, listed := parts[stem(strings.TrimPrefix(m, vocMasks+"/"))]
			return !listed
		})
	}
	for _, m := range l.join(vocPhotos, pairs, all) {
		l.shared.masks = append(l.shared.masks, l.path(m))
	}
	return nil
}

// vocParts reads the lists: the part of each stem, "" for names of no part.
func (l *loader) vocParts() (map[string]string, error) {
	parts := make(map[string]string)
	for _, name := range l.below(vocLists, "txt") {
		text, err := readLimited(l.path(name), maxJSON)
		if err != nil {
			return nil, err
		}
		part := partOf(path.Base(name))
		if stem(path.Base(name)) == "trainval" { // both others
			part = ""
		}
		for line := range strings.Lines(string(text)) {
			key := strings.Trim(line, "\" \t\r\n")
			if key == "" {
				continue
			}
			if old := parts[key]; old != "" && part != "" && old != part {
				return nil, fmt.Errorf("%s names %s, which another list has for %s: remove it from one", l.path(name), key, old)
			}
			parts[key] = cmp.Or(parts[key], part)
		}
	}
	return parts, nil
}
