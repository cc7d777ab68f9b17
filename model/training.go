//go:build !js

package model

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"segmenter/compute"
	"segmenter/compute/tape"
	"segmenter/modelfile"
	"segmenter/photo"
)

// Training computes the loss of a model on labelled photos, and its gradients. Each
// device runs one photo at a time through the same forward pass as [Segmenter], on a
// tape.
//
// It trains the values of the model itself. The device of photo i is i modulo their
// number, and sums are in a fixed order, so results depend on the number of devices
// but are the same, bit for bit, each time.
type Training struct {
	model     *Model
	variables []*Variable
	lanes     []*lane
	losses    []Loss // of each photo
}

// A Variable is a parameter in training, with its gradient, both in the shape of the
// model file.
type Variable struct {
	*modelfile.Parameter
	Values   []float32 // the model's own: call [Training.Update] after a change
	Gradient []float32
}

// A Sample is a photo with a label for each pixel, row by row: a class, or
// [compute.Ignore].
type Sample struct {
	Photo  *photo.Image
	Labels []uint8

	// Features, unless nil, are the encoder's output for the photo, by [Training.Features].
	// The encoder then neither runs nor gets a gradient, and the photo needs no pixels.
	Features []float32
}

// Objective says what to minimise: the weighted sum of the decoders' losses. A decoder
// of weight 0 does not run.
type Objective struct {
	Mask, Linear float32

	// DropPath is the probability that the last block of the encoder leaves out a
	// branch; it grows linearly from 0 at the first block. Dropout is that of a value in
	// the mask transformer's blocks: of the softmax, and after proj, fc1 and fc2
	// (segm/model/blocks.py). Seed draws.
	DropPath, Dropout float32
	Seed              uint64
}

// Loss is the cross-entropy of each decoder, the mean over the pixels with a label.
type Loss struct{ Mask, Linear float64 }

// Total is the value of the objective.
func (l Loss) Total(o Objective) float64 {
	return float64(o.Mask)*l.Mask + float64(o.Linear)*l.Linear
}

// Guess is the value of the objective for a model that finds all classes equally likely.
func (t *Training) Guess(o Objective) float64 {
	each := math.Log(float64(len(t.model.Classes)))
	return Loss{each, each}.Total(o)
}

// NewTraining prepares a float model for training on some devices, usually one a core.
func NewTraining(m *Model, devices []compute.Differentiable) (*Training, error) {
	if m.Precision() != "float32" {
		return nil, errors.New("the model is quantised: train the float model that it comes from")
	}
	t := &Training{model: m}
	byName := map[string]*Variable{}
	for p := range m.All() {
		v := &Variable{p, m.Floats(p), make([]float32, p.Elements())}
		byName[p.Name] = v
		t.variables = append(t.variables, v)
	}
	for _, d := range devices {
		l, err := newLane(m, d, byName)
		if err != nil {
			return nil, err
		}
		t.lanes = append(t.lanes, l)
	}
	return t, nil
}

// Variables returns the parameters in the order of the table. The list belongs to the
// training.
func (t *Training) Variables() []*Variable { return t.variables }

// Update takes over changed values of variables.
func (t *Training) Update() { t.onEveryLane(func(_ int, l *lane) error { l.update(); return nil }) }

// Gradients sets the gradient of every variable to that of the objective on a batch,
// and returns the loss.
func (t *Training) Gradients(batch []Sample, o Objective) (Loss, error) {
	labelled, err := t.check(batch, o)
	if err != nil {
		return Loss{}, err
	}
	share := 1 / float32(max(labelled, 1))
	t.losses = slices.Grow(t.losses[:0], len(batch))[:len(batch)]
	err = t.onEveryLane(func(index int, l *lane) error {
		for i := index; i < len(batch); i += len(t.lanes) {
			l.source.Seed(o.Seed, uint64(i))
			loss, err := l.run(&batch[i], o, share)
			if err != nil {
				return err
			}
			t.losses[i] = loss
		}
		return nil
	})
	for _, v := range t.variables {
		clear(v.Gradient)
	}
	for _, l := range t.lanes {
		l.collect()
	}
	if err != nil {
		return Loss{}, err
	}
	var sum Loss
	for _, l := range t.losses {
		sum.Mask += l.Mask
		sum.Linear += l.Linear
	}
	return sum, nil
}

// Features sets the features of samples.
func (t *Training) Features(batch []Sample) error {
	for i := range batch {
		batch[i].Features = nil
		if err := t.checkSize(i, &batch[i]); err != nil {
			return err
		}
	}
	return t.onEveryLane(func(index int, l *lane) error {
		for i := index; i < len(batch); i += len(t.lanes) {
			if err := l.encode(&batch[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// check counts the pixels with labels.
func (t *Training) check(batch []Sample, o Objective) (labelled int, err error) {
	if o.Mask != 0 && t.model.Mask == nil || o.Linear != 0 && t.model.Linear == nil {
		return 0, fmt.Errorf("the loss is %v of the mask transformer and %v of the linear decoder, but this model has %q", o.Mask, o.Linear, t.model.Decoders())
	}
	classes := len(t.model.Classes)
	for i := range batch {
		s := &batch[i]
		if err := t.checkSize(i, s); err != nil {
			return 0, err
		}
		if height, width := s.Photo.Size(); len(s.Labels) != height*width {
			return 0, fmt.Errorf("photo %d of the batch is %d×%d pixels, but has %d labels", i, width, height, len(s.Labels))
		}
		for _, label := range s.Labels {
			if label == compute.Ignore {
				continue
			}
			if int(label) >= classes {
				return 0, fmt.Errorf("photo %d of the batch has the label %d: expected classes, 0 to %d, or %d for pixels that do not count", i, label, classes-1, compute.Ignore)
			}
			labelled++
		}
	}
	return labelled, nil
}

// checkSize checks the picture of sample i.
func (t *Training) checkSize(i int, s *Sample) error {
	height, width := s.Photo.Size()
	p := planOf(t.model, s)
	switch n := p.view.Patches() * t.model.Architecture.Width; {
	case height*width == 0 || s.Features == nil && len(s.Photo.Pix) != 3*height*width:
		return fmt.Errorf("photo %d of the batch is %d×%d pixels, but has %d bytes", i, width, height, len(s.Photo.Pix))
	case s.Features != nil && len(s.Features) != n:
		return fmt.Errorf("photo %d of the batch is %d×%d pixels, but has %d features: expected %d", i, width, height, len(s.Features), n)
	}
	return p.fits(len(t.model.Classes))
}

func planOf(m *Model, s *Sample) plan {
	return plan{view: compute.Whole(m.Architecture.Patch, s.Photo.Height, s.Photo.Width), maskHeight: 1, maskWidth: 1}
}

// onEveryLane runs f on all lanes at once, and returns the first lane's error.
func (t *Training) onEveryLane(f func(i int, l *lane) error) error {
	errs := make([]error, len(t.lanes))
	var wait sync.WaitGroup
	for i, l := range t.lanes {
		wait.Go(func() { errs[i] = f(i, l) })
	}
	wait.Wait()
	return cmp.Or(errs...)
}

// A lane is a device of a training, with its own network and tape.
type lane struct {
	model     *Model
	tape      *tape.Tape
	network   *network
	plan      plan
	pass      *pass
	variables map[string]*Variable

	embeddings embeddings // summed over the photos
	scratch    []float32
	transposed []float32

	objective Objective
	branches  int // that the current pass has run
	source    *rand.PCG
	random    *rand.Rand
}

// embeddings are gradients of parameters that the host prepares for a pass.
type embeddings struct{ position, extra, classes []float32 }

func newLane(m *Model, d compute.Differentiable, variables map[string]*Variable) (*lane, error) {
	l := &lane{model: m, tape: tape.New(d), variables: variables, source: new(rand.PCG)}
	l.random = rand.New(l.source)
	l.tape.Random, l.tape.Branch, l.tape.AttentionDropout = l.random, l.regularise, l.attentionDropout
	var err error
	if l.network, err = newNetwork(m, l.tape); err != nil {
		return nil, err
	}
	l.embeddings.position = make([]float32, len(l.network.position))
	l.embeddings.extra = make([]float32, len(l.network.extra))
	if l.network.mask != nil {
		l.embeddings.classes = make([]float32, len(l.network.mask.classes))
	}
	return l, nil
}

// update uploads the values of the model.
func (l *lane) update() {
	for _, layer := range l.network.layers {
		weight := l.model.Floats(layer.Weight)
		if layer.Weight.Role == modelfile.Projection {
			weight = l.transpose(weight, layer.Weight.Shape[0])
		}
		bias := l.model.Floats(layer.Bias)
		if layer.Bias == nil {
			bias = l.zeros(layer.on.Out())
		}
		l.tape.SetLinear(layer.on, weight, bias)
	}
	for _, v := range l.network.vectors {
		l.tape.Write(v.on, l.model.Floats(v.Parameter))
	}
	encoder := &l.model.Encoder
	n := copy(l.network.extra, l.model.Floats(encoder.ClassToken))
	copy(l.network.extra[n:], l.model.Floats(encoder.DistillationToken))
	if l.pass != nil {
		l.pass.writeEmbeddings(l.model.Architecture)
	}
}

// run computes the loss of a photo and adds its gradients to those of the lane. share
// is the weight of a pixel.
func (l *lane) run(s *Sample, o Objective, share float32) (loss Loss, err error) {
	if err := l.start(s, o); err != nil {
		return loss, err
	}
	p := l.pass
	if o.Linear != 0 {
		p.decodeLinear()
		loss.Linear = l.tape.CrossEntropy(p.scores, p.view, s.Labels, o.Linear*share) / float64(o.Linear)
	}
	if o.Mask != 0 {
		p.decodeMask()
		loss.Mask = l.tape.CrossEntropy(p.scores, p.view, s.Labels, o.Mask*share) / float64(o.Mask)
	}
	if err := l.tape.Backward(); err != nil {
		return loss, err
	}
	l.tape.Clear(tape.Gradient(p.features)) // left over if no encoder took it
	l.collectEmbeddings()
	return loss, nil
}

// start runs the encoder, or takes its features.
func (l *lane) start(s *Sample, o Objective) error {
	if err := l.prepare(planOf(l.model, s)); err != nil {
		return err
	}
	l.tape.Reset() // an error may have left a pass
	l.objective, l.branches = o, 0
	if s.Features != nil {
		l.tape.Write(l.pass.features, s.Features)
		l.branches = 2 * len(l.network.encoder)
		return nil
	}
	l.tape.WriteFrame(l.pass.frame, s.Photo.Pix)
	l.pass.encode(0)
	return nil
}

// encode sets the features of a sample.
func (l *lane) encode(s *Sample) error {
	if err := l.start(s, Objective{}); err != nil {
		return err
	}
	l.tape.Reset()
	features := l.pass.features
	s.Features = make([]float32, features.Rows()*features.Cols())
	return l.tape.Read(s.Features, features)
}

// prepare makes the pass for photos of a size.
func (l *lane) prepare(next plan) (err error) {
	if l.pass != nil && l.plan == next {
		return nil
	}
	if l.pass != nil {
		l.pass.free()
		l.tape.Trim()
	}
	l.plan = next
	l.pass, err = newPass(l.model, l.network, l.tape, next)
	return err
}

// block is the number of the block that runs, the decoder's after the encoder's. Every block
// has two branches.
func (l *lane) block() (block int, inDecoder bool) {
	return l.branches / 2, l.branches/2 >= len(l.network.encoder)
}

// attentionDropout is the tape's question about the attention of a block.
func (l *lane) attentionDropout() float32 {
	if _, inDecoder := l.block(); inDecoder {
		return l.objective.Dropout
	}
	return 0
}

// regularise is the tape's question about the next residual branch.
func (l *lane) regularise() tape.Regularisation {
	block, inDecoder := l.block()
	l.branches++
	if inDecoder {
		return tape.Regularisation{Scale: 1, Dropout: l.objective.Dropout}
	}
	rate := l.objective.DropPath * float32(block) / float32(max(len(l.network.encoder)-1, 1))
	if rate > 0 && l.random.Float32() < rate {
		return tape.Regularisation{}
	}
	return tape.Regularisation{Scale: 1 / (1 - rate)}
}

// collectEmbeddings adds the gradients of the pass's constants to those of the
// parameters.
func (l *lane) collectEmbeddings() {
	p, a, D := l.pass, l.model.Architecture, l.model.Architecture.Width
	position := l.drain(tape.Gradient(p.embedding.Position))
	addPositionGradient(l.embeddings.position[a.ExtraTokens*D:], position, a.Grid, p.view.Rows(), p.view.Cols(), D)
	// An extra token is the sum of a token and its position.
	extra := l.drain(tape.Gradient(p.extra))
	accumulate(l.embeddings.extra, extra)
	accumulate(l.embeddings.position[:len(extra)], extra)
	if l.network.mask != nil {
		l.tape.Drain(l.embeddings.classes, tape.Gradient(p.classEmbeddings))
	}
}

// collect adds the gradients of the lane's photos to the variables, and clears them.
func (l *lane) collect() {
	for _, layer := range l.network.layers {
		weight, bias := tape.LinearGradients(layer.on)
		sum := l.variables[layer.Weight.Name].Gradient
		if layer.Weight.Role == modelfile.Projection {
			accumulate(sum, l.transpose(l.drain(weight), layer.on.Out()))
		} else {
			l.tape.Drain(sum, weight)
		}
		if layer.Bias == nil {
			l.tape.Clear(bias)
		} else {
			l.tape.Drain(l.variables[layer.Bias.Name].Gradient, bias)
		}
	}
	for _, v := range l.network.vectors {
		l.tape.Drain(l.variables[v.Name].Gradient, tape.Gradient(v.on))
	}
	l.collectHost()
}

// collectHost does the same for the parameters that the host prepares.
func (l *lane) collectHost() {
	e, encoder := &l.embeddings, &l.model.Encoder
	add := func(p *modelfile.Parameter, gradient []float32) {
		accumulate(l.variables[p.Name].Gradient, gradient)
		clear(gradient)
	}
	D := l.model.Architecture.Width
	add(encoder.Position, e.position)
	add(encoder.ClassToken, e.extra[:D])
	if encoder.DistillationToken != nil {
		add(encoder.DistillationToken, e.extra[D:])
	}
	if l.model.Mask != nil {
		add(l.model.Mask.ClassEmbeddings, e.classes)
	}
}

// drain returns a gradient and clears it. The values are valid until the next call.
func (l *lane) drain(gradient compute.Tensor) []float32 {
	values := l.zeros(gradient.Rows() * gradient.Cols())
	l.tape.Drain(values, gradient)
	return values
}

// zeros returns n zeros, valid until the next call, or that of drain.
func (l *lane) zeros(n int) []float32 {
	l.scratch = slices.Grow(l.scratch[:0], n)[:n]
	clear(l.scratch)
	return l.scratch
}

// transpose returns the transpose of a matrix, valid until the next call.
func (l *lane) transpose(matrix []float32, rows int) []float32 {
	l.transposed = slices.Grow(l.transposed[:0], len(matrix))[:len(matrix)]
	cols := len(matrix) / rows
	for i, v := range matrix {
		l.transposed[i%cols*rows+i/cols] = v
	}
	return l.transposed
}

func accumulate(dst, x []float32) {
	for i, v := range x {
		dst[i] += v
	}
}

// addPositionGradient is the adjoint of [ResizePosition], without extra tokens: it adds
// the gradient of rows×cols resized embeddings to that of the grid's.
func addPositionGradient(dembedding, dresized []float32, grid, rows, cols, D int) {
	if rows == grid && cols == grid {
		accumulate(dembedding, dresized)
		return
	}
	for y := range rows {
		top, bottom, down := compute.Bilinear(y, float32(grid)/float32(rows), grid)
		for x := range cols {
			left, right, across := compute.Bilinear(x, float32(grid)/float32(cols), grid)
			gradient := dresized[(y*cols+x)*D:][:D]
			for i, v := range gradient {
				dembedding[(top*grid+left)*D+i] += v * (1 - down) * (1 - across)
				dembedding[(top*grid+right)*D+i] += v * (1 - down) * across
				dembedding[(bottom*grid+left)*D+i] += v * down * (1 - across)
				dembedding[(bottom*grid+right)*D+i] += v * down * across
			}
		}
	}
}
