package decode

import (
	"encoding/binary"
	"math"
)

// maxProfile limits the size of an ICC profile. Those that are applied have a few
// kilobytes.
const maxProfile = 16 << 20

// profileSpace returns the conversion from the colours of an ICC profile (ICC.1:2022)
// to sRGB. It returns nil if there is nothing to convert: for sRGB itself, and for
// profiles that are not applied.
func profileSpace(profile []byte) *conversion {
	const header = 128
	if len(profile) < header+4 || string(profile[36:40]) != "acsp" || string(profile[20:24]) != "XYZ " {
		return nil
	}
	tags := map[string][]byte{}
	entries := profile[header+4:]
	for range binary.BigEndian.Uint32(profile[header:]) {
		if len(entries) < 12 {
			break
		}
		at, size := uint64(binary.BigEndian.Uint32(entries[4:])), uint64(binary.BigEndian.Uint32(entries[8:]))
		if at+size <= uint64(len(profile)) {
			tags[string(entries[:4])] = profile[at:][:size]
		}
		entries = entries[12:]
	}
	switch string(profile[16:20]) {
	case "GRAY":
		curve := profileCurve(tags["kTRC"])
		if curve == nil {
			return nil
		}
		// Grey is equal parts of sRGB's primaries.
		return newConversion(fromPCS.inverse(), curve, curve, curve)
	case "RGB ":
		var toPCS matrix
		var curves [3]curve
		for j, name := range []string{"r", "g", "b"} {
			colorant := tags[name+"XYZ"]
			curves[j] = profileCurve(tags[name+"TRC"])
			if len(colorant) < 20 || curves[j] == nil {
				return nil
			}
			for i := range 3 {
				toPCS[i][j] = fixed(colorant[8+4*i:])
			}
		}
		return newConversion(toPCS, curves[0], curves[1], curves[2])
	}
	return nil
}

// fixed reads a s15Fixed16Number (section 4.6).
func fixed(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }

// profileCurve reads a curveType (section 10.6) or parametricCurveType (10.18). It
// returns nil if it is neither.
func profileCurve(tag []byte) curve {
	if len(tag) < 12 {
		return nil
	}
	switch string(tag[:4]) {
	case "curv":
		n := uint64(binary.BigEndian.Uint32(tag[8:]))
		samples := tag[12:]
		if 2*n > uint64(len(samples)) {
			return nil
		}
		at := func(i int) float64 { return float64(binary.BigEndian.Uint16(samples[2*i:])) }
		switch n {
		case 0:
			return power(1)
		case 1:
			return power(at(0) / 256)
		}
		last := int(n) - 1
		return func(v float64) float64 {
			place := v * float64(last)
			i := min(int(place), last-1)
			return (at(i) + (at(i+1)-at(i))*(place-float64(i))) / 65535
		}
	case "para":
		kind := binary.BigEndian.Uint16(tag[8:])
		counts := []int{1, 3, 4, 5, 7}
		if int(kind) >= len(counts) || len(tag) < 12+4*counts[kind] {
			return nil
		}
		var p [7]float64 // g, a, b, c, d, e, f
		for i := range counts[kind] {
			p[i] = fixed(tag[12+4*i:])
		}
		g, a, b, c, d, e, f := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
		switch kind {
		case 0:
			a, d = 1, -1
		case 1, 2: // from -b/a on a power and c, before that only c
			d, e, f, c = -b/a, c, c, 0
		}
		return func(v float64) float64 {
			if v < d {
				return c*v + f
			}
			return math.Pow(a*v+b, g) + e
		}
	}
	return nil
}
