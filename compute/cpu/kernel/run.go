package kernel

import (
	"math"
	"unsafe"
)

// Run returns how many inputs' products fit into sums of int16, for MatMul: a divisor of inputs and
// multiple of Unit, 0 if not even Unit do. Two inputs of each four have a sum of their own.
func Run(panels []byte, inputs int) int {
	size, units := PanelBytes(inputs), inputs/Unit
	sums := make([]unitSums, len(panels)/size*units) // of all panels
	for p := range len(panels) / size {
		sumUnitsOf(sums[p*units:][:units], panels[p*size+panelHeader:][:PanelWidth*inputs])
	}
	for parts := 1; parts <= units; parts++ {
		if units%parts == 0 && fit(sums, units/parts) {
			return inputs / parts
		}
	}
	return 0
}

// unitSums are sums of weights' absolute values, four in a word: of two inputs of each four, of
// PanelWidth outputs, over a Unit of inputs. They are at most 4·2·128.
type unitSums [PanelWidth / 2]uint64

// plainSumUnits sets the sums of each Unit of a panel's weights, which are aligned to 8 bytes.
func plainSumUnits(sums []unitSums, weights []byte) {
	const (
		ones  = 0x0101010101010101
		evens = 0x00ff00ff00ff00ff
	)
	words := unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(weights))), len(weights)/8)
	clear(sums)
	for i, w := range words {
		negative := w >> 7 & ones
		magnitude := (w ^ negative*0xff) + negative
		sum := &sums[i*8/(PanelWidth*Unit)]
		sum[i%len(sum)] += magnitude&evens + magnitude>>8&evens
	}
}

// fit reports whether no sum of so many units, with inputs of at most 127, can exceed an int16.
func fit(sums []unitSums, units int) bool {
	const (
		most     = math.MaxInt16 / 127
		lanes    = 0x0001000100010001
		distance = (1<<15 - 1 - most) * lanes // takes what exceeds most to the highest bit
		highest  = 1 << 15 * lanes
	)
	for ; len(sums) >= units; sums = sums[units:] {
		var total unitSums
		for _, unit := range sums[:units] {
			for i := range total {
				if total[i] += unit[i]; (total[i]+distance)&highest != 0 {
					return false
				}
			}
		}
	}
	return true
}
