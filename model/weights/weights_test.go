package weights

import (
	"bytes"
	"math"
	"os"
	"slices"
	"testing"

	"segmenter/modelfile"
)

// card reads everyday.json, from which the model file was made.
func card(t *testing.T) modelfile.Card {
	t.Helper()
	text, err := os.ReadFile("everyday.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := modelfile.ReadCard(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryday(t *testing.T) {
	const limit = 7_500_000 // bytes; visitors wait for them
	if len(everyday) > limit {
		t.Errorf("the model has %d bytes, expected at most %d", len(everyday), limit)
	}
	got, err := modelfile.Read(Everyday())
	if err != nil {
		t.Fatal(err)
	}
	if want := (modelfile.Architecture{Patch: 16, Width: 192, Depth: 12, Heads: 3, DecoderDepth: 2, Grid: 18, ExtraTokens: 1}); got.Architecture != want {
		t.Errorf("architecture %+v, want %+v", got.Architecture, want)
	}
	want := card(t)
	if !slices.Equal(got.Classes, want.Classes) || got.Name != want.Name || got.Size != want.Size || got.Licence != want.Licence ||
		got.Source != want.Source || got.TrainingData != want.TrainingData || got.Accuracy != want.Accuracy ||
		got.Normalisation != want.Normalisation {
		t.Error("the card of the model file differs from everyday.json: convert it again")
	}
}

// TestColoursAreFarApart checks that any two classes differ at a glance.
func TestColoursAreFarApart(t *testing.T) {
	const enough = 18 // ΔE of CIE 1976; 2.3 is just noticeable
	classes := card(t).Classes
	closest, a, b := math.Inf(1), 0, 0
	for i := range classes {
		for j := range i {
			if d := distance(lab(classes[i].Colour), lab(classes[j].Colour)); d < closest {
				closest, a, b = d, i, j
			}
		}
	}
	t.Logf("closest: %s %v and %s %v, ΔE %.1f", classes[a].Name, classes[a].Colour, classes[b].Name, classes[b].Colour, closest)
	if closest < enough {
		t.Errorf("%s and %s are ΔE %.1f apart, expected at least %d", classes[a].Name, classes[b].Name, closest, enough)
	}
}

// lab is a colour in CIE L*a*b* for the white point D65 (IEC 61966-2-1, CIE 15).
func lab(c modelfile.Colour) [3]float64 {
	r, g, b := light(c.R), light(c.G), light(c.B)
	x := cubeRoot((0.4124564*r + 0.3575761*g + 0.1804375*b) / 0.95047)
	y := cubeRoot(0.2126729*r + 0.7151522*g + 0.0721750*b)
	z := cubeRoot((0.0193339*r + 0.1191920*g + 0.9503041*b) / 1.08883)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// light undoes the transfer function of sRGB.
func light(v uint8) float64 {
	if f := float64(v) / 255; f > 0.04045 {
		return math.Pow((f+0.055)/1.055, 2.4)
	} else {
		return f / 12.92
	}
}

// cubeRoot is CIELAB's: linear near 0.
func cubeRoot(v float64) float64 {
	if v > 216.0/24389 {
		return math.Cbrt(v)
	}
	return (24389.0/27*v + 16) / 116
}

func distance(a, b [3]float64) float64 {
	return math.Sqrt((a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1]) + (a[2]-b[2])*(a[2]-b[2]))
}
