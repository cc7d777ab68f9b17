package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"segmenter/modelfile"
	"segmenter/quant"
)

// Options say what to import of a file that leaves a choice.
type Options struct {
	// Weights is the place of a network in the file, such as "model_ema". By default it is the
	// one that the file is about.
	Weights string
	// Card overrides what the files say.
	Card modelfile.Card
}

// A Checkpoint is a network that another program saved. Its values are in its file, which must
// stay open.
type Checkpoint struct {
	Card  modelfile.Card
	Table *modelfile.Table // nil for an encoder alone
	Notes []Note           // what was inferred
	// Weights is the place of the network in the file, and Others are those of other networks
	// that Options may ask for.
	Weights string
	Others  []string
	// Progress, if it is not nil, is told after each parameter how many of all values have been
	// read. An error of it ends the import.
	Progress func(done, total int) error

	match *match
	done  int // values read
}

// Open reads a checkpoint, and variant.yml if it is among the files. It reads no values.
func Open(files []File, o Options) (*Checkpoint, error) {
	var d describer
	var weights *File
	for i, f := range files {
		if name := strings.ToLower(f.Name); strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".yaml") {
			v, err := readVariant(f)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
			}
			d.variant = v
			continue
		}
		if weights != nil {
			return nil, fmt.Errorf("%s and %s: expected one checkpoint, and the variant.yml beside it", weights.Name, f.Name)
		}
		weights = &files[i]
	}
	if weights == nil {
		return nil, errors.New("there is no checkpoint among the files: expected a .pth, .pt, .bin, .safetensors or .npz file")
	}
	c, err := d.open(*weights, o)
	if err != nil && weights.Name != "" {
		return nil, fmt.Errorf("%s: %w", weights.Name, err)
	}
	return c, err
}

func (d *describer) open(f File, o Options) (*Checkpoint, error) {
	s, err := open(f)
	if err != nil {
		return nil, err
	}
	m, others, err := s.choose(o.Weights)
	if err != nil {
		return nil, err
	}
	d.match, d.meta = m, s.meta
	if err := d.describe(f.Name); err != nil {
		return nil, err
	}
	d.stated = o.Card
	c := &Checkpoint{Weights: m.network.name, Others: others, match: m}
	if hasDecoder(m) {
		if err := d.complete(c); err != nil {
			return nil, err
		}
	}
	d.noteRest(others)
	c.Card, c.Notes = d.card, d.notes
	return c, c.checkSize()
}

// complete describes the network with its decoder.
func (d *describer) complete(c *Checkpoint) (err error) {
	if len(d.stated.Classes) == 0 {
		d.nameClasses(classCount(d.match))
	}
	d.card, c.Table, err = modelfile.DescribeTensors(d.card.Override(d.stated), d.match.tensors)
	return err
}

// classCount returns the number of classes of the first decoder; the table holds all against it.
func classCount(m *match) int {
	if o, ok := m.origins["linear.head.bias"]; ok && len(o.shape) == 1 {
		return o.shape[0]
	}
	if o, ok := m.origins["mask.cls_emb"]; ok && len(o.shape) == 3 {
		return o.shape[1]
	}
	return 0
}

// noteRest says what else the file holds.
func (d *describer) noteRest(others []string) {
	if len(others) > 0 {
		used := d.match.network.name
		d.note(NoteOthers, map[string]string{"used": used, "others": strings.Join(others, ", ")},
			"the file holds several networks: %q was taken, and %q can be asked for", used, others)
	}
	if n := len(d.match.ignored); n > 0 {
		example := d.match.ignored[0]
		d.note(NoteIgnored, map[string]string{"count": strconv.Itoa(n), "example": example},
			"%d other tensors of the network, such as %q, are no part of a Segmenter and were left out", n, example)
	}
}

// checkSize fails if the parameters have more values than the file, as many views of one
// storage would.
func (c *Checkpoint) checkSize() error {
	parameters, stored := int64(0), int64(0)
	seen := make(map[any]bool)
	for _, o := range c.match.origins {
		for _, part := range o.parts {
			parameters += int64(product(part.Shape()))
			if t, ok := part.(interface{ Storage() (any, int64) }); ok {
				if identity, elements := t.Storage(); !seen[identity] {
					seen[identity] = true
					stored += elements
				}
			} else {
				stored += int64(product(part.Shape()))
			}
		}
	}
	if parameters > 2*stored {
		return fmt.Errorf("the network's parameters have %d values, but what they share in the file has only %d: the file is damaged", parameters, stored)
	}
	return nil
}

// Values returns the values of a parameter of the table, in its own shape.
func (c *Checkpoint) Values(p *modelfile.Parameter) ([]float32, error) { return c.values(p, nil) }

// values returns the values of a parameter in the given memory, or in new memory if that is too
// small.
func (c *Checkpoint) values(p *modelfile.Parameter, memory []float32) ([]float32, error) {
	o, ok := c.match.origins[p.Name]
	if !ok || !slices.Equal(o.shape, p.Shape) {
		return nil, fmt.Errorf("%q is %v, expected %v: it is not a vision transformer of this kind", p.Name, o.shape, p.Shape)
	}
	values, err := o.floats(memory)
	if err == nil && c.Progress != nil {
		c.done += len(values)
		err = c.Progress(c.done, c.Parameters())
	}
	return values, err
}

// inTurn returns Values for one parameter after the other: all use the same memory.
func (c *Checkpoint) inTurn() modelfile.Values {
	var memory []float32
	return func(p *modelfile.Parameter) (values []float32, err error) {
		values, err = c.values(p, memory)
		if len(values) > cap(memory) {
			memory = values
		}
		return values, err
	}
}

// Parameters returns the number of values of all parameters.
func (c *Checkpoint) Parameters() (n int) {
	for _, o := range c.match.origins {
		n += product(o.shape)
	}
	return n
}

var errEncoder = errors.New("the file holds an encoder without a decoder, which finds no classes: train one on it with segment train -from")

// Write writes the network as a model file of floats.
func (c *Checkpoint) Write(dst io.Writer) error {
	if c.Table == nil {
		return errEncoder
	}
	c.done = 0
	return modelfile.Write(dst, c.Card, c.Table, c.inTurn())
}

// Quantise writes the network as a model file of bytes.
func (c *Checkpoint) Quantise(dst io.Writer, plan quant.Plan) (modelfile.Report, error) {
	if c.Table == nil {
		return modelfile.Report{}, errEncoder
	}
	c.done = 0
	return modelfile.Quantise(dst, c.Card, c.Table, c.inTurn(), plan)
}

// Model reads the network into memory.
func (c *Checkpoint) Model() (*modelfile.Model, error) {
	if c.Table == nil {
		return nil, errEncoder
	}
	c.done = 0
	return modelfile.New(c.Card, c.Table.Decoders(), c.Values)
}
