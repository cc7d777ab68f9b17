// Package quant rounds weights to int8.
//
// [PerChannel] is symmetric, with one scale an output channel: weight[o][i] ≈
// q[o][i]·scale[o].
//
// A [Plan] says how finely to round. With fewer steps than int8 has, the bytes
// compress better when they are served. With the [Moments] of what the network
// does with photos, roundings make up for each other.
package quant
