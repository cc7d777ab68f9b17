package dataset

import (
	"errors"
	"fmt"
)

// Masks of two classes often are black and white, 0 and 255, although 255 means
// [Ignore] in masks of class ids. One file does not say which is meant, so a set
// decides.

// brightness returns a value of a mask as 0 to 255, dark to bright.
func (r *raster) brightness(value uint32) uint32 {
	switch {
	case r.coloured || r.palette != nil:
		if r.palette != nil {
			value = r.colour(value)
		}
		return (value>>16 + value>>8&0xff + value&0xff) / 3
	case value > 255:
		return value / 257
	}
	return value
}

// Brightness of the two tones.
const (
	darkest, brightest = 8, 247  // of a pixel that is clearly black or white
	dark, bright       = 64, 191 // of one that is near enough
)

// evidence is what a mask says about the meaning of 255.
type evidence int

const (
	noEvidence evidence = iota // all black, or no file of that kind
	forTwoTone                 // black and white
	forNumbers
)

// tones looks at a mask's values.
func (r *raster) tones(counts map[uint32]int) evidence {
	ends, white, onlyIDs, all := 0, 0, true, 0
	for value, pixels := range counts {
		v := r.brightness(value)
		all += pixels
		if v >= brightest {
			white += pixels
		}
		if v <= darkest || v >= brightest {
			ends += pixels
		}
		onlyIDs = onlyIDs && (v <= 1 || v == 255)
	}
	_, one := counts[1]
	switch {
	case len(counts) == 1 && counts[0] > 0:
		return noEvidence
	case r.coloured && r.lossy == "" && !isGrey(counts), onlyIDs && one && r.brightness(1) == 1:
		return forNumbers
	case r.palette != nil && ends < all: // a palette has no softened edges
		return forNumbers
	case white > 0 && 10*ends >= 9*all:
		return forTwoTone
	}
	return forNumbers
}

// findTwoTone reports whether masks are black and white. It looks at a few of them,
// evenly over the set.
func findTwoTone(paths []string) bool {
	const enough = 32
	step := max(1, len(paths)/enough)
	found := 0
	for start := range step {
		for at := start; at < len(paths) && found < enough; at += step {
			switch tonesOf(paths[at]) {
			case forNumbers:
				return false
			case forTwoTone:
				found++
			}
		}
	}
	return found > 0
}

// tonesOf looks at a mask file. One that cannot be read says nothing: reading the set
// reports it.
func tonesOf(path string) evidence {
	r, err := readRaster(path, func(int, int) error { return nil })
	if err != nil {
		return noEvidence
	}
	counts, err := r.count()
	if err != nil {
		return noEvidence
	}
	return r.tones(counts)
}

// decodeTwoTone decodes a black and white mask: class 0 and class 1.
func decodeTwoTone(r *raster, counts map[uint32]int) (*decoded, error) {
	d := &decoded{classes: make(map[uint32]uint8)}
	brightestValue, all := uint32(0), 0
	for value, pixels := range counts {
		v := r.brightness(value)
		brightestValue = max(brightestValue, v)
		all += pixels
		switch {
		case v <= dark:
			d.classes[value] = 0
		case v >= bright:
			d.classes[value] = 1
		default:
			d.classes[value] = Ignore
			d.blurred += pixels
		}
	}
	if brightestValue > 0 && brightestValue < bright {
		return nil, fmt.Errorf("has values up to %d, but other masks of the set are black and white, 0 and 255: expected the same in all", brightestValue)
	}
	if 100*d.blurred > maxSoftened*all {
		return nil, errors.New("is mostly grey, but other masks of the set are black and white: expected 0 and 255")
	}
	return d, nil
}
