package main

import (
	"fmt"

	"segmenter/bench/network"
)

// Limits on the difference of an engine's scores from the reference. Beyond them
// the run fails, since the engine computes something else.
const (
	floatTolerance = 1e-2 // largest difference of a score
	minAgreement   = 0.95 // share of patches with the same class, with int8 weights
)

// agreement compares an engine's scores with the reference.
type agreement struct {
	difference float64 // the largest of any score
	same       float64 // share of patches with the same best class
}

// compare compares scores (patches, classes).
func compare(got, want []float32, classes int) (agreement, error) {
	if len(got) != len(want) {
		return agreement{}, fmt.Errorf("%d scores, expected %d", len(got), len(want))
	}
	var a agreement
	same := 0
	for at := 0; at < len(want); at += classes {
		g, w := got[at:at+classes], want[at:at+classes]
		for i := range w {
			difference := max(g[i], w[i]) - min(g[i], w[i])
			if difference != difference {
				return agreement{}, fmt.Errorf("the score of class %d of patch %d is NaN", i, at/classes)
			}
			a.difference = max(a.difference, float64(difference))
		}
		if best(g) == best(w) {
			same++
		}
	}
	a.same = float64(same) / float64(len(want)/classes)
	return a, nil
}

// best returns the index of the highest score.
func best(scores []float32) int {
	at := 0
	for i, s := range scores {
		if s > scores[at] {
			at = i
		}
	}
	return at
}

// check fails if the engine computes something else.
func (a agreement) check(p network.Precision) error {
	switch {
	case p == network.Float && a.difference > floatTolerance:
		return fmt.Errorf("scores differ from the reference by up to %.4g, expected at most %g with float weights: the exporter or the engine computes another network", a.difference, floatTolerance)
	case a.same < minAgreement:
		return fmt.Errorf("only %.1f %% of the patches have the reference's class, expected at least %.0f %%: the exporter or the engine computes another network", 100*a.same, 100*minAgreement)
	}
	return nil
}

// checkScores compares the scores of the page's last frame with want, and fails if
// they differ too much.
func (p *page) checkScores(want []float32) (agreement, error) {
	s, err := p.scores()
	if err != nil {
		return agreement{}, err
	}
	values, err := s.values()
	if err != nil {
		return agreement{}, err
	}
	a, err := compare(values, want, s.Classes)
	if err == nil {
		err = a.check(p.engine.precision)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", p.engine.title, err)
	}
	return a, err
}
