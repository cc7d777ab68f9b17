// Package gpu is a thin binding of WebGPU, for programs that run in a page or
// a worker of a browser. It follows the interface of JavaScript closely; what
// it adds is that no error is lost, that waiting ends when the device is lost,
// and that recording a command is cheap.
//
// # Errors
//
// WebGPU carries commands out later, and so errors come later. Those of what
// [Device.Checked] runs come back from it, all for one wait: a caller makes all
// its buffers and bind groups within one. So do those of NewShader,
// NewPipelines, NewRenderPipeline, ConfigureCanvas and Read, which wait anyway.
// Every other error is kept: the first is what [Device.Err] and [Device.Done]
// return from then on. When the device is lost, everything that waits returns a
// [LostError] at once.
//
// A call that JavaScript refuses with an exception, such as a write beyond a
// buffer, is a bug in the caller: it panics, or within Checked is an error.
//
// # Goroutines
//
// The methods may be called from any goroutine of the one thread that Go has in
// a browser. Those that return an error may wait, and let others run meanwhile.
package gpu
