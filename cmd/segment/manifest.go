package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"segmenter/dataset"
)

// A manifest says what data a training uses. -resume compares it with the data as they are
// then: the samples of a step follow from their number, so a photo more or less would
// change all that come after.
type manifest struct {
	Classes string           `json:"classes"` // fingerprint of the class list
	Photos  []manifestedFile `json:"photos"`
}

type manifestedFile struct {
	Name        string  `json:"name"`
	Validation  bool    `json:"validation,omitempty"`
	Fingerprint string  `json:"fingerprint"`
	Classes     classes `json:"classes,omitempty"` // that its labels have
}

// classes are class ids. In JSON, they are numbers, where []uint8 would be base64.
type classes []uint8

func (c classes) MarshalJSON() ([]byte, error) {
	numbers := make([]int, len(c))
	for i, id := range c {
		numbers[i] = int(id)
	}
	return json.Marshal(numbers)
}

func (c *classes) UnmarshalJSON(text []byte) error {
	var numbers []uint16
	err := json.Unmarshal(text, &numbers)
	*c = make(classes, len(numbers))
	for i, n := range numbers {
		(*c)[i] = uint8(n)
	}
	return err
}

// newManifest reads all files of the data once.
func (t *trainer) newManifest(ctx context.Context) (*manifest, error) {
	m := &manifest{Classes: t.all.Classes.Fingerprint()}
	bar := newBar(t.stderr)
	defer bar.end()
	total := len(t.training.Samples) + len(t.val.Samples)
	for i, set := range []*dataset.Set{t.training, t.val} {
		for _, s := range set.Samples {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			fingerprint, err := s.Fingerprint()
			if err != nil {
				fingerprint = err.Error() // if it could be read before, it has changed
			}
			m.Photos = append(m.Photos, manifestedFile{Name: s.Photo.Name, Validation: i == 1, Fingerprint: fingerprint})
			bar.show(len(m.Photos), total, "files")
		}
	}
	return m, nil
}

// note takes over the classes of each photo from the report of a check.
func (m *manifest) note(all *dataset.Set, report *dataset.Report) {
	present := map[string]classes{}
	for i, s := range all.Samples {
		present[s.Photo.Name] = report.Present[i]
	}
	for i := range m.Photos {
		m.Photos[i].Classes = present[m.Photos[i].Name]
	}
}

// classesOf returns the classes of the photos of these names.
func (m *manifest) classesOf(names []string) [][]uint8 {
	byName := map[string]classes{}
	for _, p := range m.Photos {
		byName[p.Name] = p.Classes
	}
	list := make([][]uint8, len(names))
	for i, name := range names {
		list[i] = byName[name]
	}
	return list
}

func (m *manifest) write(path string) error {
	return replaceFile(path, func(w io.Writer) error { return json.NewEncoder(w).Encode(m) })
}

// readManifest returns nil if there is none, as in a training of an older program.
func readManifest(path string) (*manifest, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := new(manifest)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// differences lists in words how the data of another manifest differ.
func (m *manifest) differences(now *manifest) []string {
	before := map[string]manifestedFile{}
	for _, p := range m.Photos {
		before[p.Name] = p
	}
	var added, removed, moved, changed []string
	for _, p := range now.Photos {
		old, ok := before[p.Name]
		delete(before, p.Name)
		switch {
		case !ok:
			added = append(added, p.Name)
		case p.Validation != old.Validation:
			moved = append(moved, p.Name)
		case p.Fingerprint != old.Fingerprint:
			changed = append(changed, p.Name)
		}
	}
	for _, p := range m.Photos {
		if _, ok := before[p.Name]; ok {
			removed = append(removed, p.Name)
		}
	}
	var list []string
	for _, kind := range []struct {
		names []string
		what  string
	}{
		{added, "added"}, {removed, "removed"}, {changed, "changed, or their labels"}, {moved, "moved between training and validation"},
	} {
		if len(kind.names) > 0 {
			list = append(list, fmt.Sprintf("%d %s (%s)", len(kind.names), kind.what, listed(kind.names)))
		}
	}
	if m.Classes != now.Classes {
		list = append(list, "the class list is another one")
	}
	return list
}

// checkData fails if the data are not those that the training was started with.
func (t *trainer) checkData(ctx context.Context) (err error) {
	if t.manifest, err = readManifest(t.path(manifestFile)); err != nil || t.manifest == nil {
		return err
	}
	now, err := t.newManifest(ctx)
	if err != nil {
		return err
	}
	if list := t.manifest.differences(now); len(list) > 0 {
		return fmt.Errorf("the photos in %s are not those that this training began with: %s. Put them back as they were, or begin a new training with this one's model: segment train -data %s -from %s -o DIR",
			t.Data, strings.Join(list, "; "), t.Data, t.path(modelFile))
	}
	return nil
}
