package model

import (
	"slices"
	"testing"

	"segmenter/web/tests/cases"
)

// TestOptions reads the cases that the browser's library is held to as well.
func TestOptions(t *testing.T) {
	c := cases.Read[struct {
		Patch          int
		Decoders       []Decoder
		Valid, Invalid []Options
	}](t, "options")
	m := smallModel(t)
	if m.Architecture.Patch != c.Patch || !slices.Equal(m.Decoders(), c.Decoders) {
		t.Fatalf("the model has patches of %d and %v, expected %d and %v", m.Architecture.Patch, m.Decoders(), c.Patch, c.Decoders)
	}
	for _, o := range c.Valid {
		if err := o.check(m); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, o := range c.Invalid {
		if err := o.check(m); err == nil {
			t.Errorf("%+v: expected an error", o)
		}
	}
}
