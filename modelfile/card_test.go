package modelfile

import (
	"reflect"
	"strings"
	"testing"

	"segmenter/web/tests/cases"
)

func testCard() Card {
	return Card{
		Name: "Test", Licence: "MIT", Source: "here", TrainingData: "\"quoted\"\n", Accuracy: "—", Size: 384,
		Architecture:  Architecture{Patch: 2, Width: 8, Depth: 2, Heads: 2, DecoderDepth: 1, Grid: 3, ExtraTokens: 2},
		Normalisation: Normalisation{Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225}},
		Classes:       []Class{{"cat", Colour{255, 127, 0}}, {"Straße <&>", Colour{0, 10, 171}}, {"sky", Colour{}}},
		Extra:         map[string]string{"steps": "236"},
	}
}

func TestCardMetadata(t *testing.T) {
	want := testCard()
	metadata := want.Metadata()
	for key, text := range map[string]string{
		"format":        `segmenter/1`,
		"architecture":  `{"patch":2,"width":8,"depth":2,"heads":2,"decoder_depth":1,"grid":3,"extra_tokens":2}`,
		"normalisation": `{"mean":[0.485,0.456,0.406],"std":[0.229,0.224,0.225]}`,
		"classes":       `[{"name":"cat","colour":"#ff7f00"},{"name":"Straße <&>","colour":"#000aab"},{"name":"sky","colour":"#000000"}]`,
		"steps":         `236`,
	} {
		if metadata[key] != text {
			t.Errorf("%s is %s, want %s", key, metadata[key], text)
		}
	}
	if got, err := CardOf(metadata); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read again:\n%+v, %v\nwant\n%+v", got, err, want)
	}
}

func TestReadCard(t *testing.T) {
	got, err := ReadCard(strings.NewReader(`{
		"name": "N", "steps": 7, "format": "pt",
		"classes": [ {"colour": "#0102ff", "name": "a"} ],
		"normalisation": {"std": [1, 2, 3], "mean": [0, 0, 0.5]}
	}`))
	want := Card{
		Name:          "N",
		Normalisation: Normalisation{Mean: [3]float32{0, 0, 0.5}, Std: [3]float32{1, 2, 3}},
		Classes:       []Class{{"a", Colour{1, 2, 255}}},
		Extra:         map[string]string{"steps": "7"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v\nwant\n%+v", got, err, want)
	}
}

func TestReadCardRefuses(t *testing.T) {
	full := `"patch":16,"width":192,"depth":12,"heads":3,"decoder_depth":2,"grid":18`
	for _, c := range []struct{ card, want string }{
		{``, "not a JSON object"},
		{`[]`, "found a JSON [, expected a {"},
		{`{"name":"a"} x`, "not a JSON object"},
		{`{"name":"a","name":"b"}`, "duplicate"},
		{`{"format":"segmenter/2"}`, `format "segmenter/2"`},
		{`{"architecture":{` + full + `}}`, `"extra_tokens" is missing`},
		{`{"architecture":{` + full + `,"extra_tokens":-1}}`, "-1 is not a whole number"},
		{`{"architecture":{` + full + `,"extra_tokens":1,"window":7}}`, `unknown field "window"`},
		{`{"normalisation":{"mean":[0,0,0]}}`, "needs a mean and a std"},
		{`{"normalisation":{"mean":[0,0]}}`, "expected three numbers, got 2"},
		{`{"normalisation":{"mean":[0,0,0,0]}}`, "expected three numbers, got more"},
		{`{"normalisation":{"mean":[0,0,1e99]}}`, "out of range"},
		{`{"normalisation":{"mean":["NaN",0,0]}}`, "found a JSON string"},
		{`{"normalisation":{"variance":[0,0,0]}}`, `unknown field "variance"`},
		{`{"classes":[{"name":"cat"}]}`, "class 0"},
		{`{"classes":[{"colour":"#ffffff"}]}`, "no name"},
		{`{"classes":[{"name":"cat","colour":"#fff"}]}`, `"#fff" is not a colour`},
		{`{"classes":[{"name":"cat","colour":"#+12345"}]}`, "is not a colour"},
		{`{"classes":[` + strings.Repeat(`{"name":"a","colour":"#000000"},`, maxClasses) + `{}]}`, "more than 256"},
		{`{"classes":"[] []"}`, "follows the end"},
	} {
		if _, err := ReadCard(strings.NewReader(c.card)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80s: error %q, want it to say %q", c.card, err, c.want)
		}
	}
}

// FuzzCard: a card survives writing and reading again.
func FuzzCard(f *testing.F) {
	f.Add(`{"name":"N","steps":7,"classes":[{"colour":"#0102ff","name":"a"}],"normalisation":{"std":[1,2,3],"mean":[0,0,0.5]}}`)
	f.Add(`{"architecture":{"patch":16,"width":192,"depth":12,"heads":3,"decoder_depth":2,"grid":18,"extra_tokens":1},"format":"pt"}`)
	f.Fuzz(func(t *testing.T, text string) {
		card, err := ReadCard(strings.NewReader(text))
		if err != nil {
			return
		}
		again, err := CardOf(card.Metadata())
		if len(card.Classes) == 0 {
			card.Classes = nil // "[]" states nothing
		}
		if err != nil || !reflect.DeepEqual(card, again) {
			t.Errorf("%+v became %+v, %v", card, again, err)
		}
	})
}

// TestParseColour reads the cases that the browser's library is held to as well.
func TestParseColour(t *testing.T) {
	c := cases.Read[struct {
		Valid []struct {
			Colour string
			RGB    [3]uint8
		}
		Invalid []string
	}](t, "colours")
	for _, valid := range c.Valid {
		got, err := ParseColour(valid.Colour)
		if want := (Colour{valid.RGB[0], valid.RGB[1], valid.RGB[2]}); got != want || err != nil {
			t.Errorf("%s is %v (%v), expected %v", valid.Colour, got, err, want)
		}
	}
	for _, invalid := range c.Invalid {
		if got, err := ParseColour(invalid); err == nil {
			t.Errorf("%q is %v, expected an error", invalid, got)
		}
	}
}
