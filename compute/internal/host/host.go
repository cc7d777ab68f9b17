// Package host keeps the buffers of a device in ordinary memory. The reference
// and the CPU device share it.
package host

import (
	"fmt"

	"segmenter/compute"
)

// Freed is for embedding in buffers that the garbage collector frees.
type Freed struct{}

func (Freed) Free() {}

// Matrix is a [compute.Tensor].
type Matrix struct {
	Freed
	rows, cols int
	Data       []float32
}

// NewMatrix makes a rows×cols matrix of zeros.
func NewMatrix(rows, cols int) *Matrix {
	return &Matrix{rows: rows, cols: cols, Data: make([]float32, rows*cols)}
}

func (m *Matrix) Rows() int { return m.rows }
func (m *Matrix) Cols() int { return m.cols }

// Row is the i-th row.
func (m *Matrix) Row(i int) []float32 { return m.Data[i*m.cols:][:m.cols:m.cols] }

// Slice returns a view of rows [from, to).
func (m *Matrix) Slice(from, to int) compute.Tensor {
	return &Matrix{rows: to - from, cols: m.cols, Data: m.Data[from*m.cols : to*m.cols : to*m.cols]}
}

// Frame is a [compute.Frame].
type Frame struct {
	Freed
	height, width int
	RGB           []byte
}

func (f *Frame) Height() int { return f.height }
func (f *Frame) Width() int  { return f.width }

// Memory implements the part of [compute.Device] that makes and copies buffers,
// for the Index-th of Count ranks, and keeps the first error. It works
// synchronously, so there is nothing to wait for.
type Memory struct {
	Index, Count int
	err          error
}

func (m *Memory) Rank() (index, count int) { return m.Index, m.Count }

// Fail keeps err for Finish, unless there is an earlier error. err may be nil.
func (m *Memory) Fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// Failed reports whether an earlier operation failed; then operations do nothing.
func (m *Memory) Failed() bool { return m.err != nil }

// Finish returns the first error since the last Finish.
func (m *Memory) Finish() error {
	err := m.err
	m.err = nil
	return err
}

// Deferred is false: operations run at once.
func (*Memory) Deferred() bool { return false }

func (*Memory) NewTensor(rows, cols int) (compute.Tensor, error) {
	return NewMatrix(rows, cols), nil
}

func (*Memory) NewFrame(height, width int) (compute.Frame, error) {
	return &Frame{height: height, width: width}, nil
}

func (*Memory) Write(t compute.Tensor, values []float32) {
	dst := t.(*Matrix)
	SameLength("Write", len(dst.Data), len(values))
	copy(dst.Data, values)
}

// WriteFrame keeps a reference to rgb instead of copying it.
func (*Memory) WriteFrame(f compute.Frame, rgb []byte) {
	dst := f.(*Frame)
	SameLength("WriteFrame", dst.height*dst.width*3, len(rgb))
	dst.RGB = rgb
}

func (m *Memory) Copy(dst, src compute.Tensor) {
	if m.Failed() {
		return
	}
	d, s := dst.(*Matrix), src.(*Matrix)
	SameLength("Copy", len(d.Data), len(s.Data))
	copy(d.Data, s.Data)
}

func (m *Memory) Read(dst []float32, t compute.Tensor) error {
	if err := m.Finish(); err != nil {
		return err
	}
	src := t.(*Matrix)
	SameLength("Read", len(src.Data), len(dst))
	copy(dst, src.Data)
	return nil
}

func (*Memory) Close() {}

// SameLength panics, naming the operation, if two lengths differ: the caller's
// shapes do not fit.
func SameLength(operation string, want, got int) {
	if want != got {
		panic(fmt.Sprintf("compute: %s: expected %d values, found %d", operation, want, got))
	}
}
