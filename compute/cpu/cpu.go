// Package cpu is the CPU device. The same code runs natively and in WebAssembly,
// vectorised with Go 1.27's portable simd package, or as plain loops without
// GOEXPERIMENT=simd.
//
// linear.go, attention.go, normalise.go, classify.go and refine.go implement the
// operations, in two arithmetics. For bytes (linear_int8.go, attention_int8.go),
// package kernel has the innermost loops. For floats (linear_float.go,
// attention.go), they are here: kernel_simd.go has the fast ones, tile_simd.go and
// tile_wasm.go the tile of the matrix product, and kernel_scalar.go their plain
// counterparts. exchange.go moves data between ranks.
//
// A device keeps all its scratch memory, so a frame of the same shape as the one
// before allocates nothing.
package cpu

import (
	"segmenter/compute"
	"segmenter/compute/cpu/kernel"
	"segmenter/compute/internal/host"
)

// Device is one rank of a group.
type Device struct {
	host.Memory
	arithmetic compute.Arithmetic
	exchange   Exchange
	spans      []Span // that this rank fills in an exchange

	product scratch // of matmul: up to blockRows × padded outputs
	last    scratch // of matmul: the last rows, up to a tile
	input   scratch // of the linear layers: a block of normalised inputs
	hidden  scratch // of FeedForward: a block of hidden activations
	panels  scratch // of MatMulT: b, packed

	query   scratch
	scores  scratch
	sums    scratch
	queries queries

	bytes8         bytes8 // of the operations on int8: a block of inputs
	keys8, values8 signed8
	queries8       queries8

	classifier classifier
	refiner    refiner
}

// Fastest returns the faster of a and float32 on this machine: without SIMD
// kernels, a CPU multiplies bytes more slowly than floats.
func Fastest(a compute.Arithmetic) compute.Arithmetic {
	if !kernel.Fast() {
		return compute.Float32
	}
	return a
}

// New returns a group of ranks. Run each in a goroutine of its own.
func New(ranks int, a compute.Arithmetic) []compute.Device {
	if ranks == 1 {
		return []compute.Device{NewRank(0, 1, new(alone), a)}
	}
	group := newGroup(ranks)
	devices := make([]compute.Device, ranks)
	for i := range devices {
		devices[i] = NewRank(i, ranks, &member{group: group}, a)
	}
	return devices
}

// NewRank returns the index-th of count ranks, which exchange data through x.
func NewRank(index, count int, x Exchange, a compute.Arithmetic) *Device {
	return &Device{Memory: host.Memory{Index: index, Count: count}, exchange: x, arithmetic: a}
}

// scratch is a buffer that grows to the largest size requested.
type scratch []float32

// get returns n values with arbitrary contents.
func (s *scratch) get(n int) []float32 {
	if cap(*s) < n {
		*s = make([]float32, n)
	}
	return (*s)[:n]
}

// pad rounds n up to a multiple of unit.
func pad(n, unit int) int { return (n + unit - 1) / unit * unit }
