package train

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

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

// OpenModel opens a model file of Segmenter, or a vision transformer by the names of timm:
// then the model is an encoder, which [NewDecoders] completes.
func OpenModel(path string) (m *modelfile.Model, encoder Encoder, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	r, err := safetensors.NewReader(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	isToken := func(t safetensors.Tensor) bool { return t.Name == "cls_token" }
	if !slices.ContainsFunc(r.Tensors(), isToken) {
		m, err := modelfile.Open(path)
		return m, nil, err
	}
	if encoder, err = readEncoder(r); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return nil, encoder, nil
}

// An Encoder is the tensors of a vision transformer by the names of timm.
type Encoder map[string]tensor

type tensor struct {
	shape  []int
	values []float32
}

func readEncoder(r *safetensors.Reader) (Encoder, error) {
	e := Encoder{}
	for {
		t, err := r.Next()
		if err == io.EOF {
			return e, nil
		}
		if err != nil {
			return nil, err
		}
		if isClassifier(t.Name) {
			continue
		}
		values, err := r.Float32s()
		if err != nil {
			return nil, err
		}
		e[t.Name] = tensor{t.Shape, values}
	}
}

// isClassifier reports whether a tensor belongs to what comes after the encoder.
func isClassifier(name string) bool {
	return strings.HasPrefix(name, "head") || strings.HasPrefix(name, "pre_logits.")
}

// architecture infers the shape of the network. Tensors that are missing give zeros, which
// [modelfile.New] refuses.
func (e Encoder) architecture() modelfile.Architecture {
	dimension := func(name string, axis int) int {
		if shape := e[name].shape; axis < len(shape) {
			return shape[axis]
		}
		return 0
	}
	a := modelfile.Architecture{
		Width: dimension("cls_token", 2), Patch: dimension("patch_embed.proj.weight", 3),
		DecoderDepth: decoderDepth, ExtraTokens: 1,
	}
	if _, ok := e["dist_token"]; ok {
		a.ExtraTokens = 2
	}
	for dimension(fmt.Sprintf("blocks.%d.norm1.weight", a.Depth), 0) > 0 {
		a.Depth++
	}
	a.Heads = a.Width / modelfile.HeadWidth
	a.Grid = int(math.Sqrt(float64(max(0, dimension("pos_embed", 1)-a.ExtraTokens))))
	return a
}

// NewDecoders returns a model with this encoder and two untrained decoders.
func (e Encoder) NewDecoders(card modelfile.Card, random *rand.Rand) (*modelfile.Model, error) {
	card.Architecture = e.architecture()
	used := 0
	m, err := modelfile.New(card, []modelfile.Decoder{modelfile.Mask, modelfile.Linear}, func(p *modelfile.Parameter) ([]float32, error) {
		name, isEncoder := strings.CutPrefix(p.Name, "encoder.")
		if !isEncoder {
			return Initialise(p, random), nil
		}
		t, ok := e[name]
		if !ok || !slices.Equal(t.shape, p.Shape) {
			return nil, fmt.Errorf("the tensor %q is %v, expected %v: it is not a vision transformer of this kind", name, t.shape, p.Shape)
		}
		used++
		return t.values, nil
	})
	if err == nil && used < len(e) {
		return nil, fmt.Errorf("the vision transformer has %d tensors, of which this network knows %d: expected one like timm's vit_tiny_patch16_224", len(e), used)
	}
	return m, err
}
