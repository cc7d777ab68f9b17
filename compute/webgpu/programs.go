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

// product is the program of a linear layer.
func product(input string, int8 bool, after string) program {
	weight := "weight_float"
	if int8 {
		weight = "weight_int8"
	}
	return program{files: strings.Join([]string{"linear", after, weight, input, "numbers_float", "matmul"}, " ")}
}

// productOfBytes is the program of a linear layer whose input is quantised.
func productOfBytes(after string) program {
	return program{files: "linear " + after + " numbers_int8 matmul"}
}

// quantise is the program that quantises the input, after layer normalisation
// or as it is.
func quantise(normalised bool) program {
	if normalised {
		return program{files: "quantise_normalised row_measure quantise"}
	}
	return program{files: "quantise_rows quantise"}
}

var (
	rowStatistics = program{files: "row_measure row_statistics"}
	layerNorm     = program{files: "layer_norm"}
	l2Normalize   = program{files: "l2_normalize"}
	classify      = program{files: "classify"}
)

func attention(size int) program { return program{files: "attention", size: size} }

// usual lists the programs of a quantised model, to be compiled all at once
// and before they are needed.
func usual(a Arithmetic) []program {
	list := []program{
		product("input_patches", true, "after_add"),
		product("input_rows", false, "after_store"),
		rowStatistics, layerNorm, l2Normalize, classify, attention(64),
	}
	if a == Int8 {
		return append(list, quantise(true), quantise(false),
			productOfBytes("after_store"), productOfBytes("after_gelu"), productOfBytes("after_add"))
	}
	return append(list,
		product("input_normalised", true, "after_store"), product("input_normalised", true, "after_gelu"),
		product("input_rows", true, "after_add"), product("input_rows", true, "after_store"))
}

// programs holds those that are compiled.
type programs map[program]*gpu.Pipeline

// compile compiles programs in parallel.
func (list *programs) compile(g *gpu.Device, wanted ...program) error {
	if *list == nil {
		*list = programs{}
	}
	specs := make([]gpu.PipelineSpec, len(wanted))
	for i, p := range wanted {
		source, err := p.source()
		if err != nil {
			return err
		}
		shader, err := g.NewShader(p.files, source)
		if err != nil {
			return err
		}
		specs[i] = gpu.PipelineSpec{Label: p.files, Shader: shader, Entry: "main"}
	}
	pipelines, err := g.NewPipelines(specs)
	if err != nil {
		return err
	}
	for i, p := range wanted {
		(*list)[p] = pipelines[i]
	}
	return nil
}

// get compiles a program if it was not.
func (list *programs) get(g *gpu.Device, p program) (*gpu.Pipeline, error) {
	if (*list)[p] == nil {
		if err := list.compile(g, p); err != nil {
			return nil, err
		}
	}
	return (*list)[p], nil
}
