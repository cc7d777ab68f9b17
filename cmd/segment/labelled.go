package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"segmenter/dataset"
	"segmenter/modelfile"
)

// openLabelled opens the photos of a folder on which to score a model: those for validation,
// if the layout has such a part, whose names begin with the prefix.
func openLabelled(folder, layout, prefix string, classes []modelfile.Class) (*dataset.Set, error) {
	if layout == "" && isFolder(filepath.Join(folder, "images")) && isFolder(filepath.Join(folder, "labels")) {
		return dataset.Open(folder, prefix) // class ids, whatever else the folder states
	}
	names := make([]string, len(classes))
	for id, c := range classes {
		names[id] = c.Name
	}
	set, err := loadAs(folder, layout, names)
	if err != nil {
		return nil, err
	}
	if _, val, ok := set.SplitByPart(); ok {
		set = val
	}
	set.Samples = slices.DeleteFunc(set.Samples, func(s dataset.Sample) bool { return !strings.HasPrefix(filepath.Base(s.Photo.Name), prefix) })
	if len(set.Samples) == 0 {
		return nil, fmt.Errorf("%s holds no photo with labels whose name begins with %q", folder, prefix)
	}
	return set, nil
}

// loadAs loads a folder with the classes of these names, in their order.
func loadAs(folder, layout string, names []string) (*dataset.Set, error) {
	set, err := dataset.Load(folder, dataset.Options{Layout: layout})
	if err != nil || set.Classes.Len() == 0 || slices.Equal(set.Classes.Names, names) {
		return set, err
	}
	switch set.Layout {
	case "coco", "cvat", "labelme": // objects have names, so their order is free
		return dataset.Load(folder, dataset.Options{Layout: layout, Classes: dataset.Named(names...)})
	}
	return nil, fmt.Errorf("%s has the classes %s, the model %s: expected the same names in the same order", folder, listed(set.Classes.Names), listed(names))
}

// listed names the first of many.
func listed(names []string) string {
	const most = 4
	if len(names) > most {
		return fmt.Sprintf("%s … (%d)", strings.Join(names[:most], ", "), len(names))
	}
	return strings.Join(names, ", ")
}
