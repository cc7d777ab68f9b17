package dataset

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Options say how to read a folder. With the zero value, [Load] finds out.
type Options struct {
	Layout  string  // one of [Layouts]
	Photos  string  // folder of the photos, from the data's folder
	Masks   string  // folder of the masks, or file of the annotations, from the data's folder
	Classes Classes // instead of those that the folder states

	// IgnoreUnknown takes labels that are no classes for pixels that do not count.
	// Otherwise they are errors.
	IgnoreUnknown bool
}

// layout is a way to lay out photos and labels in a folder.
type layout struct {
	name string
	what string // a folder has to hold
	fits func(*loader) bool
	load func(*loader) error
}

// layouts are in the order in which they are tried.
func layouts() []layout {
	return []layout{
		{"voc", "JPEGImages/ and SegmentationClass/", fitsVOC, loadVOC},
		{"cityscapes", "leftImg8bit/ and gtFine/", fitsCityscapes, loadCityscapes},
		{"ade20k", "images/training/ and annotations/training/", fitsADE20K, loadADE20K},
		{"folders", "a folder of photos (images/) and a folder of masks with the same names (masks/)", fitsFolders, loadFolders},
		{"coco", "photos and a JSON file with images, annotations and categories", fitsCOCO, loadCOCO},
		{"cvat", "photos and the annotations.xml of CVAT for images", fitsCVAT, loadCVAT},
		{"labelme", "photos and a JSON file of LabelMe for each", fitsLabelMe, loadLabelMe},
		{"yolo", "images/, labels/ with a text file for each photo, and data.yaml", fitsYOLO, loadYOLO},
		{"parts", "train/ and val/ with one of these layouts", fitsParts, loadParts},
	}
}

// Layouts returns the names of the layouts that [Load] reads.
func Layouts() []string {
	var names []string
	for _, l := range layouts() {
		names = append(names, l.name)
	}
	return names
}

// loader reads a folder into a set.
type loader struct {
	*tree
	options Options
	prefix  string // of the photos' names: the part of the set that the folder is
	part    string // of the set
	shared  *shared
}

// shared is what the parts of a set have in common.
type shared struct {
	set    *Set
	coding *coding
	list   Classes  // of the folder
	known  Classes  // of a well-known set
	names  []string // of objects, in the order of their ids
	masks  []string // paths of mask files that may be black and white
}

// Load reads a folder of photos with labels in any of the [Layouts].
func Load(folder string, o Options) (*Set, error) {
	l := &loader{options: o, shared: &shared{set: &Set{}, coding: &coding{lenient: o.IgnoreUnknown}}}
	chosen, err := l.enter(folder)
	if err != nil {
		return nil, err
	}
	if l.shared.list, err = l.findList(); err != nil {
		return nil, err
	}
	l.shared.set.Layout = chosen.name
	if err := chosen.load(l); err != nil {
		return nil, err
	}
	return l.finish()
}

// enter lists a folder and returns its layout. If it has none, but a folder in it holds all
// files, it enters that, as archives often hold one.
func (l *loader) enter(folder string) (layout, error) {
	t, err := walk(folder)
	if err != nil {
		return layout{}, err
	}
	l.tree = t
	chosen, err := l.choose()
	if inner, ok := t.only(); ok && err != nil {
		if chosen, err := l.enter(t.path(inner)); err == nil {
			return chosen, nil
		}
	}
	return chosen, err
}

// choose returns the layout of the folder.
func (l *loader) choose() (layout, error) {
	all := layouts()
	if name := l.options.Layout; name != "" {
		if i := slices.IndexFunc(all, func(a layout) bool { return a.name == name }); i >= 0 {
			return all[i], nil
		}
		return layout{}, fmt.Errorf("there is no layout %q: expected one of %s", name, strings.Join(Layouts(), ", "))
	}
	if i := slices.IndexFunc(all, func(a layout) bool { return a.fits(l) }); i >= 0 {
		return all[i], nil
	}
	for _, named := range []string{l.options.Photos, l.options.Masks} {
		if named != "" && !l.has(cleanFolder(named)) {
			return layout{}, fmt.Errorf("%s has no %s: expected a path from there", l.root, named)
		}
	}
	var expected strings.Builder
	for _, a := range all {
		fmt.Fprintf(&expected, "\n  %-10s  %s", a.name, a.what)
	}
	return layout{}, fmt.Errorf("%s holds %s, in no known layout: expected one of%s", l.root, l.describe(), &expected)
}

// describe says what the folder holds.
func (l *loader) describe() string {
	if len(l.files) == 0 {
		return "no files"
	}
	if slices.ContainsFunc(l.files, func(f string) bool { return extension(f) == "zip" }) {
		return fmt.Sprintf("an archive (unpack it first) and %d files in all", len(l.files))
	}
	first := l.files[:min(3, len(l.files))]
	return fmt.Sprintf("%d files (%s …)", len(l.files), strings.Join(first, ", "))
}

// listNames are names of files with the classes of a set.
var listNames = []string{"classes.txt", "classes.json", "labelmap.txt", "labels.txt", "class_names.txt", "class_dict.csv", "_classes.csv"}

// findList reads the list of classes in the folder, if there is one.
func (l *loader) findList() (Classes, error) {
	if l.options.Classes.Len() > 0 {
		return l.options.Classes, nil
	}
	for _, name := range listNames {
		if _, found := slices.BinarySearch(l.files, name); found {
			return ReadClasses(l.path(name))
		}
	}
	return Classes{}, nil
}

// add adds a photo with its labels.
func (l *loader) add(p Photo, part string, labels labels) {
	l.shared.set.Samples = append(l.shared.set.Samples, Sample{Photo: p, Part: cmp.Or(part, l.part), labels: labels})
}

// photo returns a photo of the folder, named from the folder of photos on.
func (l *loader) photo(name, folder string) Photo {
	p := l.tree.photo(name, folder)
	p.Name = l.prefix + p.Name
	return p
}

// finish settles the classes and sorts the samples.
func (l *loader) finish() (*Set, error) {
	s := l.shared
	switch {
	case s.list.Len() > 0:
		s.coding.classes = s.list
	case len(s.names) > 0:
		classes, err := classesOfNames(s.names)
		if err != nil {
			return nil, err
		}
		s.coding.classes = classes
	default:
		s.coding.classes = s.known
	}
	classes := &s.coding.classes
	if len(s.masks) > 0 && classes.Colours == nil && (classes.Len() == 2 || classes.Len() == 0) && findTwoTone(s.masks) {
		s.coding.twoTone = true
		if classes.Len() == 0 {
			*classes = Named("background", "foreground")
		}
	}
	s.set.Classes = *classes
	s.set.noteEmpty()
	slices.SortFunc(s.set.Samples, func(a, b Sample) int { return cmp.Compare(a.Photo.Name, b.Photo.Name) })
	slices.Sort(s.set.Unlabelled)
	slices.Sort(s.set.Orphans)
	if len(s.set.Samples) == 0 {
		return nil, fmt.Errorf("%s (layout %q) has no photo with labels: %d photos have none, and %d labels have no photo; expected the same names for both",
			l.root, s.set.Layout, len(s.set.Unlabelled), len(s.set.Orphans))
	}
	return s.set, nil
}

// noteEmpty notes photos that annotation files name, but without objects: maybe nobody got
// to them yet.
func (s *Set) noteEmpty() {
	var empty []string
	for _, sample := range s.Samples {
		if d, ok := sample.labels.(*drawing); ok && len(d.objects) == 0 {
			empty = append(empty, sample.Photo.Name)
		}
	}
	if len(empty) > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("%s without any object, which count as background: %s", photos(len(empty)), someOf(empty)))
	}
}

// classesOfNames returns classes for the names of objects: the background, then those
// names.
func classesOfNames(names []string) (Classes, error) {
	var entries []entry
	if !slices.ContainsFunc(names, func(n string) bool { return plain(n) == "background" }) {
		entries = []entry{{name: "background"}}
	}
	for _, name := range names {
		if !slices.Contains(entries, entry{name: name}) {
			entries = append(entries, entry{name: name})
		}
	}
	c, err := newClasses(entries)
	c.values = nil // names have no values
	return c, err
}

// partOf returns the part of a set that a name stands for, or "".
func partOf(name string) string {
	name = strings.ToLower(name)
	for _, p := range []struct{ sign, part string }{{"train", "train"}, {"val", "val"}, {"test", "test"}} {
		if strings.Contains(name, p.sign) {
			return p.part
		}
	}
	return ""
}

// fitsParts: folders train and val, or valid, with layouts of their own.
func fitsParts(l *loader) bool {
	return slices.ContainsFunc(l.folders(), func(f string) bool { return partOf(f) == "train" })
}

func loadParts(l *loader) error {
	if l.prefix != "" {
		return fmt.Errorf("%s has parts in parts of a set: expected photos and labels", l.root)
	}
	for _, folder := range l.folders() {
		part := partOf(folder)
		if part == "" {
			continue
		}
		t, err := walk(l.path(folder))
		if err != nil {
			return err
		}
		sub := &loader{tree: t, options: l.options, prefix: path.Join(l.prefix, folder) + "/", part: part, shared: l.shared}
		if sub.options.Layout == "parts" {
			sub.options.Layout = ""
		}
		chosen, err := sub.choose()
		if err != nil {
			return err
		}
		if l.shared.list.Len() == 0 {
			if l.shared.list, err = sub.findList(); err != nil {
				return err
			}
		}
		if err := chosen.load(sub); err != nil {
			return err
		}
	}
	return nil
}
