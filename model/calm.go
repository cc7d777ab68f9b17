package model

import "segmenter/compute"

// calm is what a pass knows of the frames before, for [Options.Smoothing].
type calm struct {
	on      bool           // whether the frame before was smoothed
	refined bool           // and refined
	average compute.Tensor // (N, C) scores of all ranks' patches
	looks   compute.Tensor // (N, compute.LookWidth)
	picture compute.Frame  // for Refine, averaged too
}

// smooth takes the scores of a frame into the average. All ranks do the same:
// each paints a part of the mask from the scores of all patches.
func (p *pass) smooth(smoothing float64, refine bool) error {
	c := &p.calm
	if smoothing == 0 {
		c.on = false
		return nil
	}
	if c.average == nil {
		b := &planner{pass: p}
		c.average = b.tensor(p.allScores.Rows(), p.allScores.Cols())
		c.looks = b.tensor(p.allScores.Rows(), compute.LookWidth)
		c.picture = b.picture(p.frame.Height(), p.frame.Width())
		if b.err != nil {
			return b.err
		}
	}
	weight := float32(1 - smoothing)
	if !c.on || refine != c.refined {
		weight = 1
	}
	c.on, c.refined = true, refine
	var picture compute.Frame
	if refine {
		picture = c.picture
	}
	grid := p.grid
	grid.First = 0
	p.device.Smooth(c.average, c.looks, p.allScores, picture, p.frame, grid, weight)
	return nil
}

// classify paints the mask of the frame, or of its average with those before.
func (p *pass) classify(v *compute.View, refine bool) {
	scores, guide := p.allScores, p.frame
	if p.calm.on {
		scores, guide = p.calm.average, p.calm.picture
	}
	if refine && len(v.Windows) == 1 {
		p.device.Refine(p.pixels, scores, v, guide)
	} else {
		p.device.Classify(p.pixels, scores, v)
	}
}
