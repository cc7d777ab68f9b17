//go:build js

package webgpu

import (
	"embed"
	"fmt"
	"strings"

	"segmenter/compute/webgpu/gpu"
)

//go:embed shaders/*.wgsl
var shaders embed.FS

// program is a shader: files that are put together, after constants.
type program struct {
	files string // names without .wgsl, separated by spaces
	size  int    // SIZE of attention, 0 elsewhere
}

func (p program) source() (string, error) {
	var text strings.Builder
	if p.size > 0 {
		fmt.Fprintf(&text, "const SIZE = %du;\n", p.size)
	}
	for name := range strings.FieldsSeq(p.files) {
		part, err := shaders.ReadFile("shaders/" + name + ".wgsl")
		if err != nil {
			return "", err
		}
		text.Write(part)
	}
	return text.String(), nil
}

// list is a program of these files.
func list(files ...string) program { return program{files: strings.Join(files, " ")} }

var (
	patches      = list("patches")
	arrangeRows  = list("arrange")
	layerNorm    = list("rows", "normalise", "layer_norm")
	l2Normalize  = list("rows", "l2_normalize")
	quantiseRows = list("rows", "as_it_is", "quantise")
	// of rows after layer normalisation:
	quantiseNormalised = list("rows", "normalise", "quantise")
	classify           = list("classify")
	count              = list("count")
	resizeColumns      = list("resize_columns")
	resizeRows         = list("resize_rows")
)

// product is a linear layer of float32 with weights in float32 or int8.
func product(int8 bool, after string) program {
	if int8 {
		return list("linear", after, "numbers_mixed", "matmul")
	}
	return list("linear", after, "numbers_float", "matmul")
}

func attention(size int) program {
	return program{files: "attention_float attention", size: size}
}

// productOfBytes is a linear layer whose input is quantised.
func (p *programs) productOfBytes(after string) program {
	return list("linear", after, p.bytes(), "numbers_int8", "matmul")
}

// attentionOfBytes is attention whose input is quantised.
func (p *programs) attentionOfBytes(size int) program {
	return program{files: p.bytes() + " attention_int8 attention", size: size}
}

func (p *programs) bytes() string {
	if p.packed {
		return "bytes_packed"
	}
	return "bytes_expanded"
}

// usual lists the programs of a quantised model, to be compiled all at once
// and before they are needed.
func (p *programs) usual(a Arithmetic) []program {
	always := []program{
		patches, product(true, "after_add"), layerNorm, l2Normalize, arrangeRows, product(false, "after_store"), classify,
	}
	if a == Int8 {
		return append(always, quantiseNormalised, quantiseRows, p.attentionOfBytes(64),
			p.productOfBytes("after_store"), p.productOfBytes("after_gelu"), p.productOfBytes("after_add"))
	}
	return append(always, attention(64), product(true, "after_store"), product(true, "after_gelu"))
}

// programs holds those that are compiled.
type programs struct {
	packed   bool // products of bytes are computed by dot4I8Packed
	compiled map[program]*gpu.Pipeline
}

// compile compiles programs in parallel.
func (p *programs) compile(g *gpu.Device, wanted ...program) error {
	if p.compiled == nil {
		p.compiled = map[program]*gpu.Pipeline{}
	}
	specs := make([]gpu.PipelineSpec, len(wanted))
	for i, w := range wanted {
		source, err := w.source()
		if err != nil {
			return err
		}
		shader, err := g.NewShader(w.files, source)
		if err != nil {
			return err
		}
		specs[i] = gpu.PipelineSpec{Label: w.files, Shader: shader, Entry: "main"}
	}
	pipelines, err := g.NewPipelines(specs)
	if err != nil {
		return err
	}
	for i, w := range wanted {
		p.compiled[w] = pipelines[i]
	}
	return nil
}

// get compiles a program if it was not.
func (p *programs) get(g *gpu.Device, wanted program) (*gpu.Pipeline, error) {
	if p.compiled[wanted] == nil {
		if err := p.compile(g, wanted); err != nil {
			return nil, err
		}
	}
	return p.compiled[wanted], nil
}
