// Package quant rounds weights to int8.
//
// [PerChannel] is symmetric, with one scale per output channel: weight[o][i] ≈
// q[o][i]·scale[o].
//
// A [Plan] sets the precision of rounding. Fewer steps than int8 has make the
// file compress better. With the [Moments] of a layer's inputs, the rounding of
// one weight compensates for the errors of others.
package quant
