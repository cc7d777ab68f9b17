// Package gpu is a thin binding of WebGPU, for programs in a page or a worker of a
// browser. It follows the JavaScript interface closely, and adds three things: no
// error is lost, waiting ends when the device is lost, and recording a command is
// cheap.
//
// # Errors
//
// WebGPU runs commands later, so errors come later. [Device.Checked] returns those
// of the calls that it runs, after a single wait: a caller can make hundreds of
// buffers and bind groups in one Checked. NewShader, NewPipelines,
// NewRenderPipeline, NewTimestamps and ConfigureCanvas wait anyway, and return
// their own errors. The device keeps the first of all other errors; [Device.Err]
// returns it, and [Device.Done] and [Device.Read] return and clear it. When the
// device is lost, everything that waits returns a [LostError] at once.
//
// Where JavaScript throws an exception, methods that return an error return it.
// In other methods it is a bug in the caller: they panic, or Checked returns it.
//
// # Goroutines
//
// Any goroutine of the one thread that Go has in a browser may call the methods.
// Those that return an error may wait, and let other goroutines run.
package gpu
