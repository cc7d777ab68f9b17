package main

import (
	"math"
	"math/rand/v2"
)

type rgb [3]float64

// A thing lies on the ground.
type thing struct {
	class            uint8
	distance         func(x, y float64) float64 // to its outline, in units of its size; negative inside
	x, y, size, turn float64
	colour           rgb
	lightX, lightY   float64 // where the light comes from
}

// kinds are the things of the set, by class. Those of class 0 are none of its classes.
var kinds = []struct {
	class    uint8
	distance func(x, y float64) float64
}{
	{1, nut}, {2, washer}, {3, screw}, {0, disc}, {0, bar},
}

var metals = []rgb{{176, 180, 186}, {120, 124, 132}, {196, 158, 84}, {84, 84, 92}, {182, 118, 86}}

// drawThings draws what lies in a photo.
func drawThings(random *rand.Rand) []thing {
	angle := 2 * math.Pi * random.Float64()
	var things []thing
	for range 4 + random.IntN(3) {
		kind := kinds[random.IntN(len(kinds))]
		t := thing{
			class: kind.class, distance: kind.distance,
			x: width * random.Float64(), y: height * random.Float64(),
			size: 44 + 30*random.Float64(), turn: 2 * math.Pi * random.Float64(),
			colour: metals[random.IntN(len(metals))],
			lightX: math.Cos(angle), lightY: math.Sin(angle),
		}
		if kind.class == 0 { // plastic
			t.colour = rgb{255 * random.Float64(), 255 * random.Float64(), 255 * random.Float64()}
		}
		things = append(things, t)
	}
	return things
}

// paint returns the colour and the class of a pixel under the thing or its shadow, or
// those that it has.
func (t *thing) paint(c rgb, class uint8, x, y float64) (rgb, uint8) {
	const shadow = 0.14 // of the size
	away := t.at(x+shadow*t.size*t.lightX, y+shadow*t.size*t.lightY)
	dark := 0.5 * min(max(0.5-away*4, 0), 1)
	for i := range c {
		c[i] *= 1 - dark
	}
	d := t.at(x, y)
	if d > 0 {
		return c, class
	}
	// The edge is bevelled: towards the light it is bright.
	const bevel, step = 0.16, 0.02
	slope := max(0, 1+d/bevel)
	dx := t.at(x+step*t.size, y) - t.at(x-step*t.size, y)
	dy := t.at(x, y+step*t.size) - t.at(x, y-step*t.size)
	towards := (dx*t.lightX + dy*t.lightY) / (2 * step)
	sheen := 0.1 * math.Sin(7*(x*t.lightY-y*t.lightX)/t.size)
	shine := 0.85 + sheen + 0.6*slope*towards
	edge := min(1, -d*t.size) // a pixel wide
	for i := range c {
		c[i] += edge * (t.colour[i]*shine - c[i])
	}
	return c, t.class
}

// at returns the distance of a pixel to the outline.
func (t *thing) at(x, y float64) float64 {
	x, y = (x-t.x)/t.size, (y-t.y)/t.size
	sin, cos := math.Sincos(t.turn)
	return t.distance(x*cos+y*sin, y*cos-x*sin)
}

func disc(x, y float64) float64 { return math.Hypot(x, y) - 0.8 }

func bar(x, y float64) float64 { return box(x, y, 1.1, 0.4) }

func washer(x, y float64) float64 {
	r := math.Hypot(x, y)
	return max(r-1, 0.5-r)
}

func nut(x, y float64) float64 {
	x, y = math.Abs(x), math.Abs(y)
	hexagon := max(x*math.Sqrt(3)/2+y/2, y) - 0.9
	return max(hexagon, 0.52-math.Hypot(x, y))
}

// screw is a head and a thread.
func screw(x, y float64) float64 {
	ripple := 0.04 * math.Sin(26*x)
	return min(box(x-0.2, y, 1.3, 0.3+ripple), box(x+1.25, y, 0.25, 0.65))
}

// box is a rectangle of those half sides.
func box(x, y, a, b float64) float64 { return max(math.Abs(x)-a, math.Abs(y)-b) }
