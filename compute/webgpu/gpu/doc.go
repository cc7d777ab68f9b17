// Package gpu is a thin binding of WebGPU, for programs that run in a page or
// a worker of a browser. It follows the interface of JavaScript closely; what
// it adds is that no error is lost, that waiting ends when the device is lost,
// and that recording a command is cheap.
//
// # Errors
//
// WebGPU carries commands out later, and so errors come later. Those of what
// [Device.Checked] runs come back from it, all for one wait: a caller can make
// hundreds of buffers and bind groups within one. So do those of NewShader,
// NewPipelines, NewRenderPipeline, NewTimestamps and ConfigureCanvas, which wait
// anyway. Every other error is kept: the first is what [Device.Err],
// [Device.Done] and [Device.Read] return from then on. When the device is lost,
// everything that waits returns a [LostError] at once.
//
// Where JavaScript throws an exception, methods that return an error return it.
// In others it is a bug in the caller and panics, or is what Checked returns.
//
// # Goroutines
//
// The methods may be called from any goroutine of the one thread that Go has in
// a browser. Those that return an error may wait, and let others run meanwhile.
package gpu
