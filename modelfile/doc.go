// Package modelfile owns model files: their contents, reading and conversion.
//
// A model file is a safetensors file (package safetensors) with the parameters
// of one network and a card. A file holds one encoder and one or both decoders.
// [Table] is the only list of parameters: their names, shapes and roles, arranged
// as the network is. All code that reads, converts, exports or runs a model uses
// it.
//
//   - [Read] and [Open] read a whole file into a [Model].
//   - [Describe] reads only the header: the [Card] and the [Table] of the file.
//   - [Convert] makes the shipped form.
//
// # Two forms of a model
//
// Training gives float weights, 26 MB for ViT-Ti/16. [Convert] makes the shipped
// form from them, a quarter of the size:
//
//   - Matrices, [Weight] and [Projection], are I8, symmetric, with one scale per
//     output channel: weight[o][i] ≈ q[o][i]·scale[o]. The tensor keeps its name
//     and its shape. Its scales ([Parameter.ScaleTensor]) directly follow it in
//     the file. The output channel is the first axis of a Weight and the second
//     of a Projection.
//   - Everything else is F16.
//
// A [quant.Plan] sets the precision of Convert.
//
// # The card
//
// The metadata of the file holds everything needed to run a model and to show its
// result. [Card] is its Go form; Describe reads it and infers what it lacks from
// the shapes. Metadata is text, so structured values are JSON in a string:
//
//	format          segmenter/1
//	name            the model's name
//	licence         its licence
//	source          where it comes from
//	training_data   the photos it learned from
//	accuracy        how well it did, on which photos
//	architecture    {"patch":16,"width":192,"depth":12,"heads":3,
//	                 "decoder_depth":2,"grid":18,"extra_tokens":1}
//	normalisation   {"mean":[0.5,0.5,0.5],"std":[0.5,0.5,0.5]}
//	classes         [{"name":"cat","colour":"#e69f00"}, …] in the order of ids
//
// Other keys stay unchanged. [Architecture], [Normalisation] and [Class] document
// the fields.
//
// # Untrusted files
//
// Any input is safe: the package answers invalid files with an error in a
// sentence. Memory grows with the bytes that arrive, not with the sizes that a
// header claims.
package modelfile
