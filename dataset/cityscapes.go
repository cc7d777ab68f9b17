package dataset

import (
	"slices"
	"strings"
)

// Cityscapes' layout: leftImg8bit/train/CITY/X_leftImg8bit.png, and in gtFine/ the same
// with X_gtFine_labelIds.png or, made from those, X_gtFine_labelTrainIds.png.

// cityscapesClasses are the 19 classes that count, by train id, each with its label id.
var cityscapesClasses = []struct {
	name string
	id   uint32
}{
	{"road", 7}, {"sidewalk", 8}, {"building", 11}, {"wall", 12}, {"fence", 13}, {"pole", 17},
	{"traffic light", 19}, {"traffic sign", 20}, {"vegetation", 21}, {"terrain", 22}, {"sky", 23},
	{"person", 24}, {"rider", 25}, {"car", 26}, {"truck", 27}, {"bus", 28}, {"train", 31},
	{"motorcycle", 32}, {"bicycle", 33},
}

// maxCityscapesID is the highest label id. Ids between those of classes are ignored.
const maxCityscapesID = 33

func fitsCityscapes(l *loader) bool { return l.has("leftImg8bit") && l.has("gtFine") }

func loadCityscapes(l *loader) error {
	const photoFolder, photoEnd = "leftImg8bit", "_leftImg8bit"
	end := "_gtFine_labelIds.png"
	isMask := func(name string) bool { return strings.HasSuffix(name, end) }
	all := l.below("gtFine", "png")
	if trained := "_gtFine_labelTrainIds.png"; slices.ContainsFunc(all, func(n string) bool { return strings.HasSuffix(n, trained) }) {
		end = trained
	} else {
		l.shared.coding.id = cityscapesID
	}
	all = slices.DeleteFunc(all, func(n string) bool { return !isMask(n) })
	masks := make(map[string]string)
	for _, m := range all {
		masks[strings.TrimSuffix(strings.TrimPrefix(m, "gtFine/"), end)] = m
	}
	var pairs []pair
	for _, name := range l.below(photoFolder, photoExtensions...) {
		key := strings.TrimPrefix(name, photoFolder+"/")
		pairs = append(pairs, pair{name, masks[strings.TrimSuffix(stem(key), photoEnd)], partOfPath(key)})
	}
	l.join(photoFolder, pairs, all)
	for _, c := range cityscapesClasses {
		l.shared.known.Names = append(l.shared.known.Names, c.name)
	}
	return nil
}

// cityscapesID returns the train id of a label id.
func cityscapesID(value uint32) (uint8, bool) {
	for class, c := range cityscapesClasses {
		if c.id == value {
			return uint8(class), true
		}
	}
	return Ignore, value <= maxCityscapesID || value == Ignore // 255 is −1, a licence plate
}
