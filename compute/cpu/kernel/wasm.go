//go:build goexperiment.simd && wasm

package kernel

import (
	_ "embed"
	"math"
	"slices"
	"unsafe"
)

// In WebAssembly the kernels are the module of module.go. This program imports
// web/library/kernel.js: install makes it instantiate the module in this program's
// memory, and it passes the other calls on to the instance. Those take bare
// pointers, so the functions here check the ends of slices.

// The modules are assembled at build time: until a browser has optimised this
// program, assembling takes a second.
//
//go:embed relaxed.wasm
var relaxed []byte

//go:embed plain.wasm
var plain []byte

// isRelaxed says which is installed. The plain module has one kernel for each product.
var isRelaxed bool

func init() {
	isRelaxed = installed(relaxed, matmulWasm, matmulPairsWasm)
	products.isOver = !isRelaxed
	if !isRelaxed && !installed(plain, matmulWasm) {
		panic("kernel: this WebAssembly engine refuses the kernels or computes wrong sums: expected one with SIMD, which the whole program needs")
	}
}

// installed installs a module and tests its instructions for bytes on a product: browsers had
// wrong versions of relaxed SIMD, behind flags, while it was a proposal.
func installed(module []byte, products ...matMulWasm) bool {
	if install(unsafe.Pointer(&module[0]), int32(len(module))) == 0 {
		return false
	}
	const rows = TileRows
	got, want, info := make([]float32, rows*Group), make([]float32, rows*Group), make([]Row, rows)
	inputs, weights := make([]byte, rows*Unit), make([]int8, Group*Unit)
	for i := range inputs {
		inputs[i] = byte(127 - i)
	}
	for i := range weights {
		weights[i] = int8(i - 127)
	}
	panels := make([]byte, Group/PanelWidth*PanelBytes(Unit))
	PackPanels(panels, weights, Unit, Unit)
	for r := range info {
		info[r] = Row{Offset: int32(-r), Scale: 1}
		for o := range Group {
			SetScale(panels[o/PanelWidth*PanelBytes(Unit):], o%PanelWidth, 1, 0)
		}
	}
	plainMatMul(want, Group, inputs, Unit, info, panels, Unit, false)
	for _, multiply := range products {
		clear(got)
		matMulBy(multiply, got, Group, inputs, Unit, info, panels, Unit, false)
		if !slices.Equal(got, want) {
			return false
		}
	}
	return true
}

//go:wasmimport kernel install
func install(module unsafe.Pointer, size int32) int32

//go:wasmimport kernel matmul
func matmulWasm(c unsafe.Pointer, ldc int32, a unsafe.Pointer, lda, tiles int32, info, panels unsafe.Pointer, count, steps, add int32)

//go:wasmimport kernel matmulPairs
func matmulPairsWasm(c unsafe.Pointer, ldc int32, a unsafe.Pointer, lda, tiles int32, info, panels unsafe.Pointer, count, steps, add int32)

//go:wasmimport kernel attendPairs
func attendPairsWasm(sums unsafe.Pointer, width int32, weights unsafe.Pointer, ldw, tiles int32, blend, values unsafe.Pointer, count, steps int32)

//go:wasmimport kernel matmulNarrow
func matmulNarrowWasm(c unsafe.Pointer, ldc int32, a unsafe.Pointer, lda, tiles int32, info, panels unsafe.Pointer, count, parts, add, run int32)

//go:wasmimport kernel attend
func attendWasm(sums unsafe.Pointer, width int32, weights unsafe.Pointer, ldw, tiles int32, blend, values unsafe.Pointer, count, steps int32)

//go:wasmimport kernel softmax
func softmaxWasm(weights unsafe.Pointer, ldw int32, scores unsafe.Pointer, lds int32, inverse unsafe.Pointer, steps, rows int32, state, blend unsafe.Pointer)

//go:wasmimport kernel normalise
func normaliseWasm(dst, x unsafe.Pointer, rows, steps int32, inverse uint32, weight, bias unsafe.Pointer, eps uint32)

//go:wasmimport kernel quantise
func quantiseWasm(dst unsafe.Pointer, ldd int32, x unsafe.Pointer, ldx, steps, rows int32, info unsafe.Pointer)

//go:wasmimport kernel quantiseSigned
func quantiseSignedWasm(dst unsafe.Pointer, ldd int32, x unsafe.Pointer, ldx, steps, rows int32, scales unsafe.Pointer)

//go:wasmimport kernel packPanels
func packPanelsWasm(panels unsafe.Pointer, panelBytes int32, keys unsafe.Pointer, ldk, steps int32)

//go:wasmimport kernel packValues
func packValuesWasm(dst, values unsafe.Pointer, ldv, steps int32)

//go:wasmimport kernel sumUnits
func sumUnitsWasm(sums, weights unsafe.Pointer, units int32)

//go:wasmimport kernel gelu
func geluWasm(x unsafe.Pointer, steps int32)

// Fast reports whether products of bytes are faster than those of floats.
func Fast() bool { return true }

// start returns a pointer to s, and panics if s has less than n elements.
func start[T any](s []T, n int) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s[:n])) }

// MatMul: see plainMatMul.
func MatMul(c []float32, ldc int, a []byte, lda int, info []Row, panels []byte, inputs, run int, add bool) {
	if run == 0 {
		multiply := matmulWasm
		if products.isPairs {
			multiply = matmulPairsWasm
		}
		matMulBy(multiply, c, ldc, a, lda, info, panels, inputs, add)
		return
	}
	products.begin() // linear layers are alike enough to be compared
	if products.isPairs {
		matMulNarrow(c, ldc, a, lda, info, panels, inputs, run, add)
	} else {
		matMulBy(matmulWasm, c, ldc, a, lda, info, panels, inputs, add)
	}
	products.done(len(info) * len(panels))
}

type matMulWasm = func(c unsafe.Pointer, ldc int32, a unsafe.Pointer, lda, tiles int32, info, panels unsafe.Pointer, count, steps, add int32)

func matMulBy(multiply matMulWasm, c []float32, ldc int, a []byte, lda int, info []Row, panels []byte, inputs int, add bool) {
	rows, count := len(info), len(panels)/PanelBytes(inputs)
	if rows == 0 || count == 0 {
		return
	}
	multiply(
		start(c, (rows-1)*ldc+count*PanelWidth), int32(4*ldc), start(a, (rows-1)*lda+inputs), int32(lda), int32(rows/TileRows),
		start(info, rows), start(panels, count*PanelBytes(inputs)), int32(count), int32(inputs/Unit), mask(add))
}

func matMulNarrow(c []float32, ldc int, a []byte, lda int, info []Row, panels []byte, inputs, run int, add bool) {
	narrow := func(c unsafe.Pointer, ldc int32, a unsafe.Pointer, lda, tiles int32, info, panels unsafe.Pointer, count, steps, add int32) {
		matmulNarrowWasm(c, ldc, a, lda, tiles, info, panels, count, int32(inputs/run), add, int32(run/Unit))
	}
	matMulBy(narrow, c, ldc, a, lda, info, panels, inputs, add)
}

// mask has all bits set if b.
func mask(b bool) int32 {
	if b {
		return -1
	}
	return 0
}

// Attend: see plainAttend.
func Attend(sums []float32, width int, weights []byte, ldw int, blend []Blend, values []byte, keys int) {
	attendBy(products.isPairs, sums, width, weights, ldw, blend, values, keys)
}

func attendBy(pairs bool, sums []float32, width int, weights []byte, ldw int, blend []Blend, values []byte, keys int) {
	rows := len(blend)
	if rows == 0 {
		return
	}
	attend := attendWasm
	if pairs {
		attend = attendPairsWasm
	}
	attend(
		start(sums, rows*width), int32(4*width), start(weights, (rows-1)*ldw+keys), int32(ldw), int32(rows/TileRows),
		start(blend, rows), start(values, keys*width), int32(width/PanelWidth), int32(keys/Unit))
}

// Softmax: see plainSoftmax.
func Softmax(weights []byte, ldw int, scores []float32, lds int, inverse []float32, n int, state []SoftmaxState, blend []Blend) {
	rows := len(state)
	if rows == 0 {
		return
	}
	softmaxWasm(
		start(weights, (rows-1)*ldw+n), int32(ldw), start(scores, (rows-1)*lds+n), int32(4*lds),
		start(inverse, n), int32(n/Unit), int32(rows), start(state, rows), start(blend, rows))
}

// Normalise: see plainNormalise.
func Normalise(dst, x, weight, bias []float32, eps float32) {
	n := len(weight)
	rows := len(x) / n
	if n%Unit != 0 {
		plainNormalise(dst, x, weight, bias, eps)
		return
	}
	if rows > 0 {
		normaliseWasm(
			start(dst, rows*n), start(x, rows*n), int32(rows), int32(n/Unit), math.Float32bits(1/float32(n)),
			start(weight, n), start(bias, n), math.Float32bits(eps))
	}
}

// Quantise: see plainQuantise.
func Quantise(dst []byte, ldd int, x []float32, ldx, n int, info []Row) {
	rows := len(info)
	if n%Unit != 0 {
		plainQuantise(dst, ldd, x, ldx, n, info)
		return
	}
	if rows > 0 {
		quantiseWasm(
			start(dst, (rows-1)*ldd+n), int32(ldd), start(x, (rows-1)*ldx+n), int32(4*ldx),
			int32(n/Unit), int32(rows), start(info, rows))
	}
}

// QuantiseSigned: see plainQuantiseSigned.
func QuantiseSigned(dst []int8, ldd int, x []float32, ldx, n int, scales []float32) {
	rows := len(scales)
	if n%Unit != 0 {
		plainQuantiseSigned(dst, ldd, x, ldx, n, scales)
		return
	}
	if rows > 0 {
		quantiseSignedWasm(
			start(dst, (rows-1)*ldd+n), int32(ldd), start(x, (rows-1)*ldx+n), int32(4*ldx),
			int32(n/Unit), int32(rows), start(scales, rows))
	}
}

// PackPanels: see plainPackPanels.
func PackPanels(panels []byte, keys []int8, ldk, inputs int) {
	packPanelsWasm(
		start(panels, Group/PanelWidth*PanelBytes(inputs)), int32(PanelBytes(inputs)),
		start(keys, (Group-1)*ldk+inputs), int32(ldk), int32(inputs/Unit))
}

// sumUnitsOf: see plainSumUnits.
func sumUnitsOf(sums []unitSums, weights []byte) {
	sumUnitsWasm(start(sums, len(sums)), start(weights, len(sums)*PanelWidth*Unit), int32(len(sums)))
}

// PackValues: see plainPackValues.
func PackValues(dst []byte, values []int8, ldv, width int) {
	if width%Unit != 0 {
		plainPackValues(dst, values, ldv, width)
		return
	}
	packValuesWasm(start(dst, Group*width), start(values, (Group-1)*ldv+width), int32(ldv), int32(width/Unit))
}

// GELU: see plainGELU.
func GELU(x []float32) {
	whole := len(x) / Unit * Unit
	if whole > 0 {
		geluWasm(start(x, whole), int32(whole/Unit))
	}
	plainGELU(x[whole:])
}
