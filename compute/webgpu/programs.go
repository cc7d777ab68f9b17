//go:build js

package webgpu

import (
	"embed"
	"fmt"
	"strings"

	"segmenter/compute"
	"segmenter/compute/webgpu/gpu"
)

//go:embed shaders/*.wgsl
var shaders embed.FS

// readShader reads a shader file. Tests replace it.
var readShader = shaders.ReadFile

// program is a shader: the concatenation of files, and constants.
type program struct {
	operation string // for profiles
	files     string // names without .wgsl, separated by spaces
	size      int    // SIZE of attention, 0 elsewhere
}

func (p program) source() (string, error) {
	var text strings.Builder
	for name := range strings.FieldsSeq(p.files) {
		part, err := readShader("shaders/" + name + ".wgsl")
		if err != nil {
			return "", err
		}
		text.Write(part)
	}
	if p.size > 0 {
		fmt.Fprintf(&text, "const SIZE = %du;\n", p.size)
	}
	return text.String(), nil
}

// shader returns the program of these files.
func shader(operation string, files ...string) program {
	return program{operation: operation, files: strings.Join(files, " ")}
}

var (
	patches       = shader("patches", "patches")
	arrangeRows   = shader("arrange class embeddings", "arrange")
	classify      = shader("upsample, classify", "classify")
	extend        = shader("further classes", "extend")
	look          = shader("compare with frame before", "look")
	smooth        = shader("average scores", "smooth")
	smoothPicture = shader("average picture", "smooth_picture")
	count         = shader("count areas", "count")
	resizeColumns = shader("resize columns", "resize_columns")
	resizeRows    = shader("resize rows", "resize_rows")
)

func (v variant) layerNorm() program {
	return shader("layer norm", v.rows(), "normalise", "layer_norm")
}

func (v variant) l2Normalize() program { return shader("L2 norm", v.rows(), "l2_normalize") }

func (v variant) quantise() program { return shader("quantise", v.rows(), "as_it_is", "quantise") }

// quantiseNormalised quantises rows after layer normalisation.
func (v variant) quantiseNormalised() program {
	return shader("layer norm, quantise", v.rows(), "normalise", "quantise")
}

func (v variant) rows() string {
	if v.subgroups > 0 {
		return "rows_subgroup"
	}
	return "rows"
}

// ending is the last step of a linear layer.
type ending struct{ operation, file string }

var (
	store    = ending{"linear", "after_store"}
	gelu     = ending{"linear, GELU", "after_gelu"}
	residual = ending{"linear, residual", "after_add"}
)

// product is a linear layer of float32 with weights in float32 or int8.
func product(int8 bool, end ending) program {
	if int8 {
		return shader(end.operation, "linear", end.file, "weights_int8", "numbers_mixed", "matmul")
	}
	return shader(end.operation, "linear", end.file, "numbers_float", "matmul")
}

// productOfBytes is a linear layer whose input is quantised.
func (v variant) productOfBytes(end ending) program {
	return shader(end.operation, v.bytes(), "linear", end.file, "weights_int8", "numbers_int8", "matmul")
}

func attention(size int) program {
	p := shader("attention", "attention_float", "attention")
	p.size = size
	return p
}

// attentionOfBytes is attention whose input is quantised.
func (v variant) attentionOfBytes(size int) program {
	a := shader("attention", v.bytes(), "attention_int8", "attention")
	a.size = size
	return a
}

func (v variant) bytes() string {
	switch {
	case v.packed:
		return "bytes_packed"
	case v.half:
		return "half bytes_half"
	}
	return "bytes_expanded"
}

// usual lists the programs that a quantised model needs, to compile them in
// parallel, before their first use.
func (v variant) usual(a compute.Arithmetic) []program {
	always := []program{
		patches, product(true, residual), v.layerNorm(), v.l2Normalize(), arrangeRows, product(false, store), classify,
		refineGuide, refineCells, refineFit, refineBlend, refinePaint,
	}
	if a == compute.Int8 {
		return append(always, v.quantiseNormalised(), v.quantise(), v.attentionOfBytes(64),
			v.productOfBytes(store), v.productOfBytes(gelu), v.productOfBytes(residual))
	}
	return append(always, attention(64), product(true, store), product(true, gelu))
}

// programs holds the compiled programs.
type programs map[program]*gpu.Pipeline

// compile compiles programs in parallel.
func (p programs) compile(g *gpu.Device, wanted ...program) error {
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
		p[w] = pipelines[i]
	}
	return nil
}

// get returns a program, compiled on first use.
func (p programs) get(g *gpu.Device, wanted program) (*gpu.Pipeline, error) {
	if p[wanted] == nil {
		if err := p.compile(g, wanted); err != nil {
			return nil, err
		}
	}
	return p[wanted], nil
}
