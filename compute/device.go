// Package compute is what the network needs of a machine: a small set of
// operations on matrices of tokens, and buffers to hold them.
//
// Package model writes the forward pass once, against [Device]. Package
// reference implements every operation as plain loops and is the truth; package
// cpu is the fast one; package webgpu records the same calls as GPU commands.
// Package computetest holds every device against the reference.
//
// # Ranks
//
// A device may be one rank of several. Each rank has its own goroutine or its
// own browser worker, runs the same forward pass in step with the others, and
// holds a band of the tokens. Every operation is local to the band except
// Attention, Gather, Classify and Refine, which exchange data between ranks: all
// ranks have to call them in the same order. Results do not depend on the number
// of ranks.
//
// # Errors
//
// Operations return nothing, because a device may carry them out later. A device
// keeps the first error of an operation; operations after it do nothing. The next
// Finish, or the next method that reads a tensor or a mask, returns the error and
// forgets it, so that the device can be used again. A GPU that is lost stays
// lost: every later wait returns an error.
//
// A call whose shapes do not fit is a bug in the caller and panics.
package compute

import "segmenter/photo"

// Eps is the epsilon of every layer normalisation in the network.
const Eps = 1e-5

// A Device carries out the operations of the network on matrices of float32,
// row-major, one token a row. Its methods are called from one goroutine.
//
// dst never shares memory with another argument unless a method says so.
type Device interface {
	Buffers
	Operations
	Pictures
	Ranks

	// Close frees everything that the device holds.
	Close()
}

// Buffers makes, fills and reads the matrices of a device.
type Buffers interface {
	// NewLinear makes the parameters of x·Wᵀ + b; bias has w.Out values. One
	// made by a rank of a group serves every rank of the group.
	NewLinear(w Weight, bias []float32) (Linear, error)
	// NewTensor makes a rows×cols matrix of zeros.
	NewTensor(rows, cols int) (Tensor, error)
	// Write copies values to t, rows·cols of them.
	Write(t Tensor, values []float32)
	// Read waits, then copies t to dst.
	Read(dst []float32, t Tensor) error
}

// Operations are the layers of the network. In shapes, T is the number of tokens
// of this rank, D the width of a token.
type Operations interface {
	// PatchEmbed embeds the patches first, first+1, … of a window of the view,
	// as many as dst has rows:
	//   dst[i] = flatten(normalise(patch first+i))·Wᵀ + b + position[i]
	// A patch is flattened channel by channel, then row by row, like the weight
	// of a convolution. Pixels outside the window are 0 after normalisation.
	PatchEmbed(dst Tensor, f Frame, view View, window, first int, e PatchEmbedding)
	// Copy copies src to dst.
	Copy(dst, src Tensor)
	// Linear computes dst = x·Wᵀ + b, with what op adds.
	Linear(dst, x Tensor, w Linear, op LinearOp)
	// FeedForward is the second half of a transformer block:
	//   x += fc2(GELU(fc1(LayerNorm(x))))
	// with the exact GELU, x·Φ(x). A device need not store the hidden layer.
	FeedForward(x Tensor, n Norm, fc1, fc2 Linear)
	// LayerNorm normalises each row of x to mean 0 and variance 1, then scales
	// and shifts it. dst may be x.
	LayerNorm(dst, x Tensor, n Norm)
	// Attention is multi-head self-attention. qkv (T, 3D) has the columns
	// (3, heads, D/heads). The queries are those of this rank, the keys and
	// values those of all ranks; at places this rank's tokens among them:
	//   dst[:, head] = softmax(q·kᵀ / √(D/heads))·v
	Attention(dst, qkv Tensor, heads int, at Share)
	// L2Normalize scales each row of x to length 1, in place.
	L2Normalize(x Tensor)
	// MatMulT computes dst = a·bᵀ.
	MatMulT(dst, a, b Tensor)
}

// Pictures takes frames in and turns scores into masks.
type Pictures interface {
	// NewFrame makes a picture of 8-bit RGB.
	NewFrame(height, width int) (Frame, error)
	// NewMask makes a picture of class ids, of which this rank paints a band.
	NewMask(height, width int) (Mask, error)
	// WriteFrame copies a picture, three bytes a pixel, to f, or refers to it
	// until the next Finish.
	WriteFrame(f Frame, rgb []byte)
	// Smooth averages the scores of a frame's patches, those of all ranks, over
	// the frames of a video. The view has one window.
	//   average[i] += w·(scores[i] − average[i])
	// w is weight for a patch that has not changed, and up to 1 for one that
	// has: see [SmoothWeight]. looks, LookWidth values a patch, describes the
	// patches, averaged in the same way. picture, unless nil, is the average of
	// the frames: a guide for Refine with less noise than one frame.
	Smooth(average, looks, scores Tensor, picture, f Frame, view View, weight float32)
	// Classify paints each pixel of dst with the class of the highest score,
	// the lowest id of equals. scores has the patches of all windows of the
	// view. Then the first rank's mask holds the rows of all ranks.
	Classify(dst Mask, scores Tensor, view View)
	// Refine is Classify with edges that follow the picture: see [Refinement].
	// guide is the frame; the view has one window.
	Refine(dst Mask, scores Tensor, view View, guide Frame)
}

// Ranks is how the ranks of a group work together, and how a program waits for
// its device.
type Ranks interface {
	// Rank says which band of the tokens this device holds: the index-th of
	// count.
	Rank() (index, count int)
	// Gather puts the rows of src of all ranks together: this rank's from row
	// first of dst on.
	Gather(dst, src Tensor, first int)
	// Deferred tells whether the device only records operations, and carries
	// them out while somebody waits.
	Deferred() bool
	// Finish waits until everything is done.
	Finish() error
}

// A Loader is a Device that takes some pictures from where they are, and resizes
// them itself.
type Loader interface {
	// Load fills the frame with a picture, resized as [photo.Resizer] does. It
	// returns false, and leaves the frame as it is, if the device cannot take
	// the picture.
	Load(f Frame, src photo.Source, filter photo.Filter) (bool, error)
}

// Arithmetic says in what numbers a device multiplies matrices.
type Arithmetic int

const (
	// Float32 is float32 throughout; int8 weights are expanded.
	Float32 Arithmetic = iota
	// Int8 multiplies bytes in linear layers whose weights are int8, and in
	// attention. Their inputs are quantised token by token.
	Int8
)

// A Buffer is memory that a device has made: a Tensor, a Linear, a Frame or a
// Mask.
type Buffer interface {
	// Free gives the memory back. Nothing may use the buffer after it.
	Free()
}

// A Tensor is a matrix of float32 on a device.
type Tensor interface {
	Buffer
	Rows() int
	Cols() int
	// Slice is a view of the rows from (inclusive) to to (exclusive). It shares
	// the tensor's memory; free the tensor, not the view.
	Slice(from, to int) Tensor
}

// Linear holds the parameters of x·Wᵀ + b in the layout that its device wants.
type Linear interface {
	Buffer
	In() int
	Out() int
}

// A Frame is a picture of 8-bit RGB on a device.
type Frame interface {
	Buffer
	Height() int
	Width() int
}

// A Mask is a picture of class ids on a device. Count, ClassAt and Read wait
// until it is painted. They are for the first rank, which holds the whole mask.
type Mask interface {
	Buffer
	Height() int
	Width() int
	// Count counts the pixels of each class: areas has a number for each class.
	Count(areas []int) error
	// ClassAt is the class of the pixel in column x of row y.
	ClassAt(x, y int) (uint8, error)
	// Read copies the class ids to dst, height·width of them, row by row.
	Read(dst []uint8) error
}

// Norm holds the scale and the shift of a layer normalisation, each 1×D.
type Norm struct{ Weight, Bias Tensor }

// PatchEmbedding holds the parameters of the patch embedding.
type PatchEmbedding struct {
	Projection Linear     // 3·P² → D
	Position   Tensor     // (patches of this rank, D)
	Mean, Std  [3]float32 // of R, G, B: a channel is normalised to (x/255 − Mean)/Std
}

// LinearOp says what Linear does besides the product.
type LinearOp struct {
	Norm *Norm // normalise the rows of x first; nil = take them as they are
	Add  bool  // add the result to dst (a residual connection)
}

// Weight is a matrix of Out×In, as float32 or as int8 with one scale an output.
type Weight struct {
	Out, In int
	Float   []float32 // Out·In values, or nil
	Int8    []int8    // Out·In values, or nil
	Scale   []float32 // Out values: weight[o][i] = Int8[o·In+i]·Scale[o]
}
