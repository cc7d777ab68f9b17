//go:build !js

package cpu

import (
	"math"

	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// crossEntropy is the scratch memory of CrossEntropy. Its rows of classes are padded
// to whole vectors; padding has the score noClass.
type crossEntropy struct {
	scores, gradient scratch // (N, width)
	row, drow        scratch // (columns, width): a row of pixels, interpolated down only
	pixel            scratch // (width)
	rows, columns    []compute.Place
}

const noClass = -1e30

func (d *trainer) CrossEntropy(dscores, scores compute.Tensor, v compute.View, labels []uint8, weight float32) (loss float64) {
	host.SameLength("CrossEntropy", v.Patches(), scores.Rows())
	host.SameLength("CrossEntropy", v.Height*v.Width, len(labels))
	e, C := &d.entropy, scores.Cols()
	width := pad(C, panelWidth)
	padded := dense(e.scores.get(v.Patches() * width)[:v.Patches()*width], width)
	gradient := dense(e.gradient.get(v.Patches() * width)[:v.Patches()*width], width)
	clear(gradient.data)
	for i := range padded.rows {
		row := padded.row(i)
		for c := copy(row, matrix(scores).row(i)); c < width; c++ {
			row[c] = noClass
		}
	}
	e.rows = compute.Places(e.rows, v.Height, 1/float32(v.Patch), v.Rows())
	e.columns = compute.Places(e.columns, v.Width, 1/float32(v.Patch), v.Cols())
	line := v.Cols() * width // a row of patches
	row, drow := e.row.get(line)[:line], e.drow.get(line)[:line]
	for y, p := range e.rows {
		mix(row, padded.data[p.Lo*line:][:line], padded.data[p.Hi*line:][:line], p.T)
		clear(drow)
		loss += e.pixels(dense(drow, width), dense(row, width), labels[y*v.Width:][:v.Width], weight)
		addScaled(gradient.data[p.Lo*line:][:line], drow, 1-p.T)
		addScaled(gradient.data[p.Hi*line:][:line], drow, p.T)
	}
	for i := range gradient.rows {
		add(matrix(dscores).row(i), gradient.row(i))
	}
	return loss * float64(weight)
}

// pixels returns the loss of a row of pixels and adds its gradient to drow.
func (e *crossEntropy) pixels(drow, row operand, labels []uint8, weight float32) (loss float64) {
	p := e.pixel.get(row.cols)[:row.cols]
	for x, at := range e.columns {
		label := labels[x]
		if label == compute.Ignore {
			continue
		}
		mix(p, row.row(at.Lo), row.row(at.Hi), at.T)
		top, own := highest(p), p[label]
		sum := exponentials(p, top)
		loss += math.Log(float64(sum)) + float64(top-own)
		scale(p, weight/sum)
		p[label] -= weight
		addScaled(drow.row(at.Lo), p, 1-at.T)
		addScaled(drow.row(at.Hi), p, at.T)
	}
	return loss
}
