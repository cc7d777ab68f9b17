// Package compute is what the network needs of a machine: a small set of
// operations on matrices of tokens, and buffers to hold them.
//
// The forward pass is written once, in package model, against [Device].
// Package reference implements every operation as plain loops and is the
// truth; package cpu is the fast one; a GPU records the same calls as
// commands. Package computetest holds every device against the reference.
//
// # Ranks
//
// A device may be one rank of several, each with its own goroutine (or its own
// browser worker) running the same forward pass in step. A rank holds a band
// of the tokens. Every operation is local to the band except
// [Device.Attention], [Device.Gather] and [Device.ReadMask], which exchange
// data with the other ranks and therefore have to be called by all of them, in
// the same order. Results do not depend on the number of ranks.
//
// # Errors
//
// Operations return nothing, because a device may carry them out later. The
// first error is kept and returned by [Device.Finish] and [Device.Read], and
// operations after it do nothing. A call whose shapes do not fit is a bug in
// the caller and panics.
package compute

import "segmenter/photo"

// Eps is the epsilon of every layer normalisation in the network.
const Eps = 1e-5

// A Device carries out the operations of the network on matrices of float32,
// row-major, one token a row. Its methods are called from one goroutine.
//
// dst never shares memory with another argument unless said otherwise.
type Device interface {
	// Rank is the band of tokens that this device holds: the index-th of count.
	Rank() (index, count int)

	// NewLinear makes the parameters of x·Wᵀ + b. One made by a rank of a
	// group serves every rank of the group.
	NewLinear(w Weight, bias []float32) (Linear, error)
	// NewTensor makes a rows×cols matrix of zeros.
	NewTensor(rows, cols int) (Tensor, error)
	// NewFrame makes a picture of 8-bit RGB.
	NewFrame(height, width int) (Frame, error)
	// NewMask makes a picture of class ids, of which this rank paints a band.
	NewMask(height, width int) (Mask, error)
	// Free gives back a Tensor, Frame, Mask or Linear.
	Free(handle any)

	// Write copies values to t; WriteFrame copies a picture, three bytes a
	// pixel, to f, or refers to it until the next Finish.
	Write(t Tensor, values []float32)
	WriteFrame(f Frame, rgb []byte)

	// PatchEmbed embeds dst.Rows() patches of a frame, from grid.First on:
	//   dst[i] = flatten(normalise(patch first+i))·Wᵀ + b + position[i]
	// A patch is flattened channel by channel, then row by row (as a
	// convolution's weight is); what lies outside the frame or the grid's
	// window is 0 after normalisation.
	PatchEmbed(dst Tensor, f Frame, grid Grid, w Linear, position Tensor)
	// Copy copies src to dst.
	Copy(dst, src Tensor)
	// Linear computes dst = x·Wᵀ + b, with what op adds.
	Linear(dst, x Tensor, w Linear, op LinearOp)
	// FeedForward is the second half of a transformer block:
	//   x += fc2(GELU(fc1(LayerNorm(x))))
	// with the exact GELU, x·Φ(x). A device need not store what lies between.
	FeedForward(x Tensor, n Norm, fc1, fc2 Linear)
	// LayerNorm normalises each row of x to mean 0 and variance 1, then
	// scales and shifts it. dst may be x.
	LayerNorm(dst, x Tensor, n Norm)
	// Attention is multi-head self-attention. qkv has the columns
	// (3, heads, width/heads); the queries are this rank's, the keys and
	// values those of all ranks, of whose tokens at says where this rank's lie:
	//   dst[:, head] = softmax(q·kᵀ / √(width/heads))·v
	Attention(dst, qkv Tensor, heads int, at Share)
	// L2Normalize scales each row of x to length 1, in place.
	L2Normalize(x Tensor)
	// MatMulT computes dst = a·bᵀ.
	MatMulT(dst, a, b Tensor)
	// Gather puts the rows of src of all ranks together: this rank's from row
	// first of dst on.
	Gather(dst, src Tensor, first int)
	// Smooth averages the scores of one window's patches over the frames of a
	// video; the scores are those of all ranks:
	//   average[i] += w·(scores[i] − average[i])
	// where w is weight for a patch that looks as it did, and more, up to 1,
	// for one that changed: see [SmoothWeight]. Looks, LookWidth values a
	// patch, is what patches look like, averaged in the same way; so is the
	// picture, in bytes, if it is not nil: a guide for [Device.Refine] with
	// less noise than the frame.
	Smooth(average, looks, scores Tensor, picture, f Frame, grid Grid, weight float32)
	// Classify paints this rank's rows of dst with the class of the highest
	// score (the lowest id of equals). View says where the scores lie.
	Classify(dst Mask, scores Tensor, view *View)
	// Refine is Classify with edges that follow the picture, as [Refinement]
	// says. guide is the frame, of which view has one window.
	Refine(dst Mask, scores Tensor, view *View, guide Frame)

	// Finish waits until everything is done.
	Finish() error
	// Read waits, then copies t to dst.
	Read(dst []float32, t Tensor) error
	// ReadMask waits, then copies m, the rows of all ranks, to dst. A rank
	// that gives nil only shows its rows to the others.
	ReadMask(dst []uint8, m Mask) error
	// Close gives everything back.
	Close()
}

// A Loader is a Device that takes some pictures from where they are, and resizes
// them itself.
type Loader interface {
	// Load has the frame hold a picture, resized as [photo.Resizer] does. It
	// returns false, and leaves the frame as it is, where the picture is not
	// one that the device can take.
	Load(f Frame, src photo.Source, filter photo.Filter) (bool, error)
}

// A Counter is a Device that knows about a mask without giving it away.
type Counter interface {
	// Count waits, then counts the pixels of each class: areas has a number for
	// each.
	Count(areas []int, m Mask) error
	// ClassAt waits, then returns the class of a pixel.
	ClassAt(m Mask, y, x int) (uint8, error)
}

// A Tensor is a matrix of float32 on a device. A view of rows shares memory.
type Tensor interface {
	Rows() int
	Cols() int
	// Slice is the view of rows from (inclusive) to to (exclusive).
	Slice(from, to int) Tensor
}

// Linear holds the parameters of x·Wᵀ + b in the layout that its device wants.
type Linear interface {
	In() int
	Out() int
}

// A Frame is a picture of 8-bit RGB on a device.
type Frame interface {
	Height() int
	Width() int
}

// A Mask is a picture of class ids on a device.
type Mask interface {
	Height() int
	Width() int
}

// Norm holds the scale and the shift of a layer normalisation, each 1×width.
type Norm struct{ Weight, Bias Tensor }

// A Share is the rows that a rank holds of a matrix: those from First on of
// Total. First is a multiple of [TokenUnit], or the rank has no rows.
type Share struct{ First, Total int }

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
