package train

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
)

// A Score is an evaluation after a step, as the log keeps it, in percent.
type Score struct {
	Step          int     `json:"step"`
	MIoU          float64 `json:"miou"`
	PixelAccuracy float64 `json:"pixel_accuracy"`
}

// ReadLog reads a log of steps and scores.
func ReadLog(log io.Reader) (steps []Step, scores []Score, err error) {
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var entry struct {
			Step
			MIoU          *float64 `json:"miou"`
			PixelAccuracy float64  `json:"pixel_accuracy"`
		}
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			return nil, nil, fmt.Errorf("a line of the log is no JSON: %w", err)
		}
		if entry.MIoU == nil {
			steps = append(steps, entry.Step)
		} else {
			scores = append(scores, Score{entry.Step.Step, *entry.MIoU, entry.PixelAccuracy})
		}
	}
	return steps, scores, lines.Err()
}

// The geometry of a curve, in pixels.
const (
	curveWidth  = 640
	panelHeight = 180
	panelGap    = 50
	margin      = 50
)

// curveStyle lets a picture be read on light and dark ground.
const curveStyle = `<style>
svg { background: #fff; color: #222; font: 12px sans-serif }
text { fill: currentColor }
.axis { stroke: currentColor; stroke-opacity: .3; fill: none }
.faint { stroke: #1f77b4; stroke-opacity: .35; fill: none }
.line { stroke: #1f77b4; stroke-width: 2; fill: none }
.score { stroke: #d95f02; stroke-width: 2; fill: none }
.dot { fill: #d95f02 }
@media (prefers-color-scheme: dark) {
svg { background: #16181d; color: #e6e6e6 }
.faint, .line { stroke: #6cb6ff }
.score { stroke: #ff9d5c } .dot { fill: #ff9d5c }
}
</style>
`

// DrawCurve draws the loss and the mIoU of a run of so many steps as an SVG.
func DrawCurve(w io.Writer, steps []Step, scores []Score, total int) error {
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="Loss and mIoU by step">`+"\n%s",
		curveWidth+2*margin, 2*(panelHeight+panelGap)+10, curveStyle)
	losses, smooth := lossPoints(steps)
	top := 0.
	for _, p := range losses {
		top = max(top, p.value)
	}
	loss := panel{out: &out, top: panelGap - 20, highest: niceTop(top), steps: max(total, 1)}
	loss.axes("loss (thin: of each batch, thick: smoothed)")
	loss.line("faint", losses)
	loss.line("line", smooth)

	var points []point
	top = 0
	for _, s := range scores {
		points = append(points, point{s.Step + 1, s.MIoU})
		top = max(top, s.MIoU)
	}
	miou := panel{out: &out, top: panelHeight + 2*panelGap - 20, highest: niceTop(top), steps: max(total, 1)}
	miou.axes("mIoU on the photos for validation, %")
	miou.line("score", points)
	miou.dots(points)
	out.WriteString("</svg>\n")
	_, err := io.WriteString(w, out.String())
	return err
}

type point struct {
	step  int
	value float64
}

// lossPoints returns the losses, thinned to what a picture can show, and a smoothed line.
func lossPoints(steps []Step) (losses, smooth []point) {
	const most = 600
	every, window := max(1, len(steps)/most), max(1, len(steps)/20)
	mean := 0.
	for i, s := range steps {
		mean += (s.Loss - mean) / float64(min(i+1, window))
		if i%every == 0 || i == len(steps)-1 {
			losses = append(losses, point{s.Step + 1, s.Loss})
			smooth = append(smooth, point{s.Step + 1, mean})
		}
	}
	return losses, smooth
}

// niceTop rounds up to a number whose quarters are short.
func niceTop(v float64) float64 {
	if v <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, factor := range []float64{1, 2, 3, 4, 6, 8} {
		if v <= factor*unit {
			return factor * unit
		}
	}
	return 10 * unit
}

// panel is a diagram over the steps.
type panel struct {
	out     *strings.Builder
	top     float64
	highest float64
	steps   int
}

func (p panel) at(q point) (x, y float64) {
	return margin + curveWidth*float64(q.step)/float64(p.steps), p.top + panelHeight*(1-q.value/p.highest)
}

func (p panel) axes(title string) {
	fmt.Fprintf(p.out, `<text x="%d" y="%.0f">%s</text>`+"\n", margin, p.top-8, title)
	for i := range 5 {
		value := p.highest * float64(i) / 4
		_, y := p.at(point{0, value})
		fmt.Fprintf(p.out, `<path class="axis" d="M%d %.1fh%d"/><text x="%d" y="%.1f" text-anchor="end">%.3g</text>`+"\n",
			margin, y, curveWidth, margin-6, y+4, value)
	}
	for _, step := range []int{0, p.steps / 2, p.steps} {
		x, y := p.at(point{step, 0})
		fmt.Fprintf(p.out, `<text x="%.1f" y="%.1f" text-anchor="middle">%d</text>`+"\n", x, y+16, step)
	}
}

func (p panel) line(class string, points []point) {
	if len(points) < 2 {
		return
	}
	fmt.Fprintf(p.out, `<polyline class="%s" points="`, class)
	for _, q := range points {
		x, y := p.at(q)
		fmt.Fprintf(p.out, "%.1f,%.1f ", x, y)
	}
	p.out.WriteString(`"/>` + "\n")
}

func (p panel) dots(points []point) {
	for _, q := range points {
		x, y := p.at(q)
		fmt.Fprintf(p.out, `<circle class="dot" cx="%.1f" cy="%.1f" r="3"><title>step %d: %.2f %%</title></circle>`+"\n", x, y, q.step, q.value)
	}
}
