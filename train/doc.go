// Package train trains Segmenter: optimisers, schedules, and the loop with its log and
// checkpoints. The loss and its gradients come from [model.Training], samples from a
// [Source].
//
// Two runs with the same recipe, seed and number of devices compute the same numbers, bit
// for bit, even if one of them was interrupted and resumed.
package train
