package train

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

// TestDrawCurve draws a log as a picture that is well-formed.
func TestDrawCurve(t *testing.T) {
	var log bytes.Buffer
	for i := range 2000 {
		if err := Log(&log)(Step{Step: i, Loss: 4 / (1 + float64(i)/100)}); err != nil {
			t.Fatal(err)
		}
		if i%400 == 399 {
			if err := json.NewEncoder(&log).Encode(Score{i, float64(i) / 40, 90}); err != nil {
				t.Fatal(err)
			}
		}
	}
	steps, scores, err := ReadLog(&log)
	if err != nil || len(steps) != 2000 || len(scores) != 5 || scores[1] != (Score{799, 19.975, 90}) {
		t.Fatalf("%d steps, scores %v, error %v", len(steps), scores, err)
	}
	for _, n := range []int{0, 1, 2000} {
		var out strings.Builder
		if err := DrawCurve(&out, steps[:n], scores[:min(n, 5)], 2500); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "NaN") || out.Len() > 60_000 {
			t.Errorf("%d steps: %d bytes\n%.2000s", n, out.Len(), &out)
		}
		for d := xml.NewDecoder(strings.NewReader(out.String())); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, _, err := ReadLog(strings.NewReader("no log")); err == nil {
		t.Error("a file that is no log: expected an error")
	}
}
