// Package safetensors reads and writes safetensors files
// (https://github.com/huggingface/safetensors, "Format"): eight bytes that give
// the length of a header, the header in JSON, then the values of every tensor,
// one after the other.
//
// [Reader] and [Writer] stream a file, a tensor at a time, so that a program can
// use a model while it downloads and holds no tensor twice.
//
// Any input is safe: the package answers invalid files with an error in a
// sentence. Buffers grow with the bytes that arrive, not with the sizes that a
// header claims.
package safetensors
