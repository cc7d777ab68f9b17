// Package compute defines what the network needs from a device: a small set of
// operations on matrices of tokens, and the buffers that hold them.
//
// Package model writes the forward pass once, against [Device]. Package
// reference implements every operation as plain loops: the ground truth. Package
// cpu is fast; package webgpu records the same calls as GPU commands. Package
// computetest tests every device against the reference.
//
// # Ranks
//
// A device may be one rank of several. Each rank has its own goroutine or its
// own browser worker, runs the same forward pass in step with the others, and
// holds a band of the tokens. Every operation is local to the band except
// Attention, Gather, Classify and Refine, which exchange data between ranks: all
// ranks must call them in the same order. Results do not depend on the number of
// ranks.
//
// # Errors
//
// Operations return nothing, because a device may run them later. A device keeps
// the first error of an operation; operations after it do nothing. The next
// Finish, or the next method that reads a tensor or a mask, returns the error and
// clears it, so that the device can be used again. A lost GPU stays lost: every
// later wait returns an error.
//
// A call whose shapes do not fit is a bug in the caller and panics.
package compute

import "segmenter/photo"

// Eps is the epsilon of every layer normalisation in the network.
const Eps = 1e-5

// A Device runs the network's operations on float32 matrices, row-major, one
// token per row. Call its methods from one goroutine.
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
	// NewLinear uploads the parameters of x·Wᵀ + b; bias has w.Out values. All
	// ranks of a group can use what one of them made.
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
	// Linear computes dst = x·Wᵀ + b. op adds steps before and after.
	Linear(dst, x Tensor, w Linear, op LinearOp)
	// FeedForward is the second half of a transformer block:
	//   x += fc2(GELU(fc1(LayerNorm(x))))
	// with the exact GELU, x·Φ(x). A device need not store the hidden layer.
	FeedForward(x Tensor, n Norm, fc1, fc2 Linear)
	// LayerNorm normalises each row of x to mean 0 and variance 1, then scales
	// and shifts it. dst may be x.
	LayerNorm(dst, x Tensor, n Norm)
	// Attention is multi-head self-attention. qkv (T, 3D) has the columns
	// (3, heads, D/heads). Queries come from this rank, keys and values from all
	// ranks; at says which tokens are this rank's:
	//   dst[:, head] = softmax(q·kᵀ / √(D/heads))·v
	Attention(dst, qkv Tensor, heads int, at Share)
	// L2Normalize scales each row of x to length 1, in place.
	L2Normalize(x Tensor)
	// MatMulT computes dst = a·bᵀ.
	MatMulT(dst, a, b Tensor)
	// Extend gives patches, (T, C) scores, further classes that somebody else scores:
	//   dst[:, :C] = scores
	//   dst[:, C:] = max(scores) + further − max(rivals)
	// So a further class beats the others where it beats its rivals, and by as
	// much. Without rivals, which are nil then, it has to beat 0.
	Extend(dst, scores, further, rivals Tensor)
}

// Pictures takes frames in and turns scores into masks.
type Pictures interface {
	// NewFrame makes a picture in 8-bit RGB.
	NewFrame(height, width int) (Frame, error)
	// NewMask makes a picture of class ids. This rank paints a band of it.
	NewMask(height, width int) (Mask, error)
	// WriteFrame copies a picture, three bytes per pixel, to f, or keeps a
	// reference to it until f gets another.
	WriteFrame(f Frame, rgb []byte)
	// Smooth averages the patch scores of all ranks over the frames of a video.
	// The view has one window.
	//   average[i] += w·(scores[i] − average[i])
	// w is weight for a patch that has not changed, and up to 1 for one that
	// has: see [SmoothWeight]. looks describes the patches, LookWidth values
	// each, averaged in the same way. picture, unless nil, averages the frames
	// themselves: a guide for Refine with less noise than one frame.
	Smooth(average, looks, scores Tensor, picture, f Frame, view View, weight float32)
	// Classify paints each pixel of dst with the class that scores highest; of
	// equal scores, the lowest id wins. scores has the patches of all windows of
	// the view. Afterwards the first rank's mask holds the rows of all ranks.
	Classify(dst Mask, scores Tensor, view View)
	// Refine is Classify with edges that follow the picture: see [Refinement].
	// guide is the frame; the view has one window.
	Refine(dst Mask, scores Tensor, view View, guide Frame)
	// Matte tells for each pixel of a picture of height×width, which Refine could
	// paint, whether its class is one of a set; in has an element per class. Of the
	// classes that compete for the pixel, the best of the set stands against the best
	// of the others:
	//   dst[i] = 255·sigmoid(MatteGain·(best score in − best score out))
	// It is 255 where all that compete are in the set, 0 where none is. Matte waits. It
	// exchanges nothing between ranks: only the first calls it.
	Matte(dst []uint8, height, width int, scores Tensor, view View, guide Frame, in []bool) error
}

// Ranks lets the ranks of a group exchange data, and a program wait for its
// device.
type Ranks interface {
	// Rank says which band of the tokens this device holds: the index-th of
	// count.
	Rank() (index, count int)
	// Gather collects the rows of all ranks' src in dst. This rank's rows start
	// at row first.
	Gather(dst, src Tensor, first int)
	// Deferred reports whether the device only records operations, and runs
	// them when the program waits.
	Deferred() bool
	// Finish waits until everything is done.
	Finish() error
}

// A Loader is a Device that can read some pictures directly and resize them
// itself.
type Loader interface {
	// Load fills the frame with a picture, resized as [photo.Resizer] does. It
	// returns false, and leaves the frame as it is, if the device cannot take
	// the picture.
	Load(f Frame, src photo.Source, filter photo.Filter) (bool, error)
}

// Arithmetic is the number format in which a device multiplies matrices.
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
	// Free releases the memory. Do not use the buffer afterwards.
	Free()
}

// A Tensor is a matrix of float32 on a device.
type Tensor interface {
	Buffer
	Rows() int
	Cols() int
	// Slice returns a view of rows [from, to). It shares the tensor's memory;
	// free the tensor, not the view.
	Slice(from, to int) Tensor
}

// Linear holds the parameters of x·Wᵀ + b in the layout that its device needs.
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

// A Mask is a picture of class ids on a device. Its methods wait until it is
// painted. Only the first rank may call them: it holds the whole mask.
type Mask interface {
	Buffer
	Height() int
	Width() int
	// Count counts the pixels of each class: areas has one element per class.
	Count(areas []int) error
	// ClassAt returns the class of the pixel in column x of row y.
	ClassAt(x, y int) (uint8, error)
	// Read copies the class ids to dst, height·width of them, row by row.
	Read(dst []uint8) error
	// RemoveSpecks gives every area of fewer than least pixels the class along
	// most of its border; of equal classes, the lowest id. An area is the pixels
	// of one class that touch each other side by side. Small areas that border
	// only small ones follow when those have grown.
	RemoveSpecks(least int) error
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
	Norm *Norm // normalise the rows of x first, unless nil
	Add  bool  // add the result to dst (a residual connection)
}

// Weight is an Out×In matrix, as float32 or as int8 with one scale per output.
type Weight struct {
	Out, In int
	Float   []float32 // Out·In values, or nil
	Int8    []int8    // Out·In values, or nil
	Scale   []float32 // Out values: weight[o][i] = Int8[o·In+i]·Scale[o]
}
