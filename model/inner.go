package model

import (
	"context"
	"errors"
	"fmt"

	"segmenter/compute"
)

// An Inner names values inside the network, of the last photo.
type Inner struct {
	Kind  InnerKind
	Block int // of the encoder, from 0; only for [Attention]
}

// InnerKind is a place in the network.
type InnerKind string

const (
	// Features are the encoder's output, which both decoders see: D values a patch.
	Features InnerKind = "features"
	// Attention is what a block of the encoder attends by: the queries, keys and values of a
	// token, 3·D, each with its heads side by side. The tokens that are no patches come last.
	Attention InnerKind = "attention"
	// Classes are the class embeddings after the mask transformer, of length 1: D values a
	// class. Their products with patches, of length 1 too, are the scores before their norm.
	Classes InnerKind = "classes"
	// Rows are those of the linear decoder: D weights and a bias for each class, the same for
	// every photo. Models without that decoder have none.
	Rows InnerKind = "rows"
)

// InnerValues are the values of an [Inner]: windows × tokens × width.
type InnerValues struct {
	View          compute.View
	Rows, Cols    int // patches of a window
	Tokens, Width int
	Values        []float32
}

// Inner runs as much of the network as it takes on the last photo once more, and returns
// what is there. The mask and the scores stay. As [Segmenter.Run], it needs all ranks, and
// returns nil if the first rank is in another program.
func (s *Segmenter) Inner(ctx context.Context, wanted Inner) (*InnerValues, error) {
	if s.passes == nil {
		return nil, errors.New("there are no values yet: segment a photo first")
	}
	if wanted.Kind == Rows {
		return s.rows(), nil
	}
	tokens, width, err := s.innerShape(wanted)
	if err != nil {
		return nil, err
	}
	v := s.plan.view
	n := tokens * width
	if v.Windows() > maxScores/n {
		return nil, fmt.Errorf("the %s of %d windows are %w for memory: use a larger stride, or a smaller size", wanted.Kind, v.Windows(), ErrTooLarge)
	}
	r := &InnerValues{View: v, Rows: v.Rows(), Cols: v.Cols(), Tokens: tokens, Width: width}
	if !s.passes[0].first {
		r = nil
	} else {
		r.Values = make([]float32, v.Windows()*n)
	}
	for w := range v.Windows() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := s.onEveryRank(func(p *pass) error {
			all, err := p.device.NewTensor(tokens, width)
			if err != nil {
				return err
			}
			defer all.Free()
			p.inner(all, w, wanted)
			if r == nil || !p.first {
				return p.device.Finish()
			}
			return p.device.Read(r.Values[w*n:][:n], all)
		}); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// rows returns the rows of the linear decoder.
func (s *Segmenter) rows() *InnerValues {
	r := &InnerValues{Width: s.model.Architecture.Width + 1}
	if s.model.Linear == nil {
		return r
	}
	w, bias := s.model.Matrix(s.model.Linear.Weight), s.model.Floats(s.model.Linear.Bias)
	r.Tokens = w.Out
	for c := range w.Out {
		for i := c * w.In; i < (c+1)*w.In; i++ {
			if w.Int8 != nil {
				r.Values = append(r.Values, float32(w.Int8[i])*w.Scale[c])
			} else {
				r.Values = append(r.Values, w.Float[i])
			}
		}
		r.Values = append(r.Values, bias[c])
	}
	return r
}

// innerShape returns the shape of the values of a window.
func (s *Segmenter) innerShape(wanted Inner) (tokens, width int, err error) {
	a, patches := s.model.Architecture, s.plan.view.Patches()
	switch wanted.Kind {
	case Features:
		return patches, a.Width, nil
	case Attention:
		if wanted.Block < 0 || wanted.Block >= a.Depth {
			return 0, 0, fmt.Errorf("block %d: expected 0 to %d", wanted.Block, a.Depth-1)
		}
		return patches + a.ExtraTokens, 3 * a.Width, nil
	case Classes:
		if s.network.mask == nil {
			return 0, 0, errors.New("this model has no mask transformer, and so no class embeddings")
		}
		return len(s.model.Classes), a.Width, nil
	}
	return 0, 0, fmt.Errorf("%q is no place in the network: expected %s, %s or %s", wanted.Kind, Features, Attention, Classes)
}

// inner collects the values of all ranks for a window.
func (p *pass) inner(all compute.Tensor, window int, wanted Inner) {
	switch wanted.Kind {
	case Features:
		if p.view.Windows() > 1 { // otherwise they are still there
			p.encode(window)
		}
		p.device.Gather(all, p.features, p.firstPatch)
	case Attention:
		p.embed(window)
		p.encodeBlocks(wanted.Block)
		p.encoder.project(p.device, &p.network.encoder[wanted.Block])
		p.device.Gather(all, p.encoder.qkv, p.encoder.share.First)
	case Classes:
		p.encode(window)
		p.decodeMask()
		p.device.Copy(all, p.allClasses)
	}
}
