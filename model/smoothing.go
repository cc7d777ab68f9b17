package model

import "segmenter/compute"

// smoothing is a pass's memory of earlier frames, for [Options.Smoothing].
type smoothing struct {
	active  bool           // whether the last frame was smoothed
	refined bool           // whether it was also refined
	average compute.Tensor // (N, C) scores of the patches of all ranks
	looks   compute.Tensor // (N, compute.LookWidth)
	picture compute.Frame  // the guide for Refine, averaged too
}

// smooth adds the scores of a frame to the average. Every rank averages all patches,
// since it paints its part of the mask from the scores of all.
func (p *pass) smooth(strength float64, refine bool) error {
	s := &p.smoothing
	if strength == 0 {
		s.active = false
		return nil
	}
	if s.average == nil {
		b := &planner{pass: p}
		s.average = b.tensor(p.allScores.Rows(), p.allScores.Cols())
		s.looks = b.tensor(p.allScores.Rows(), compute.LookWidth)
		s.picture = b.picture(p.view.Height, p.view.Width)
		if b.err != nil {
			return b.err
		}
	}
	weight := float32(1 - strength)
	if !s.active || refine != s.refined {
		weight = 1
	}
	s.active, s.refined = true, refine
	var picture compute.Frame
	if refine {
		picture = s.picture
	}
	p.device.Smooth(s.average, s.looks, p.allScores, picture, p.frame, p.view, weight)
	return nil
}

// classify paints the mask from the scores of the frame, or from their average with
// earlier frames.
func (p *pass) classify(refine bool) {
	scores, guide := p.shown()
	if p.refines(refine) {
		p.device.Refine(p.mask, scores, p.view, guide)
	} else {
		p.device.Classify(p.mask, scores, p.view)
	}
}

// shown returns what the mask is made from.
func (p *pass) shown() (scores compute.Tensor, guide compute.Frame) {
	if p.smoothing.active {
		return p.smoothing.average, p.smoothing.picture
	}
	return p.allScores, p.frame
}

// refines tells whether edges follow the picture.
func (p *pass) refines(wanted bool) bool { return wanted && p.view.Windows() == 1 }

// smallestArea is the area of a mask with refined edges that is no speck, in patches.
// Edges that follow the picture leave specks where texture is strong. docs/live.md has
// the sizes that were tried.
const smallestArea = 0.25

// removeSpecks removes specks from refined masks. In smoothed videos all areas stay: one
// near the limit would come and go.
func (p *pass) removeSpecks(o Options) error {
	if !p.first || !p.refines(o.Refine) || o.Smoothing > 0 {
		return nil
	}
	scale := float64(p.mask.Height()*p.mask.Width()) / float64(p.view.Height*p.view.Width)
	return p.mask.RemoveSpecks(int(smallestArea * float64(p.view.Patch*p.view.Patch) * scale))
}
