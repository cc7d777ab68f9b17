// Package checkpoint reads networks that other programs saved, and makes model files of them:
// checkpoints of PyTorch (package pytorch), safetensors and numpy's .npz.
//
//	files ─► tensors by name ─► which network, by whose names ─► parameters of the table
//	         (weights.go)       (networks.go, namings.go)        (match.go, origin.go)
//
// The names of parameters are those of modelfile's table. A naming says what another program
// calls them; encoder and decoder are named independently. What a file does not state, its
// classes, normalisation or number of heads, is taken from variant.yml beside it, or inferred;
// [Checkpoint.Notes] then says so (describe.go).
//
// Any input is safe: a file that cannot be used is refused by a sentence, and memory holds one
// parameter at a time.
package checkpoint
