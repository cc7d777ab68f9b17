package decode

import (
	"image"
	"slices"
)

// readYCbCr returns the reader of a picture whose bounds begin at 0, 0. Colours are
// interpolated between chroma samples as libjpeg and libwebp do ("fancy
// upsampling"), where there is half as many of them along a side.
//
// Pictures have the full range of JPEG (JFIF 1.02), or, as video, the limited range of
// BT.601 with black at 16 and white at 235 (RFC 6386, section 9.2). Rounding is that of
// image/color and of libwebp.
func readYCbCr(m *image.YCbCr, video bool) reader {
	sx, sy := subsampling(m.SubsampleRatio)
	newPlane := func(samples []byte) *plane {
		p := &plane{samples: samples, stride: m.CStride, width: m.Rect.Dx(), height: m.Rect.Dy(), sx: sx, sy: sy, kept: [2]int{-1, -1}}
		if p.odd = 7; video {
			p.odd = 8
		}
		return p
	}
	cb, cr := newPlane(m.Cb), newPlane(m.Cr)
	return func(l line, rgb, _ []byte) {
		blue, red := cb.line(l)[:l.n], cr.line(l)[:l.n]
		at, step := l.y*m.YStride+l.x, l.dx+l.dy*m.YStride
		if video {
			for i := range l.n {
				y, cb, cr, out := 19077*int32(m.Y[at])>>8, blue[i], red[i], rgb[3*i:][:3:3]
				out[0] = clip((y + 26149*cr>>8 - 14234) >> 6)
				out[1] = clip((y - 6419*cb>>8 - 13320*cr>>8 + 8708) >> 6)
				out[2] = clip((y + 33050*cb>>8 - 17685) >> 6)
				at += step
			}
			return
		}
		for i := range l.n {
			y, cb, cr, out := int32(m.Y[at])<<16+1<<15, blue[i]-128, red[i]-128, rgb[3*i:][:3:3]
			out[0] = clip((y + 91881*cr) >> 16)
			out[1] = clip((y - 22554*cb - 46802*cr) >> 16)
			out[2] = clip((y + 116130*cb) >> 16)
			at += step
		}
	}
}

func clip(v int32) uint8 {
	if uint32(v) > 255 {
		return uint8(^v >> 31)
	}
	return uint8(v)
}

// subsampling returns how many pixels share a chroma sample along x and y.
func subsampling(ratio image.YCbCrSubsampleRatio) (x, y int) {
	switch ratio {
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	}
	return 1, 1
}

// plane holds the samples of Cb or Cr of a picture of width × height pixels, one for
// each sx × sy of them.
type plane struct {
	samples               []byte
	stride, width, height int
	sx, sy                int
	odd                   int32      // what rounds the second of two pixels, in units of 1/16
	lines                 [2][]int32 // of samples, the last even and the last odd one
	kept                  [2]int     // which lines these are
	sums, out             []int32    // of a line
}

// samplesOf returns n samples of a line of the plane, step apart, from at. Lines are
// kept, since columns are slow to read and each is needed for four columns of pixels.
func (p *plane) samplesOf(number, at, step, n int) []int32 {
	kept := &p.lines[number%2]
	if p.kept[number%2] != number {
		p.kept[number%2] = number
		if len(*kept) != n {
			*kept = make([]int32, n)
		}
		for i := range *kept {
			(*kept)[i] = int32(p.samples[at+i*step])
		}
	}
	return *kept
}

// line returns the chroma of a line of pixels. It is valid until the next call.
func (p *plane) line(l line) []int32 {
	// The line runs along one side, at place across the other. All of the side is in
	// it, forwards or backwards.
	along, across, step, jump, place, breadth := p.sx, p.sy, 1, p.stride, l.y, p.height
	if l.dx == 0 {
		along, across, step, jump, place, breadth = p.sy, p.sx, p.stride, 1, l.x, p.width
	}
	if len(p.out) != l.n {
		p.out, p.sums = make([]int32, l.n), make([]int32, l.n)
	}
	// libjpeg repeats the samples that four pixels share. Of two, each pixel takes
	// three quarters of its own sample and one of the next nearest. Where a half is
	// rounded up for one pixel, it is down for the other; not so in libwebp.
	smooth := p.sx <= 2
	shift, even, odd := 0, int32(0), int32(0)
	nearest := place / across
	near := p.samplesOf(nearest, nearest*jump, step, (l.n+along-1)/along)
	sums, out := near, p.out
	if across == 2 && smooth {
		next := max(0, min(nearest-1+place%2*2, (breadth-1)/2))
		far := p.samplesOf(next, next*jump, step, len(near))
		sums = p.sums[:len(near)]
		for i := range sums {
			sums[i] = 3*near[i] + far[i]
		}
		shift, even = 2, 1+int32(place%2)
		odd = even
	}
	switch {
	case along == 1 && across == 1 && l.dx+l.dy > 0:
		return near
	case along == 2 && smooth:
		switch {
		case across == 1:
			even, odd = 1, 2
		case l.dx != 0:
			even, odd = 8, p.odd
		default:
			even, odd = 8, 8
			if place%2 != 0 {
				even, odd = p.odd, p.odd
			}
		}
		shift += 2
		before := sums[0]
		for i, sum := range sums {
			after := sums[min(i+1, len(sums)-1)]
			out[2*i] = (3*sum + before + even) >> shift
			if 2*i+1 < len(out) {
				out[2*i+1] = (3*sum + after + odd) >> shift
			}
			before = sum
		}
	case along == 1:
		for i, sum := range sums {
			out[i] = (sum + even) >> shift
		}
	default:
		for i := range out {
			out[i] = sums[i/along]
		}
	}
	if l.dx < 0 || l.dy < 0 {
		slices.Reverse(out)
	}
	return out
}
