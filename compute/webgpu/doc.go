// Package webgpu is the device for graphics processors, in browsers that have
// WebGPU. Every operation of [compute.Device] is one or two compute shaders
// (shaders/*.wgsl), which package gpu hands to the browser.
//
// Operations are recorded as they are called and sent to the processor at
// Finish, Read or ReadMask, which wait. A call that was made before, with the
// same arguments, costs a lookup: its bindings and parameters are kept.
package webgpu
