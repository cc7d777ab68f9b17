package pytorch

import (
	"fmt"
	"strings"

	"segmenter/modelfile/safetensors"
)

// numpyDType is the type of numpy values: its code without the byte order, such as "f8".
type numpyDType struct {
	code string
	big  bool
}

func numpyType(_ *machine, arguments Tuple) (any, error) {
	if len(arguments) > 0 {
		if code, ok := arguments[0].(string); ok {
			return &numpyDType{code: strings.TrimLeft(code, "<>|="), big: strings.HasPrefix(code, ">")}, nil
		}
	}
	return &Object{"numpy.dtype"}, nil
}

// setState reads the byte order, the second item of a type's state.
func (d *numpyDType) setState(state any) {
	if items := Sequence(state); len(items) > 1 {
		d.big = items[1] == ">"
	}
}

// numpyScalar makes a number; an [Object] of what is none.
func numpyScalar(_ *machine, arguments Tuple) (any, error) {
	if len(arguments) == 2 {
		dtype, ok1 := arguments[0].(*numpyDType)
		raw, ok2 := arguments[1].(Bytes)
		kinds := map[string]safetensors.DType{
			"f8": safetensors.F64, "f4": safetensors.F32, "f2": safetensors.F16,
			"i8": "I64", "i4": "I32", "i2": "I16", "i1": safetensors.I8, "u1": safetensors.U8, "b1": "BOOL",
		}
		if ok1 && ok2 {
			if kind := kinds[dtype.code]; kind != "" && len(raw) == kind.Size() {
				value := make([]float32, 1)
				p := []byte(raw)
				if dtype.big {
					swap(p, kind.Size())
				}
				decode(value, p, kind)
				return float64(value[0]), nil
			}
		}
	}
	return &Object{"numpy.generic"}, nil
}

// encode turns text into bytes, as protocol 2 has to write them.
func encode(m *machine, arguments Tuple) (any, error) {
	if len(arguments) == 2 && arguments[1] == "latin1" {
		if text, ok := arguments[0].(string); ok {
			const perValue = 16 // a value takes as much memory
			if err := m.count(len(text) / perValue); err != nil {
				return nil, err
			}
			p := make([]byte, 0, len(text))
			for _, r := range text {
				if r > 255 {
					return nil, fmt.Errorf("the file's pickle writes bytes with the character %q: the file is damaged", r)
				}
				p = append(p, byte(r))
			}
			return Bytes(p), nil
		}
	}
	return nil, &unknownError{"_codecs.encode with other arguments than a text and latin1"}
}
