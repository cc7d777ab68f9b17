package pytorch

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"segmenter/modelfile/safetensors"
)

// A constructor is what a pickle may name. It makes a value of arguments; nothing of it has
// an effect outside of this package.
type constructor struct {
	name  string
	make  func(m *machine, arguments Tuple) (any, error)
	dtype safetensors.DType // of a storage, or a data type
}

// storages and dtypes by PyTorch's names of them. Those without a type can stand in a file,
// but not in a network.
var (
	storages = map[string]safetensors.DType{
		"FloatStorage": safetensors.F32, "HalfStorage": safetensors.F16, "BFloat16Storage": safetensors.BF16, "DoubleStorage": safetensors.F64,
		"LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": safetensors.I8, "ByteStorage": safetensors.U8, "BoolStorage": "BOOL",
		"UntypedStorage": safetensors.U8, "ComplexFloatStorage": "C64",
	}
	dtypes = map[string]safetensors.DType{
		"float32": safetensors.F32, "float": safetensors.F32, "float16": safetensors.F16, "half": safetensors.F16,
		"bfloat16": safetensors.BF16, "float64": safetensors.F64, "double": safetensors.F64,
		"int64": "I64", "long": "I64", "int32": "I32", "int": "I32", "int16": "I16", "short": "I16",
		"int8": safetensors.I8, "uint8": safetensors.U8, "bool": "BOOL", "complex64": "C64",
	}
)

// functions are the constructors that make something other than an [Object].
var functions = map[string]func(*machine, Tuple) (any, error){
	"collections.OrderedDict": makeDict,
	"collections.defaultdict": func(*machine, Tuple) (any, error) { return new(Dict), nil },
	"collections.Counter":     makeDict,
	"builtins.dict":           makeDict,
	"builtins.list":           makeList,
	"builtins.set":            makeList,
	"builtins.frozenset":      makeList,
	"builtins.tuple":          makeTuple,
	"torch.Size":              makeTuple,
	"builtins.getattr":        attribute,

	"torch._utils._rebuild_tensor":               rebuildTensor,
	"torch._utils._rebuild_tensor_v2":            rebuildTensor,
	"torch._utils._rebuild_tensor_v3":            rebuildTyped,
	"torch._utils._rebuild_parameter":            first,
	"torch._utils._rebuild_parameter_with_state": first,
	"torch._tensor._rebuild_from_type_v2":        rebuildFromType,
	"torch.nn.parameter.Parameter":               first,
	"numpy.core.multiarray.scalar":               numpyScalar,
	"numpy._core.multiarray.scalar":              numpyScalar,
	"numpy.core.multiarray._reconstruct":         object("numpy.ndarray"),
	"numpy._core.multiarray._reconstruct":        object("numpy.ndarray"),
	"numpy._core.numeric._frombuffer":            object("numpy.ndarray"),
	"numpy.core.numeric._frombuffer":             object("numpy.ndarray"),
	"numpy.dtype":                                numpyType,
	"_codecs.encode":                             encode,
	"copyreg._reconstructor":                     reconstruct,
}

// records are classes whose objects stand in the files of trainings, beside the network.
var records = []string{
	"argparse.Namespace", "types.SimpleNamespace",
	"builtins.bool", "builtins.bytearray", "builtins.bytes", "builtins.complex", "builtins.float", "builtins.int",
	"builtins.object", "builtins.range", "builtins.slice", "builtins.str",
	"datetime.date", "datetime.datetime", "datetime.timedelta", "datetime.timezone",
	"numpy.ndarray", "numpy.bool_", "numpy.float16", "numpy.float32", "numpy.float64",
	"numpy.int32", "numpy.int64", "numpy.uint8", "numpy.str_",
	"pathlib.Path", "pathlib.PosixPath", "pathlib.PurePosixPath", "pathlib.PureWindowsPath", "pathlib.WindowsPath",
	"pathlib._local.PosixPath", "pathlib._local.WindowsPath",
	"torch.Tensor", "torch.device",
	"addict.addict.Dict", "mmcv.utils.config.ConfigDict", "mmengine.config.config.ConfigDict",
	"mmengine.logging.history_buffer.HistoryBuffer",
	"lightning_fabric.utilities.data.AttributeDict", "lightning.fabric.utilities.data.AttributeDict",
	"pytorch_lightning.utilities.parsing.AttributeDict",
}

// modules are older names of Python's modules.
var modules = map[string]string{"__builtin__": "builtins", "copy_reg": "copyreg"}

// lookup returns the constructor of that name, or refuses it.
func lookup(module, name string) (*constructor, error) {
	if newer, ok := modules[module]; ok {
		module = newer
	}
	full := module + "." + name
	if make, ok := functions[full]; ok {
		return &constructor{name: full, make: make}, nil
	}
	if slices.Contains(records, full) || module == "numpy.dtypes" {
		return &constructor{name: full, make: object(full)}, nil
	}
	if module == "torch" || module == "torch.cuda" || module == "torch.storage" {
		if dtype, ok := storages[strings.TrimPrefix(name, "_")]; ok {
			return &constructor{name: full, dtype: dtype, make: object(full)}, nil
		}
	}
	if dtype, ok := dtypes[name]; ok && module == "torch" {
		return &constructor{name: full, dtype: dtype, make: object(full)}, nil
	}
	return nil, &unknownError{full}
}

// unknownError refuses a constructor.
type unknownError struct{ name string }

func (e *unknownError) Error() string {
	return fmt.Sprintf("the file asks Python to run %.100q, which no network's weights need: it was not run and the file is refused. If you trust its source, load it in Python and save the network's state_dict alone", e.name)
}

func object(class string) func(*machine, Tuple) (any, error) {
	return func(*machine, Tuple) (any, error) { return &Object{class}, nil }
}

func first(_ *machine, arguments Tuple) (any, error) {
	if len(arguments) == 0 {
		return &Object{"torch.nn.parameter.Parameter"}, nil
	}
	return arguments[0], nil
}

// makeDict makes a dictionary, of pairs if there are any.
func makeDict(m *machine, arguments Tuple) (any, error) {
	pairs, err := m.copied(arguments)
	if err != nil {
		return nil, err
	}
	d := new(Dict)
	for _, pair := range pairs {
		kv := Sequence(pair)
		if len(kv) != 2 {
			return nil, errors.New("the file's pickle makes a dictionary of entries without a key and a value: the file is damaged")
		}
		d.set(kv[0], kv[1])
	}
	return d, nil
}

func makeList(m *machine, arguments Tuple) (any, error) {
	items, err := m.copied(arguments)
	return &List{items}, err
}

func makeTuple(m *machine, arguments Tuple) (any, error) {
	items, err := m.copied(arguments)
	return Tuple(items), err
}

// copied returns a copy of the items of the first argument, which counts like as many values:
// a few bytes of a pickle can ask for the copy of a long list.
func (m *machine) copied(arguments Tuple) ([]any, error) {
	if len(arguments) == 0 {
		return nil, nil
	}
	items := Sequence(arguments[0])
	if err := m.count(len(items)); err != nil {
		return nil, err
	}
	return slices.Clone(items), nil
}

// attribute answers getattr for the classes of records only, and looks nothing up.
func attribute(_ *machine, arguments Tuple) (any, error) {
	if len(arguments) == 2 {
		if c, ok := arguments[0].(*constructor); ok && slices.Contains(records, c.name) {
			return &Object{c.name}, nil
		}
	}
	return nil, &unknownError{"builtins.getattr"}
}

// reconstruct makes an object of a class.
func reconstruct(m *machine, arguments Tuple) (any, error) {
	if len(arguments) > 0 {
		if c, ok := arguments[0].(*constructor); ok {
			return c.make(m, nil)
		}
	}
	return nil, errStack
}

// construct carries out the operations that name constructors and call them.
func (m *machine) construct(op byte) error {
	switch op {
	case opGlobal:
		module, err := m.in.line()
		if err != nil {
			return err
		}
		name, err := m.in.line()
		if err != nil {
			return err
		}
		return m.global(module, name)
	case opStackGlobal:
		name, err := m.pop()
		if err != nil {
			return err
		}
		module, err := m.pop()
		if err != nil {
			return err
		}
		moduleText, ok1 := module.(string)
		nameText, ok2 := name.(string)
		if !ok1 || !ok2 {
			return errStack
		}
		return m.global(moduleText, nameText)
	case opReduce, opNewObj:
		return m.call()
	case opNewObjEx:
		if _, err := m.pop(); err != nil { // arguments by name
			return err
		}
		return m.call()
	case opBuild:
		return m.build()
	case opBinPersID:
		return m.persistent()
	}
	return fmt.Errorf("the file's pickle has the operation %#02x, which no network's weights need: the file is refused", op)
}

func (m *machine) global(module, name string) error {
	c, err := lookup(module, name)
	if err != nil {
		return err
	}
	return m.push(c)
}

// call calls the constructor on the stack with the arguments above it.
func (m *machine) call() error {
	arguments, err := m.pop()
	if err != nil {
		return err
	}
	callee, err := m.pop()
	if err != nil {
		return err
	}
	c, ok := callee.(*constructor)
	list, ok2 := arguments.(Tuple)
	if !ok || !ok2 {
		return errStack
	}
	v, err := c.make(m, list)
	if err != nil {
		return err
	}
	return m.push(v)
}

// build gives the value on the stack its state, of which only a numpy type's counts.
func (m *machine) build() error {
	state, err := m.pop()
	if err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	switch v := v.(type) {
	case *numpyDType:
		v.setState(state)
	case *Object, *Dict, *Tensor, *List:
	default:
		return errStack
	}
	return nil
}

func (m *machine) persistent() error {
	id, err := m.pop()
	if err != nil {
		return err
	}
	tuple, ok := id.(Tuple)
	if !ok || m.storage == nil {
		return errors.New("the file's pickle refers to something outside of it: the file is damaged, or not one of PyTorch")
	}
	v, err := m.storage(tuple)
	if err != nil {
		return err
	}
	return m.push(v)
}
