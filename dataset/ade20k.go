package dataset

import "strings"

// ADE20K's scene parsing layout: images/training/X.jpg, annotations/training/X.png.
// 0 is ignored, and value i is class i−1.

func fitsADE20K(l *loader) bool {
	return l.has("annotations/training") && l.has("images/training") || l.has("annotations") && l.has("objectInfo150.txt")
}

func loadADE20K(l *loader) error {
	const photoFolder, maskFolder = "images", "annotations"
	masks := make(map[string]string)
	all := l.below(maskFolder, maskExtensions...)
	for _, m := range all {
		masks[stem(strings.TrimPrefix(m, maskFolder+"/"))] = m
	}
	var pairs []pair
	for _, name := range l.below(photoFolder, photoExtensions...) {
		key := strings.TrimPrefix(name, photoFolder+"/")
		pairs = append(pairs, pair{name, masks[stem(key)], partOfPath(key)})
	}
	l.join(photoFolder, pairs, all)
	coding := l.shared.coding
	coding.id = func(value uint32) (uint8, bool) {
		if value == 0 {
			return Ignore, true
		}
		return coding.classes.ofValue(value - 1)
	}
	if l.has("objectInfo150.txt") {
		names, err := readObjectInfo(l.path("objectInfo150.txt"))
		if err != nil {
			return err
		}
		l.shared.known = names
	}
	return nil
}

// readObjectInfo reads the names of the set's own table: a heading, then rows whose last
// column has the names of a class.
func readObjectInfo(path string) (Classes, error) {
	text, err := readLimited(path, maxListBytes)
	if err != nil {
		return Classes{}, err
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		columns := strings.Split(strings.TrimSpace(line), "\t")
		if len(columns) < 2 || strings.HasPrefix(columns[0], "Idx") {
			continue
		}
		name, _, _ := strings.Cut(columns[len(columns)-1], ",")
		name, _, _ = strings.Cut(name, ";")
		names = append(names, strings.TrimSpace(name))
	}
	return unique(names), nil
}

// unique returns classes with different names: the set has two of some.
func unique(names []string) Classes {
	seen := make(map[string]bool)
	for i := range names {
		for seen[names[i]] {
			names[i] += " (another)"
		}
		seen[names[i]] = true
	}
	return Named(names...)
}
