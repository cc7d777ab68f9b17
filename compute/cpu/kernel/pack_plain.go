//go:build !(goexperiment.simd && wasm)

package kernel

// PackKeys: see plainPackKeys.
func PackKeys(panels []byte, keys []int8, ldk, inputs int) { plainPackKeys(panels, keys, ldk, inputs) }

// PackValues: see plainPackValues.
func PackValues(dst []byte, values []int8, ldv, width int) { plainPackValues(dst, values, ldv, width) }
