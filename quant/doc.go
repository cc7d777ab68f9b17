// Package quant reads and writes model files, and makes them small.
//
// A model file is a safetensors file (https://github.com/huggingface/safetensors,
// "Format"): eight bytes that give the length of a header, the header in JSON,
// then the values of every tensor, one after the other. [Reader] and [Writer]
// take it as a stream, a tensor at a time, so that a model can be used while
// it is being downloaded and no more than one tensor is held twice.
//
// # Two forms of a model
//
// Training gives float weights, 26 MB for ViT-Ti/16. [Convert] makes from them
// the form that is shipped, a quarter of the size:
//
//   - Weights of linear layers and of the patch embedding are I8, symmetric,
//     with one scale an output channel: weight[o][i] ≈ q[o][i]·scale[o]. The
//     tensor keeps its name and its shape; its scales, F32 [out], directly
//     follow it in the file, named after it with ".scale" added. The output
//     channel is the first axis, but the second of the two raw matrices of
//     the mask transformer, mask.proj_patch and mask.proj_classes, which are
//     used without a transpose.
//   - Position, class token and class embeddings, biases and layer norms are
//     F16.
//
// A [Plan] says how finely weights are rounded. With fewer steps than int8 has,
// the file keeps its size but compresses to less when it is served; made from
// what the network does with photos ([Moments]), a plan makes roundings make up
// for each other.
//
// Tensors are named as in the official Segmenter checkpoints: "encoder.…",
// "linear.head.…" and, for the mask transformer, "mask.…". A file holds one
// encoder and one or both decoders.
//
// # The card
//
// Everything that is needed to run a model and to show its result is in the
// metadata of the file. [Card] is its Go form; [Describe] reads it, completes
// it from the shapes where a file has none, and holds the tensors against it.
// Metadata is text, so what is structured is JSON inside of a string:
//
//	format          segmenter/1
//	name            what to call the model
//	licence         under which terms it may be used
//	source          where it comes from
//	training_data   what it has seen
//	accuracy        what was measured, on what
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
// Any file may be given to this package. What does not fit is an error that
// says so in a sentence; sizes that a header only claims cost no memory, since
// buffers grow with the bytes that really arrive.
package quant
