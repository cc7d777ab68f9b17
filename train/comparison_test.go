package train

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

// TestDrawComparison draws the losses of this package's runs beside PyTorch's, as
// docs/training.md has them, and prints how far they are apart. LOGS has pairs of logs, this
// package's and that of testdata/reference.py on the same crops, with commas between them;
// DRAWING is the file for the picture.
func TestDrawComparison(t *testing.T) {
	if os.Getenv("LOGS") == "" {
		t.Skip("LOGS names no logs")
	}
	var runs [][]Step
	for path := range strings.SplitSeq(os.Getenv("LOGS"), ",") {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		steps, _, err := ReadLog(f)
		f.Close()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		runs = append(runs, steps)
	}
	const part = 100
	for from := 0; from+part <= len(runs[0]); from += part {
		line := fmt.Sprintf("steps %4d to %4d:", from, from+part-1)
		for _, steps := range runs {
			mean, square := 0., 0.
			for _, s := range steps[from:][:part] {
				mean += s.Loss / part
				square += s.Loss * s.Loss / part
			}
			line += fmt.Sprintf("  %.3f ± %.3f", mean, math.Sqrt((square-mean*mean)/part))
		}
		t.Log(line)
	}
	if err := os.WriteFile(os.Getenv("DRAWING"), []byte(drawComparison(runs)), 0o666); err != nil {
		t.Fatal(err)
	}
}

func drawComparison(runs [][]Step) string {
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="Loss by step, here and in PyTorch">`+"\n%s",
		curveWidth+2*margin, panelHeight+2*panelGap, curveStyle)
	loss := panel{out: &out, top: panelGap - 20, steps: len(runs[0])}
	for _, steps := range runs {
		loss.highest = max(loss.highest, steps[0].Loss)
	}
	loss.highest = niceTop(loss.highest)
	loss.axes("loss, smoothed: segment train (blue) and PyTorch (orange)")
	for i, steps := range runs {
		_, smooth := lossPoints(steps)
		loss.line([]string{"line", "score"}[i%2], smooth)
	}
	out.WriteString("</svg>\n")
	return out.String()
}
