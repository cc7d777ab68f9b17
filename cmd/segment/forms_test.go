package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestEvalForms evaluates with windows, in several sizes and mirrored, against masks of the
// photo as a whole.
func TestEvalForms(t *testing.T) {
	data, _ := set(t)
	for _, c := range []struct {
		flags string
		want  scores // what the result says of its forms
		exact bool
	}{
		{"-scales 1", scores{Scales: []float64{1}}, true},
		{"-scales 0.5,1,1.25", scores{Scales: []float64{0.5, 1, 1.25}}, false},
		{"-scales paper -flip", scores{Scales: []float64{0.5, 0.75, 1, 1.25, 1.5, 1.75}, Flip: true}, false},
		{"-flip", scores{Flip: true}, false},
		{"-window 48", scores{Window: 48, Stride: 36}, false},
		{"-window 48 -stride 16 -scales 1,1.5 -flip", scores{Window: 48, Stride: 16, Scales: []float64{1, 1.5}, Flip: true}, false},
	} {
		var got scores
		arguments := slices.Concat([]string{"eval", "-data", data, "-size", "64", "-match", "a_", "-json"}, strings.Fields(c.flags))
		if err := json.Unmarshal([]byte(succeed(t, arguments...)), &got); err != nil {
			t.Fatal(err)
		}
		if got.Window != c.want.Window || got.Stride != c.want.Stride || got.Flip != c.want.Flip || !slices.Equal(got.Scales, c.want.Scales) {
			t.Errorf("%s: %+v", c.flags, got)
		}
		if (got.PixelAccuracy == 100) != c.exact || got.PixelAccuracy < 60 || len(got.Classes) == 0 {
			t.Errorf("%s: pixel accuracy %v", c.flags, got.PixelAccuracy)
		}
	}
	for flags, want := range map[string]string{
		"-scales 0.5,big":   "factors above 0",
		"-scales 0":         "factors above 0",
		"-scales NaN":       "factors above 0",
		"-stride 8":         "-window",
		"-flip -refine":     "-refine",
		"-window 8 -refine": "-refine",
	} {
		if status, _, stderr := call(slices.Concat([]string{"eval", "-data", data}, strings.Fields(flags))...); status != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d, %s", flags, status, stderr)
		}
	}
}
