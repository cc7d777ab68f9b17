package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"path"
	"slices"
	"strings"
)

// SplitByPart splits a set as its layout does, into the photos for training and those
// for validation. ok is false if the layout has no part for validation. Photos of other
// parts, such as test, are in neither.
func (s *Set) SplitByPart() (train, val *Set, ok bool) {
	train = s.with(func(s Sample) bool { return s.Part == "train" || s.Part == "" })
	val = s.with(func(s Sample) bool { return s.Part == "val" })
	return train, val, len(train.Samples) > 0 && len(val.Samples) > 0
}

// SplitByList takes the photos that a list file names, one a line, for validation. A
// line is the photo's name, with or without its folder and its extension.
func (s *Set) SplitByList(file string) (train, val *Set, err error) {
	text, err := readLimited(file, maxJSON)
	if err != nil {
		return nil, nil, err
	}
	lines := make(map[string]bool)
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" {
			lines[line] = false // until a photo has the name
		}
	}
	listed := func(s Sample) bool {
		found := false
		for _, name := range []string{s.Photo.Name, stem(s.Photo.Name), path.Base(s.Photo.Name), stem(path.Base(s.Photo.Name))} {
			if _, ok := lines[name]; ok {
				lines[name], found = true, true
			}
		}
		return found
	}
	train, val, err = s.split(listed, file)
	for _, name := range sortedKeys(lines) {
		if !lines[name] {
			return nil, nil, fmt.Errorf("%s names %q, which is no photo with labels: expected names such as %s", file, name, s.Samples[0].Photo.Name)
		}
	}
	return train, val, err
}

func sortedKeys(m map[string]bool) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// SplitByFolder takes the photos in a folder of the set, such as "val" or "city/2", for
// validation.
func (s *Set) SplitByFolder(folder string) (train, val *Set, err error) {
	folder = cleanFolder(folder)
	return s.split(func(s Sample) bool { return strings.HasPrefix(s.Photo.Name, folder+"/") }, "the folder "+folder)
}

// SplitByShare takes a share of the photos, between 0 and 1, for validation. A hash of
// its name and the seed decides about each, so a photo stays where it is when others
// are added. Of two photos or more, at least one is on each side.
func (s *Set) SplitByShare(share float64, seed uint64) (train, val *Set, err error) {
	if !(share > 0 && share < 1) {
		return nil, nil, fmt.Errorf("a share of %v for validation: expected one between 0 and 1, such as 0.1", share)
	}
	if len(s.Samples) < 2 {
		return nil, nil, errors.New("one photo cannot be split: expected more, or no validation")
	}
	drawn := func(s Sample) float64 { return drawOf(stem(s.Photo.Name), seed) }
	byDraw := slices.SortedFunc(slices.Values(s.Samples), func(a, b Sample) int { return cmp.Compare(drawn(a), drawn(b)) })
	share = max(share, drawn(byDraw[0]))
	share = min(share, (drawn(byDraw[len(byDraw)-2])+drawn(byDraw[len(byDraw)-1]))/2)
	return s.split(func(s Sample) bool { return drawn(s) <= share }, "the share")
}

// drawOf returns a number from 0 to 1 that depends on the name and the seed alone.
func drawOf(name string, seed uint64) float64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%s", seed, name)
	return float64(mix(h.Sum64())>>11) / (1 << 53)
}

// mix spreads the bits of a hash, as names that differ in their last letter differ in few
// (the finaliser of SplitMix64).
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// split takes some samples for validation.
func (s *Set) split(isVal func(Sample) bool, by string) (train, val *Set, err error) {
	val = s.with(isVal)
	train = s.with(func(s Sample) bool { return !isVal(s) })
	if len(val.Samples) == 0 || len(train.Samples) == 0 {
		return nil, nil, fmt.Errorf("%s takes %d of %d photos for validation: expected some, and some that are left", by, len(val.Samples), len(s.Samples))
	}
	return train, val, nil
}

// with returns a set of some of the samples, without what its folder lacks.
func (s *Set) with(keep func(Sample) bool) *Set {
	part := &Set{Classes: s.Classes, Layout: s.Layout}
	for _, sample := range s.Samples {
		if keep(sample) {
			part.Samples = append(part.Samples, sample)
		}
	}
	return part
}
