// Package webgpu is the GPU device, for browsers with WebGPU. Every operation of
// [compute.Device] is one or two compute shaders (shaders/*.wgsl), which package
// gpu passes to the browser.
//
// The device records operations, and sends them to the GPU when the program waits:
// in Finish, or when it reads a tensor or a mask. A call with the same arguments as
// an earlier one costs a lookup, since its bindings and parameters are kept.
package webgpu
