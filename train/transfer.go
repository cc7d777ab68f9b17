package train

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"segmenter/checkpoint"
	"segmenter/modelfile"
	"segmenter/modelfile/safetensors"
)

// decoderDepth is the number of blocks of a new mask transformer, as in the paper.
const decoderDepth = 2

// Transfer returns a float model with other classes and both decoders. It takes the values of
// from; those of classes that from lacks by name, and of a decoder that it lacks, are
// initial ones. Weights of int8 are expanded.
func Transfer(from *modelfile.Model, card modelfile.Card, random *rand.Rand) (*modelfile.Model, error) {
	card.Architecture = from.Architecture
	if from.Mask == nil {
		card.Architecture.DecoderDepth = decoderDepth
	}
	sources := make([]int, len(card.Classes)) // of each class, its id in from, or −1
	for id, c := range card.Classes {
		sources[id] = slices.IndexFunc(from.Classes, func(f modelfile.Class) bool { return f.Name == c.Name })
	}
	perClass := classParameters(from.Table)
	return modelfile.New(card, []modelfile.Decoder{modelfile.Mask, modelfile.Linear}, func(p *modelfile.Parameter) ([]float32, error) {
		old := from.Lookup(p.Name)
		switch {
		case old == nil:
			return Initialise(p, random), nil
		case !slices.Contains(perClass, old):
			return floats(from, old), nil
		}
		values, known := Initialise(p, random), floats(from, old)
		n := len(values) / len(sources) // values of a class
		for id, source := range sources {
			if source >= 0 {
				copy(values[id*n:][:n], known[source*n:])
			}
		}
		return values, nil
	})
}

// classParameters lists the parameters that hold as many values for each class.
func classParameters(t *modelfile.Table) (list []*modelfile.Parameter) {
	if t.Linear != nil {
		list = append(list, t.Linear.Weight, t.Linear.Bias)
	}
	if t.Mask != nil {
		list = append(list, t.Mask.ClassEmbeddings, t.Mask.ScoreNorm.Gain, t.Mask.ScoreNorm.Bias)
	}
	return list
}

// floats returns a copy of the values of a parameter, expanded if they are int8.
func floats(m *modelfile.Model, p *modelfile.Parameter) []float32 {
	if values := m.Floats(p); values != nil {
		return slices.Clone(values)
	}
	matrix := m.Matrix(p)
	values := make([]float32, len(matrix.Int8))
	for i, q := range matrix.Int8 {
		values[i] = float32(q) * matrix.Scale[i/matrix.In]
	}
	if p.Role == modelfile.Projection {
		return modelfile.Transpose(values, matrix.Out)
	}
	return values
}

// Start is what a training starts from: a model, or an encoder that [Encoder.NewDecoders]
// completes.
type Start struct {
	Model   *modelfile.Model
	Encoder *Encoder
	Notes   []checkpoint.Note // what the file did not state
}

// OpenStart opens a model file of Segmenter, or what package checkpoint reads: another program's
// Segmenter, or a vision transformer alone.
func OpenStart(path string) (s Start, err error) {
	f, err := os.Open(path)
	if err != nil {
		return s, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return s, err
	}
	isModel, err := isModelFile(f)
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	if isModel {
		s.Model, err = modelfile.Open(path)
		return s, err
	}
	c, err := checkpoint.Open([]checkpoint.File{{Name: filepath.Base(path), Size: info.Size(), ReaderAt: f}}, checkpoint.Options{})
	if err != nil {
		return s, err
	}
	s.Notes = c.Notes
	if c.Table != nil {
		s.Model, err = c.Model()
	} else {
		s.Encoder, err = readEncoder(c)
	}
	return s, err
}

// isModelFile reports whether a file is a safetensors file with a decoder by the names of the table.
func isModelFile(f *os.File) (bool, error) {
	var head [9]byte
	if n, err := f.ReadAt(head[:], 0); n < len(head) || head[8] != '{' {
		return false, readError(err)
	}
	r, err := safetensors.NewReader(bufio.NewReader(f))
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(r.Tensors(), func(t safetensors.Tensor) bool {
		return t.Name == "linear.head.weight" || t.Name == "mask.cls_emb"
	}), nil
}

// readError returns an error other than the end of the file.
func readError(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// An Encoder is a vision transformer alone, with the names of the table.
type Encoder struct {
	card   modelfile.Card // its architecture and normalisation
	values map[string][]float32
}

func readEncoder(c *checkpoint.Checkpoint) (*Encoder, error) {
	e := &Encoder{c.Card, make(map[string][]float32)}
	table := modelfile.NewTable(c.Card.Architecture, 0)
	for p := range table.All() {
		values, err := c.Values(p)
		if err != nil {
			return nil, err
		}
		e.values[p.Name] = values
	}
	return e, nil
}

// NewDecoders returns a model with this encoder and two untrained decoders.
func (e *Encoder) NewDecoders(card modelfile.Card, random *rand.Rand) (*modelfile.Model, error) {
	card.Architecture, card.Normalisation = e.card.Architecture, e.card.Normalisation
	card.Architecture.DecoderDepth = decoderDepth
	return modelfile.New(card, []modelfile.Decoder{modelfile.Mask, modelfile.Linear}, func(p *modelfile.Parameter) ([]float32, error) {
		if values, ok := e.values[p.Name]; ok {
			return values, nil
		}
		return Initialise(p, random), nil
	})
}
