package augment

import "math/rand/v2"

// The shifts of mmsegmentation's PhotoMetricDistortion. Each happens to every second
// photo.
const (
	brightness = 32  // levels, up or down
	least      = 0.5 // factor of contrast and of saturation
	most       = 1.5
	hue        = 18 // steps of 2 degrees, up or down
)

// distortion is what happens to the colours of a photo.
type distortion struct {
	brighter      float32 // levels
	contrast      float32 // factor
	contrastFirst bool    // before saturation and hue, rather than after
	saturation    float32 // factor
	hue           float32 // sixths of the circle
}

// drawDistortion draws in the order in which the original does.
func drawDistortion(random *rand.Rand) distortion {
	d := distortion{contrast: 1, saturation: 1}
	happens := func() bool { return random.IntN(2) == 1 }
	factor := func() float32 { return least + random.Float32()*(most-least) }
	if happens() {
		d.brighter = (2*random.Float32() - 1) * brightness
	}
	d.contrastFirst = happens()
	if d.contrastFirst && happens() {
		d.contrast = factor()
	}
	if happens() {
		d.saturation = factor()
	}
	if happens() {
		d.hue = float32(random.IntN(2*hue)-hue) / 30
	}
	if !d.contrastFirst && happens() {
		d.contrast = factor()
	}
	return d
}

// distort shifts the colours of a crop, but not those of what is beyond its photo.
func distort(c *Crop, random *rand.Rand) {
	d := drawDistortion(random)
	if d == (distortion{contrast: 1, saturation: 1, contrastFirst: d.contrastFirst}) {
		return
	}
	for y := range c.Height {
		row := c.Photo.Pix[3*y*c.Photo.Width:][:3*c.Width]
		for x := 0; x < len(row); x += 3 {
			p := (*[3]byte)(row[x:])
			rgb := d.apply([3]float32{float32(p[0]), float32(p[1]), float32(p[2])})
			for i, v := range rgb {
				p[i] = byte(v + 0.5)
			}
		}
	}
}

// apply shifts a colour, of values from 0 to 255.
func (d distortion) apply(rgb [3]float32) [3]float32 {
	linear := func(factor, add float32) {
		for i, v := range rgb {
			rgb[i] = min(max(0, v*factor+add), 255)
		}
	}
	linear(1, d.brighter)
	if d.contrastFirst {
		linear(d.contrast, 0)
	}
	if d.saturation != 1 {
		rgb = saturate(rgb, d.saturation)
	}
	if d.hue != 0 {
		rgb = turn(rgb, d.hue)
	}
	if !d.contrastFirst {
		linear(d.contrast, 0)
	}
	return rgb
}

// saturate multiplies the saturation of HSV, 1 − min/max, and keeps hue and value.
func saturate(rgb [3]float32, factor float32) [3]float32 {
	lo, hi := min(rgb[0], rgb[1], rgb[2]), max(rgb[0], rgb[1], rgb[2])
	if lo == hi {
		return rgb
	}
	factor = min(factor, hi/(hi-lo)) // a saturation of at most 1
	for i, v := range rgb {
		rgb[i] = max(0, hi-(hi-v)*factor)
	}
	return rgb
}

// turn adds sixths of the circle to the hue of HSV, between −6 and 6, and keeps saturation
// and value.
func turn(rgb [3]float32, sixths float32) [3]float32 {
	lo, hi := min(rgb[0], rgb[1], rgb[2]), max(rgb[0], rgb[1], rgb[2])
	span := hi - lo
	if span == 0 {
		return rgb
	}
	var h float32
	switch hi {
	case rgb[0]:
		h = (rgb[1] - rgb[2]) / span
	case rgb[1]:
		h = 2 + (rgb[2]-rgb[0])/span
	default:
		h = 4 + (rgb[0]-rgb[1])/span
	}
	h += sixths
	for h < 0 {
		h += 6
	}
	for h >= 6 {
		h -= 6
	}
	// Red is full within one sixth of hue 0 and gone beyond two; green and blue follow a
	// third of the circle later each.
	channel := func(full float32) float32 {
		away := h - full
		if away < 0 {
			away = -away
		}
		away = min(away, 6-away)
		return lo + span*min(max(0, 2-away), 1)
	}
	return [3]float32{channel(0), channel(2), channel(4)}
}
