// Package safetensors reads and writes safetensors files
// (https://github.com/huggingface/safetensors, "Format"): eight bytes that give
// the length of a header, the header in JSON, then the values of every tensor,
// one after the other.
//
// [Reader] and [Writer] take a file as a stream, a tensor at a time, so that a
// program can use a model while it downloads and holds no tensor twice.
//
// Any file may be given to this package. It answers what does not fit with an
// error that says so in a sentence. Sizes that a header only claims cost no
// memory, since buffers grow with the bytes that really arrive.
package safetensors
