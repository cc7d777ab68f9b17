//go:build !(goexperiment.simd && wasm)

package kernel

// PackPanels: see plainPackPanels.
func PackPanels(panels []byte, keys []int8, ldk, inputs int) {
	plainPackPanels(panels, keys, ldk, inputs)
}

// sumUnitsOf: see plainSumUnits.
func sumUnitsOf(sums []unitSums, weights []byte) { plainSumUnits(sums, weights) }

// PackValues: see plainPackValues.
func PackValues(dst []byte, values []int8, ldv, width int) { plainPackValues(dst, values, ldv, width) }
