// Package kernel has the innermost loops of the CPU device on 8-bit integers.
//
// Values are quantised row by row (a row is a token): a byte of 0 to 127 stands
// for (byte + Offset)·Scale. Weights, keys and values have signed bytes of −127 to
// 127, and a scale for each output. Products are summed exactly, in int32;
// everything before and after is float32. Inputs have seven bits because the dot
// product of WebAssembly's relaxed SIMD is reliable on every CPU only with seven.
//
// The loops exist three times. plain.go defines what they compute. amd64.go has
// the matrix products for AVX2, and rows_simd.go the other loops natively. In
// WebAssembly the loops are a module of their own, because Go's compiler has no
// relaxed SIMD (module.go, assembled by assemble.go).
package kernel

import (
	"math"
	"unsafe"
)

const (
	// A product keeps a tile of TileRows × PanelWidth in registers: 6 rows × 2
	// vectors of 4 sums, 2 vectors of weights and 1 of inputs fill the 15
	// registers that WebAssembly engines have on amd64.
	TileRows   = 6
	PanelWidth = 8
	// The inputs of a product are padded to a multiple of Unit: four steps of
	// the loop, of four bytes each.
	Unit = 16
)

// Row says how a row was quantised: value = (byte + Offset)·Scale.
type Row struct {
	Offset int32
	Scale  float32
}

// A panel packs PanelWidth outputs: the sums of their weights, their scales, their
// biases, then the weights, [inputs/4][PanelWidth][4].
const panelHeader = 3 * 4 * PanelWidth

// PanelBytes returns the size of a panel. inputs is a multiple of Unit.
func PanelBytes(inputs int) int { return panelHeader + PanelWidth*inputs }

// SetScale sets the scale and the bias of output i of a panel.
func SetScale(panel []byte, i int, scale, bias float32) {
	words := Words(panel[:panelHeader])
	words[PanelWidth+i] = math.Float32bits(scale)
	words[2*PanelWidth+i] = math.Float32bits(bias)
}

// Blend says how a row's sums of one block of keys are added to those of the
// blocks before: sum = sum·Shrink + new·Factor.
type Blend struct{ Shrink, Factor float32 }

// SoftmaxState is the state of a row's softmax so far: the highest score (base 2)
// and the sum of the weights 127·2^(score − highest).
type SoftmaxState struct{ Highest, Weight float32 }

// Lowest is a score below all others.
const Lowest = -1e30

// Words reinterprets bytes, aligned to 4, as 32-bit words.
func Words(b []byte) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
}

// 2^x for −½ ≤ x ≤ ½, minimax. The relative error is below 1.8e-3: at most a fifth
// of a step between two bytes.
const (
	exp0 = 1.0004431438677108
	exp1 = 0.7034480369725679
	exp2 = 0.23842894211699056
)

// log₂(1 + x) for 0 ≤ x ≤ 1, minimax, with an error below 1.3e-5.
const (
	log0 = 1.2538482291157838e-05
	log1 = 1.441684561714839
	log2 = -0.7079926735403133
	log3 = 0.41363016071140024
	log4 = -0.19219566616799721
	log5 = 0.04487361730599737
)

// Log2 returns log₂(x) for a normal x > 0, with an error below 2e-5.
func Log2(x float32) float32 {
	bits := math.Float32bits(x)
	exponent := int32(bits>>23) - 127
	m := math.Float32frombits(bits&(1<<23-1)|127<<23) - 1
	return float32(exponent) + ((((log5*m+log4)*m+log3)*m+log2)*m+log1)*m + log0
}

// Φ(x) − ½ = x·(phi0 + phi1·x² + … + phi6·x¹²) for |x| ≤ phiEnd, minimax for
// the error of x·Φ(x), which is below 1.2e-4 there. Beyond phiEnd, Φ keeps its
// value there, 4.4e-5 from 1.
const (
	phiEnd = 3.8
	phi0   = 0.39825666150387296
	phi1   = -0.06513269226065117
	phi2   = 0.009045744680249584
	phi3   = -0.0008744287356709433
	phi4   = 5.462234150894861e-05
	phi5   = -1.956963828696548e-06
	phi6   = 3.025378469967421e-08
)

// Group is the number of outputs, or keys, packed at a time.
const Group = 2 * PanelWidth

// Adding magic to a float32 of magnitude up to 2²² rounds it to an integer, and
// leaves the integer in the low bits.
const magic = 3 << 22
