//go:build js

package webgpu

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"segmenter/compute"
	"segmenter/compute/internal/host"
	"segmenter/compute/webgpu/gpu"
)

// Device is a [compute.Device]. It is the only rank: a GPU distributes work in its
// own way.
type Device struct {
	gpu        *gpu.Device
	arithmetic compute.Arithmetic
	variant    variant
	programs   programs
	bound      map[call]*binding
	visible    int // the most bytes of a buffer that a shader sees

	encoder *gpu.Encoder // records commands until they are sent; nil if there are none
	passing bool         // whether a compute pass is open
	profile *profile     // nil if operations are not timed

	// Scratch memory. It grows as needed.
	rows     *gpu.Buffer // normalised rows, or patches
	bytes    *gpu.Buffer // quantised rows, and their scales
	scales   *gpu.Buffer
	hidden   *gpu.Buffer // of FeedForward
	arranged *gpu.Buffer // weights of MatMulT, and their ends
	unscaled *gpu.Buffer
	windows  *gpu.Buffer // of Classify, for view
	view     compute.View
	zeros    *gpu.Buffer // of Count
	areas    *gpu.Buffer

	loader  loader
	painter painter
	refiner refiner

	err error // the first error of an operation since the last wait
}

var _ compute.Loader = (*Device)(nil)

// New makes a device and compiles its shaders.
func New(g *gpu.Device, a compute.Arithmetic) (*Device, error) {
	return newDevice(g, a, variantOf(g))
}

func newDevice(g *gpu.Device, a compute.Arithmetic, v variant) (*Device, error) {
	d := &Device{gpu: g, arithmetic: a, variant: v, programs: programs{}, bound: map[call]*binding{}, visible: g.Limit("maxStorageBufferBindingSize")}
	return d, d.programs.compile(g, v.usual(a)...)
}

// Rank: there is only one.
func (d *Device) Rank() (index, count int) { return 0, 1 }

// rowUnit is the number of values that the rows of tensors are padded to a multiple
// of: shaders take so many bytes at a time. The padding is always 0.
const rowUnit = 16

func padded(cols int) int { return roundUp(cols, rowUnit) }

func roundUp(n, unit int) int { return groups(n, unit) * unit }

// Deferred is true: operations are recorded, and run when the program waits.
func (d *Device) Deferred() bool { return true }

// tensor is a [compute.Tensor]: rows of a buffer.
type tensor struct {
	device     *Device // nil for scratch memory and views, which are not freed
	buffer     *gpu.Buffer
	first      int // index of the first value in buffer
	rows, cols int
}

func (t *tensor) Rows() int { return t.rows }
func (t *tensor) Cols() int { return t.cols }

func (t *tensor) Slice(from, to int) compute.Tensor {
	return &tensor{nil, t.buffer, t.first + from*t.stride(), to - from, t.cols}
}

// Free: see [compute.Buffer].
func (t *tensor) Free() { t.device.destroy(t.buffer) }

func (t *tensor) size() int { return t.rows * t.cols }

// stride is the number of values from one row to the next.
func (t *tensor) stride() int { return padded(t.cols) }

// frame is a [compute.Frame] with four bytes per pixel.
type frame struct {
	device        *Device
	buffer        *gpu.Buffer
	height, width int
}

func (f *frame) Height() int { return f.height }
func (f *frame) Width() int  { return f.width }

// Free: see [compute.Buffer].
func (f *frame) Free() { f.device.destroy(f.buffer) }

// linear is a [compute.Linear]. matmul.wgsl describes the layout of w.
type linear struct {
	device  *Device
	out, in int
	int8    bool
	w, ends *gpu.Buffer
}

func (l *linear) In() int  { return l.in }
func (l *linear) Out() int { return l.out }

// Free: see [compute.Buffer].
func (l *linear) Free() { l.device.destroy(l.w, l.ends) }

// NewTensor: see [compute.Buffers].
func (d *Device) NewTensor(rows, cols int) (compute.Tensor, error) {
	b, err := d.buffer("tensor", 4*rows*padded(cols))
	return &tensor{d, b, 0, rows, cols}, err
}

// NewFrame: see [compute.Pictures].
func (d *Device) NewFrame(height, width int) (compute.Frame, error) {
	b, err := d.buffer("frame", 4*height*width)
	return &frame{d, b, height, width}, err
}

// large is the size, in bytes, from which buffer itself reports a lack of memory.
// For smaller buffers, Finish does.
const large = 1 << 20

// buffer makes a buffer of at least one word, since WebGPU cannot bind an empty one.
func (d *Device) buffer(label string, size int) (b *gpu.Buffer, err error) {
	create := func() { b = d.gpu.NewBuffer(label, max(4, size), gpu.Storage|gpu.CopySrc|gpu.CopyDst) }
	if size < large {
		create()
		return b, nil
	}
	if size > d.visible {
		return nil, fmt.Errorf("the GPU's shaders see at most %d bytes of a buffer, but this network needs %d (%s): use a smaller size, or the CPU", d.visible, size, label)
	}
	if err = d.gpu.Checked(fmt.Sprintf("a buffer of %d bytes (%s)", size, label), create); err != nil && b != nil {
		b.Destroy()
	}
	return b, err
}

// filled makes a buffer that holds these words.
func (d *Device) filled(label string, words []uint32) (*gpu.Buffer, error) {
	b, err := d.buffer(label, 4*len(words))
	if err == nil {
		d.gpu.Write(b, 0, bytesOf(words))
	}
	return b, err
}

func bytesOf(words []uint32) []byte {
	out := make([]byte, 0, 4*len(words))
	for _, w := range words {
		out = binary.LittleEndian.AppendUint32(out, w)
	}
	return out
}

func wordsOf(values []float32) []uint32 {
	words := make([]uint32, len(values))
	for i, v := range values {
		words[i] = math.Float32bits(v)
	}
	return words
}

// NewLinear arranges the weights for matmul.wgsl.
func (d *Device) NewLinear(w compute.Weight, bias []float32) (compute.Linear, error) {
	host.SameLength("NewLinear", w.Out, len(bias))
	l := &linear{device: d, out: w.Out, in: w.In, int8: w.Float == nil}
	var words []uint32
	if l.int8 {
		host.SameLength("NewLinear", w.Out*w.In, len(w.Int8))
		words = make([]uint32, roundUp(w.Out, tileOutputs)*roundUp(w.In, int8Step)/4)
		for i, v := range w.Int8 {
			at := arrange(i/w.In, i%w.In, w.In, int8Step)
			words[at/4] |= uint32(uint8(v)) << (at % 4 * 8)
		}
	} else {
		host.SameLength("NewLinear", w.Out*w.In, len(w.Float))
		words = make([]uint32, roundUp(w.Out, tileOutputs)*roundUp(w.In, floatStep))
		for i, v := range w.Float {
			words[arrange(i/w.In, i%w.In, w.In, floatStep)] = math.Float32bits(v)
		}
	}
	var err error
	if l.w, err = d.filled("weights", words); err != nil {
		return nil, err
	}
	l.ends, err = d.filled("scales and biases", wordsOf(ends(w.Out, w.Scale, bias)))
	return l, err
}

// arrange returns the index of a weight in the layout of matmul.wgsl, for shaders
// that take step inputs at a time.
func arrange(output, input, inputs, step int) int {
	tile, o := output/tileOutputs, output%tileOutputs
	pack := (o/32*4+o%4)*8 + o%32/4
	return ((tile*groups(inputs, step)+input/step)*tileOutputs+pack)*step + input%step
}

// ends returns the scales and biases of outputs: four scales, their four biases,
// and so on. Without a scale, it is 1; without a bias, 0.
func ends(outputs int, scale, bias []float32) []float32 {
	list := make([]float32, 2*roundUp(outputs, tileOutputs))
	for o := range outputs {
		at := o/4*8 + o%4
		list[at] = 1
		if scale != nil {
			list[at] = scale[o]
		}
		if bias != nil {
			list[at+4] = bias[o]
		}
	}
	return list
}

// destroy frees buffers, and everything that refers to them.
func (d *Device) destroy(buffers ...*gpu.Buffer) {
	d.send()
	d.unbind(func(bound gpu.Binding) bool {
		b, ok := bound.(*gpu.Buffer)
		return ok && slices.Contains(buffers, b)
	})
	for _, b := range buffers {
		if b != nil {
			b.Destroy()
		}
	}
}

// unbind forgets the calls with a binding that matches.
func (d *Device) unbind(matches func(gpu.Binding) bool) {
	for key, b := range d.bound {
		if slices.ContainsFunc(key.bindings[:], matches) {
			b.parameters.Destroy()
			delete(d.bound, key)
		}
	}
}

// Write: see [compute.Buffers].
func (d *Device) Write(t compute.Tensor, values []float32) {
	dst := t.(*tensor)
	host.SameLength("Write", dst.size(), len(values))
	words := make([]uint32, dst.rows*dst.stride())
	for i, v := range values {
		words[i/dst.cols*dst.stride()+i%dst.cols] = math.Float32bits(v)
	}
	d.write(dst.buffer, 4*dst.first, bytesOf(words))
}

// write writes after the commands recorded so far.
func (d *Device) write(b *gpu.Buffer, offset int, data []byte) {
	d.send()
	if len(data) > 0 {
		d.gpu.Write(b, offset, data)
	}
}

// WriteFrame copies the picture, one word per pixel.
func (d *Device) WriteFrame(f compute.Frame, rgb []byte) {
	p := f.(*frame)
	host.SameLength("WriteFrame", 3*p.height*p.width, len(rgb))
	rgba := make([]byte, 4*p.height*p.width)
	for i := range p.height * p.width {
		copy(rgba[4*i:4*i+3], rgb[3*i:])
	}
	d.write(p.buffer, 0, rgba)
}

// Finish: see [compute.Ranks].
func (d *Device) Finish() error {
	d.send()
	if err := d.takeErr(); err != nil {
		return err
	}
	return d.gpu.Done()
}

// takeErr returns the first error of an operation and clears it.
func (d *Device) takeErr() error {
	err := d.err
	d.err = nil
	return err
}

// Read: see [compute.Buffers].
func (d *Device) Read(dst []float32, t compute.Tensor) error {
	src := t.(*tensor)
	host.SameLength("Read", src.size(), len(dst))
	raw := make([]byte, 4*src.rows*src.stride())
	if err := d.read(raw, src.buffer, 4*src.first); err != nil {
		return err
	}
	for i := range dst {
		at := i/src.cols*src.stride() + i%src.cols
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*at:]))
	}
	return nil
}

func (d *Device) read(dst []byte, b *gpu.Buffer, offset int) error {
	d.send()
	if err := d.takeErr(); err != nil || len(dst) == 0 {
		return err
	}
	return d.gpu.Read(dst, b, offset)
}

// Close: see [compute.Device].
func (d *Device) Close() { d.gpu.Close() }
