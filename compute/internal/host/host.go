// Package host keeps a device's buffers in ordinary memory. The reference and
// the CPU device share it.
package host

import (
	"fmt"

	"segmenter/compute"
)

// Matrix is a [compute.Tensor].
type Matrix struct {
	rows, cols int
	Data       []float32
}

// NewMatrix makes a rows×cols matrix of zeros.
func NewMatrix(rows, cols int) *Matrix {
	return &Matrix{rows, cols, make([]float32, rows*cols)}
}

func (m *Matrix) Rows() int { return m.rows }
func (m *Matrix) Cols() int { return m.cols }

// Row is the i-th row.
func (m *Matrix) Row(i int) []float32 { return m.Data[i*m.cols:][:m.cols:m.cols] }

// Slice is the view of the rows from (inclusive) to to (exclusive).
func (m *Matrix) Slice(from, to int) compute.Tensor {
	return &Matrix{to - from, m.cols, m.Data[from*m.cols : to*m.cols : to*m.cols]}
}

// Frame is a [compute.Frame].
type Frame struct {
	height, width int
	RGB           []byte
}

func (f *Frame) Height() int { return f.height }
func (f *Frame) Width() int  { return f.width }

// Mask is a [compute.Mask] of which a rank holds the rows First, First+1, ….
type Mask struct {
	height, width int
	First         int
	Pixels        []uint8
}

func (m *Mask) Height() int { return m.height }
func (m *Mask) Width() int  { return m.width }

// Rows is the number of rows that the rank holds.
func (m *Mask) Rows() int { return len(m.Pixels) / m.width }

// Row is the i-th of the rows that the rank holds.
func (m *Mask) Row(i int) []uint8 { return m.Pixels[i*m.width:][:m.width:m.width] }

// Memory implements the part of [compute.Device] that makes and copies
// buffers, for the Index-th of Count ranks. Everything is done at once, so
// there is nothing to wait for.
type Memory struct{ Index, Count int }

func (m Memory) Rank() (index, count int) { return m.Index, m.Count }

func (Memory) NewTensor(rows, cols int) (compute.Tensor, error) {
	return NewMatrix(rows, cols), nil
}

func (Memory) NewFrame(height, width int) (compute.Frame, error) {
	return &Frame{height: height, width: width}, nil
}

func (m Memory) NewMask(height, width int) (compute.Mask, error) {
	from, to := compute.Band(height, m.Index, m.Count, 1)
	return &Mask{height, width, from, make([]uint8, (to-from)*width)}, nil
}

func (Memory) Free(any) {}

func (Memory) Write(t compute.Tensor, values []float32) {
	dst := t.(*Matrix)
	SameLength("Write", len(dst.Data), len(values))
	copy(dst.Data, values)
}

// WriteFrame refers to rgb instead of copying it.
func (Memory) WriteFrame(f compute.Frame, rgb []byte) {
	dst := f.(*Frame)
	SameLength("WriteFrame", dst.height*dst.width*3, len(rgb))
	dst.RGB = rgb
}

func (Memory) Copy(dst, src compute.Tensor) {
	d, s := dst.(*Matrix), src.(*Matrix)
	SameLength("Copy", len(d.Data), len(s.Data))
	copy(d.Data, s.Data)
}

func (Memory) Finish() error { return nil }

func (Memory) Read(dst []float32, t compute.Tensor) error {
	src := t.(*Matrix)
	SameLength("Read", len(src.Data), len(dst))
	copy(dst, src.Data)
	return nil
}

func (Memory) Close() {}

// SameLength panics, naming the operation, where two lengths differ: the
// caller's shapes do not fit.
func SameLength(operation string, want, got int) {
	if want != got {
		panic(fmt.Sprintf("compute: %s: expected %d values, found %d", operation, want, got))
	}
}
