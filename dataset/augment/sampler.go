package augment

import (
	"fmt"
	"math"
)

// Sampler says which photos an epoch draws, and in which order.
type Sampler struct {
	seed   uint64
	shares []float64 // how often an epoch draws each photo, on average
}

// NewSampler makes a sampler that draws each photo once an epoch.
func NewSampler(photos int, seed uint64) *Sampler {
	s := &Sampler{seed: seed, shares: make([]float64, photos)}
	for i := range s.shares {
		s.shares[i] = 1
	}
	return s
}

// Favour draws photos with rare classes more often. classes are those of each photo, as
// the report of a check has them. A class is rare if fewer than a share of the photos
// have it; a photo is drawn √(share / share of its rarest class) times an epoch, but at
// most ten times (repeat factors: Gupta et al., "LVIS", 2019, section 5.1).
func (s *Sampler) Favour(classes [][]uint8, share float64) error {
	if len(classes) != len(s.shares) {
		return fmt.Errorf("augment: the classes of %d photos: expected those of %d", len(classes), len(s.shares))
	}
	var photos [256]float64
	for _, present := range classes {
		for _, id := range present {
			photos[id]++
		}
	}
	const most = 10
	for i, present := range classes {
		s.shares[i] = 1
		for _, id := range present {
			frequency := photos[id] / float64(len(classes))
			s.shares[i] = min(most, max(s.shares[i], math.Sqrt(share/frequency)))
		}
	}
	return nil
}

// Length returns the number of photos that an epoch draws, on average.
func (s *Sampler) Length() (sum float64) {
	for _, share := range s.shares {
		sum += share
	}
	return sum
}

// Epoch returns the photos of an epoch by number, in a random order. It depends on the
// seed and the epoch alone.
func (s *Sampler) Epoch(epoch int) []int {
	random := newRandom(s.seed, epoch, -1) // no photo has the number −1
	var order []int
	for i, share := range s.shares {
		times := int(share)
		if random.Float64() < share-float64(times) {
			times++
		}
		for range times {
			order = append(order, i)
		}
	}
	random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}
