// Package modelfile owns model files: what is in them, how to read them into
// memory, and how to make them small.
//
// A model file is a safetensors file (package safetensors) with the parameters
// of one network and a card. [Table] is the one list of parameters: their names,
// shapes and roles, arranged as the network is. Whoever reads, converts, exports
// or runs a model goes by it. A file holds one encoder and one or both decoders.
//
//   - [Read] and [Open] read a whole file into a [Model].
//   - [Describe] reads the header alone: the [Card], and the [Table] that the
//     file keeps to.
//   - [Convert] makes the form that is shipped.
//
// # Two forms of a model
//
// Training gives float weights, 26 MB for ViT-Ti/16. [Convert] makes from them
// the form that is shipped, a quarter of the size:
//
//   - Matrices, [Weight] and [Projection], are I8, symmetric, with one scale an
//     output channel: weight[o][i] ≈ q[o][i]·scale[o]. The tensor keeps its name
//     and its shape. Its scales ([Parameter.ScaleTensor]) directly follow it in
//     the file. The output channel is the first axis of a Weight and the second
//     of a Projection.
//   - Everything else is F16.
//
// A [quant.Plan] says how finely Convert rounds weights.
//
// # The card
//
// The metadata of the file holds everything that is needed to run a model and to
// show its result. [Card] is its Go form; Describe reads it and completes it from
// the shapes where a file has none. Metadata is text, so what is structured is
// JSON inside of a string:
//
//	format          segmenter/1
//	name            what to call the model
//	licence         under which terms it may be used
//	source          where it comes from
//	training_data   which photos it learned from
//	accuracy        how well it did, on which photos
//	architecture    {"patch":16,"width":192,"depth":12,"heads":3,
//	                 "decoder_depth":2,"grid":18,"extra_tokens":1}
//	normalisation   {"mean":[0.5,0.5,0.5],"std":[0.5,0.5,0.5]}
//	classes         [{"name":"cat","colour":"#e69f00"}, …] in the order of ids
//
// Other keys are kept as they are. [Architecture], [Normalisation] and [Class]
// say what the fields mean.
//
// # Files from strangers
//
// Any file may be given to this package. It answers what does not fit with an
// error that says so in a sentence. Memory grows with the bytes that arrive, not
// with what a header claims.
package modelfile
