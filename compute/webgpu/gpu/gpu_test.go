//go:build js

package gpu_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"segmenter/compute/webgpu/gpu"
)

// open opens a device with all features that these tests can use. When the test
// ends, it checks that no unexpected error came and no buffer was left.
func open(t testing.TB) *gpu.Device {
	t.Helper()
	d := openBare(t)
	t.Cleanup(func() {
		if err := d.Err(); err != nil {
			t.Errorf("the device kept an error: %v", err)
		}
		if buffers, size := d.Live(); buffers != 0 || size != 0 {
			t.Errorf("%d buffers of %d bytes were left", buffers, size)
		}
	})
	return d
}

func openBare(t testing.TB) *gpu.Device {
	t.Helper()
	if process := js.Global().Get("process"); process.Truthy() && process.Get("versions").Truthy() {
		t.Skip("Node.js has no WebGPU")
	}
	d, err := gpu.Open(gpu.Options{Features: []string{"shader-f16", "subgroups", "timestamp-query", "nonsense"}})
	if errors.Is(err, gpu.ErrNone) && !inChromium() {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// inChromium reports whether this is Chromium, in which the tests must find a GPU.
func inChromium() bool {
	return strings.Contains(js.Global().Get("navigator").Get("userAgent").String(), "Chrome/")
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		ok(t, err)
		return v
	}
}

func pipeline(t testing.TB, d *gpu.Device, wgsl string) *gpu.Pipeline {
	t.Helper()
	shader := must[*gpu.Shader](t)(d.NewShader("test", wgsl))
	return must[[]*gpu.Pipeline](t)(d.NewPipelines([]gpu.PipelineSpec{{Label: "test", Shader: shader, Entry: "main"}}))[0]
}

func buffer(t testing.TB, d *gpu.Device, size int) *gpu.Buffer {
	t.Helper()
	b := d.NewBuffer("test", size, gpu.Storage|gpu.CopySrc|gpu.CopyDst)
	t.Cleanup(b.Destroy)
	return b
}

func group(d *gpu.Device, p *gpu.Pipeline, buffers ...*gpu.Buffer) *gpu.BindGroup {
	var list []gpu.Binding
	for _, b := range buffers {
		list = append(list, b)
	}
	return d.NewBindGroup(p, 0, list...)
}

// dispatch records and submits one pass of x workgroups.
func dispatch(d *gpu.Device, p *gpu.Pipeline, g *gpu.BindGroup, x int, times *gpu.Timestamps) {
	e := d.NewEncoder("test")
	e.BeginCompute("test", times)
	e.SetPipeline(p)
	e.SetBindGroup(0, g)
	e.Dispatch(x, 1, 1)
	e.End()
	d.Submit(e)
}

func floats(values ...float32) []byte {
	var out []byte
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}

func is[E error](t *testing.T, err error) E {
	t.Helper()
	found, yes := errors.AsType[E](err)
	if !yes {
		t.Fatalf("got the error %v, want a %T", err, found)
	}
	return found
}

const add = `
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> sum: array<f32>;
override factor = 1.0;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
	if id.x < arrayLength(&sum) { sum[id.x] = a[id.x] + factor * b[id.x]; }
}`

func TestInfo(t *testing.T) {
	d := open(t)
	t.Logf("%+v", d.Info())
	if d.Info().Vendor == "" || d.Has("nonsense") || d.Limit("nonsense") != 0 {
		t.Errorf("got %+v", d.Info())
	}
	for _, name := range []string{"maxBufferSize", "maxStorageBufferBindingSize", "maxComputeWorkgroupStorageSize"} {
		t.Log(name, d.Limit(name))
		if d.Limit(name) < 1<<14 {
			t.Errorf("%s is %d", name, d.Limit(name))
		}
	}
}

func TestAdd(t *testing.T) {
	d := open(t)
	shader := must[*gpu.Shader](t)(d.NewShader("add", add))
	pipelines := must[[]*gpu.Pipeline](t)(d.NewPipelines([]gpu.PipelineSpec{
		{Label: "once", Shader: shader, Entry: "main"},
		{Label: "ten times", Shader: shader, Entry: "main", Constants: map[string]float64{"factor": 10}},
	}))
	a, b, sum := buffer(t, d, 12), buffer(t, d, 12), buffer(t, d, 10)
	if sum.Size() != 12 {
		t.Errorf("the size is %d, want 12", sum.Size())
	}
	d.Write(a, 0, floats(1, 2, 3))
	d.Write(b, 4, floats(5, 6))
	for i, want := range [][]byte{floats(1, 7, 9), floats(1, 52, 63)} {
		dispatch(d, pipelines[i], group(d, pipelines[i], a, b, sum), 1, nil)
		before, got := d.BytesRead(), make([]byte, 12)
		ok(t, d.Read(got, sum, 0))
		if !bytes.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if n := d.BytesRead() - before; n != 12 {
			t.Errorf("counted %d bytes read, want 12", n)
		}
	}
	ok(t, d.Done())
}

// TestBytes writes and reads a number of bytes that is not a multiple of a word, and
// more than Write passes to the browser at a time.
func TestBytes(t *testing.T) {
	d := open(t)
	data := make([]byte, 9<<20+3)
	for i := range data {
		data[i] = byte(i * 7 >> 3)
	}
	b, c := buffer(t, d, len(data)), buffer(t, d, len(data)+8)
	d.Write(b, 0, data)
	e := d.NewEncoder("copy")
	e.Copy(c, 8, b, 0, b.Size())
	d.Submit(e)
	got := make([]byte, len(data))
	ok(t, d.Read(got, c, 8))
	if !bytes.Equal(got, data) {
		t.Error("Read returned other bytes than were written")
	}
	ok(t, d.Read(nil, c, 0))
}

func TestShaderError(t *testing.T) {
	d := open(t)
	_, err := d.NewShader("bad", "@compute @workgroup_size(1)\nfn main() {\n  let x: u32 = 1.5;\n}")
	shaderError := is[gpu.ShaderError](t, err)
	if len(shaderError.Messages) != 1 || shaderError.Messages[0].Line != 3 || !strings.Contains(err.Error(), "3:") {
		t.Errorf("got %v, want an error in line 3", err)
	}
	ok(t, d.Done())
}

func TestPipelineErrors(t *testing.T) {
	d := open(t)
	shader := must[*gpu.Shader](t)(d.NewShader("add", add))
	_, err := d.NewPipelines([]gpu.PipelineSpec{
		{Label: "good", Shader: shader, Entry: "main"}, {Label: "bad", Shader: shader, Entry: "missing"},
	})
	is[gpu.ValidationError](t, err)
	if !strings.Contains(err.Error(), "pipeline bad") || strings.Contains(err.Error(), "pipeline good") {
		t.Errorf("got %v", err)
	}
	ok(t, d.Done())
}

// TestMany makes 400 buffers and 200 bind groups and waits once.
func TestMany(t *testing.T) {
	d := open(t)
	p := pipeline(t, d, add)
	ok(t, d.Checked("make many", func() {
		for range 200 {
			b := buffer(t, d, 256)
			group(d, p, b, b, buffer(t, d, 256))
		}
	}))
	if buffers, size := d.Live(); buffers != 400 || size != 400*256 {
		t.Errorf("%d buffers of %d bytes live, want 400 of %d", buffers, size, 400*256)
	}
}

func TestChecked(t *testing.T) {
	d := open(t)
	p := pipeline(t, d, add)
	b := buffer(t, d, 256)
	err := d.Checked("bind too few", func() { group(d, p, b) })
	is[gpu.ValidationError](t, err)
	if !strings.HasPrefix(err.Error(), "bind too few: ") {
		t.Errorf("got %v", err)
	}
	if err := d.Checked("throw", func() { d.NewEncoder("test").BeginRender("test", &gpu.View{}) }); err == nil {
		t.Error("Checked returned no error for an exception")
	}
	err = d.Checked("make a huge buffer", func() { buffer(t, d, d.Limit("maxBufferSize")+4) })
	is[gpu.ValidationError](t, err)
	ok(t, d.Checked("nothing", func() {}))
	ok(t, d.Done())
}

// TestCheckedPanic checks that a panic ends the scopes, so that later errors still
// arrive.
func TestCheckedPanic(t *testing.T) {
	d := openBare(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Checked swallowed the panic")
			}
		}()
		d.Checked("panic", func() { panic("bug") })
	}()
	d.NewBindGroup(pipeline(t, d, add), 0)
	is[gpu.ValidationError](t, d.Done())
}

func TestUncaptured(t *testing.T) {
	d := openBare(t)
	p := pipeline(t, d, add)
	b := buffer(t, d, 256)
	g := group(d, p, b) // too few
	dispatch(d, p, g, 1, nil)
	first := is[gpu.ValidationError](t, d.Done()) // the dispatch is invalid too, but only as a result
	if !strings.Contains(first.Error(), "CreateBindGroup") {
		t.Errorf("got %v, want the first error, about the bind group", first)
	}
	ok(t, d.Err())
	ok(t, d.Done())
	ok(t, d.Read(make([]byte, 4), b, 0))
	dispatch(d, p, g, 1, nil)
	is[gpu.ValidationError](t, d.Read(make([]byte, 4), b, 0))
	ok(t, d.Done())
}

// TestReadError checks that Read returns its own errors, and clears them.
func TestReadError(t *testing.T) {
	d := open(t)
	b := d.NewBuffer("test", 16, gpu.Storage)
	defer b.Destroy()
	is[gpu.ValidationError](t, d.Read(make([]byte, 4), b, 0))
	ok(t, d.Done())
	ok(t, d.Read(make([]byte, 4), buffer(t, d, 16), 0))
}

const slow = `
@group(0) @binding(0) var<storage, read_write> b: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
	var x = b[id.x];
	for (var i = 0u; i < 20000u; i++) { x = sin(x) + 1; }
	b[id.x] = x;
}`

// TestDestroy loses the device while the GPU works and goroutines wait.
func TestDestroy(t *testing.T) {
	d := openBare(t)
	p := pipeline(t, d, slow)
	b := buffer(t, d, 16<<10)
	dispatch(d, p, group(d, p, b), 64, nil)
	waits := map[string]func() error{
		"Done":      d.Done,
		"Read":      func() error { return d.Read(make([]byte, 4), b, 0) },
		"Checked":   func() error { return d.Checked("nothing", func() {}) },
		"NewShader": func() error { _, err := d.NewShader("add", add); return err },
	}
	type end struct {
		name string
		err  error
	}
	ends := make(chan end, len(waits))
	for name, wait := range waits {
		go func() { ends <- end{name, wait()} }()
	}
	time.Sleep(10 * time.Millisecond) // all wait now
	begin := time.Now()
	d.Destroy()
	for range waits {
		if e := <-ends; e.name == "Done" || e.name == "Read" {
			is[gpu.LostError](t, e.err)
		} else {
			t.Log(e.name, e.err) // it may have ended before
		}
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("waiting ended only after %v", took)
	}
	<-d.Lost()
	if lost := is[gpu.LostError](t, d.Err()); lost.Reason != "destroyed" {
		t.Errorf("got %v", lost)
	}
	for _, wait := range waits {
		is[gpu.LostError](t, wait())
	}
	d.NewBuffer("late", 4, gpu.Storage) // must not panic
}

func TestClose(t *testing.T) {
	d := openBare(t)
	p := pipeline(t, d, slow)
	b := buffer(t, d, 16<<10)
	dispatch(d, p, group(d, p, b), 64, nil)
	done := make(chan error)
	go func() { done <- d.Done() }()
	time.Sleep(10 * time.Millisecond)
	d.Close()
	d.Close()
	if err := <-done; !errors.Is(err, gpu.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
	time.Sleep(200 * time.Millisecond) // meanwhile the browser reports the loss
	select {
	case <-d.Lost():
		t.Error("a closed device counts as lost")
	default:
	}
	ok(t, d.Err())
	if err := d.Done(); !errors.Is(err, gpu.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func TestTimestamps(t *testing.T) {
	d := open(t)
	if !d.Has("timestamp-query") {
		if _, err := d.NewTimestamps(1); err == nil {
			t.Error("made timestamps without the feature")
		}
		t.Skip("the device has no timestamp-query")
	}
	times := must[*gpu.Timestamps](t)(d.NewTimestamps(2))
	defer times.Destroy()
	p := pipeline(t, d, slow)
	g := group(d, p, buffer(t, d, 16<<10))
	for range 2 { // timestamps can be reused
		dispatch(d, p, g, 1, times)
		dispatch(d, p, g, 8, times)
		got := must[[]time.Duration](t)(times.Read())
		t.Log(got)
		if len(got) != 2 || got[0] <= 0 || got[1] <= 0 {
			t.Errorf("got %v, want two times", got)
		}
	}
	for range 3 {
		dispatch(d, p, g, 1, times)
	}
	if _, err := times.Read(); err == nil {
		t.Error("three passes with room for two: want an error")
	}
	if got := must[[]time.Duration](t)(times.Read()); len(got) != 0 {
		t.Errorf("got %v, want no times", got)
	}
}

const pixels = `
@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) {
	out[id.y * textureDimensions(picture).x + id.x] = pack4x8unorm(textureLoad(picture, id.xy, 0));
}`

// read returns the pixels of a picture, as RGBA.
func read(t *testing.T, d *gpu.Device, v *gpu.View, width, height int) []byte {
	t.Helper()
	p, out := pipeline(t, d, pixels), buffer(t, d, 4*width*height)
	var g *gpu.BindGroup
	ok(t, d.Checked("bind", func() {
		g = d.NewBindGroup(p, 0, v, out)
	}))
	e := d.NewEncoder("pixels")
	e.BeginCompute("pixels", nil)
	e.SetPipeline(p)
	e.SetBindGroup(0, g)
	e.Dispatch(width, height, 1)
	e.End()
	d.Submit(e)
	got := make([]byte, out.Size())
	ok(t, d.Read(got, out, 0))
	return got
}

// drawn returns a canvas whose left half is red and whose right half is blue.
func drawn(width, height int) js.Value {
	canvas := js.Global().Get("OffscreenCanvas").New(width, height)
	context := canvas.Call("getContext", "2d")
	context.Set("fillStyle", "#ff0000")
	context.Call("fillRect", 0, 0, width/2, height)
	context.Set("fillStyle", "#0000ff")
	context.Call("fillRect", width/2, 0, width/2, height)
	return canvas
}

func TestCopyExternalImage(t *testing.T) {
	d := open(t)
	canvas := drawn(4, 2)
	picture := d.NewTexture("picture", 4, 2, "rgba8unorm",
		gpu.TextureBinding|gpu.TextureCopyDst|gpu.RenderAttachment)
	defer picture.Destroy()
	want := bytes.Repeat([]byte{255, 0, 0, 255, 255, 0, 0, 255, 0, 0, 255, 255, 0, 0, 255, 255}, 2)
	frame := js.Global().Get("VideoFrame").New(canvas, map[string]any{"timestamp": 0})
	bitmap := canvas.Call("transferToImageBitmap")
	for i, source := range []js.Value{bitmap, frame} {
		ok(t, d.CopyExternalImage(source, picture, 4, 2))
		if got := read(t, d, picture.View(), 4, 2); !bytes.Equal(got, want) {
			t.Errorf("source %d: got %v, want %v", i, got, want)
		}
	}
	frame.Call("close")
	if err := d.CopyExternalImage(frame, picture, 4, 2); err == nil {
		t.Error("copied a closed frame")
	}
	if err := d.CopyExternalImage(js.Global(), picture, 4, 2); err == nil {
		t.Error("copied an object that is not a picture")
	}
	ok(t, d.Done())
}

const triangle = `
override green = 0.0;
@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var filtering: sampler;
@vertex fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
	return vec4f(f32(i & 1) * 4 - 1, f32(i >> 1) * 4 - 1, 0, 1);
}
@fragment fn colour(@builtin(position) at: vec4f) -> @location(0) vec4f {
	let colour = textureSample(picture, filtering, at.xy / vec2f(4, 2));
	return vec4f(colour.r, green, colour.b, 1);
}`

// TestCanvas draws a picture to a canvas and reads the canvas's pixels.
func TestCanvas(t *testing.T) {
	d := open(t)
	if _, err := d.ConfigureCanvas(drawn(4, 2)); err == nil {
		t.Error("configured a canvas with a context of another kind")
	}
	shown := js.Global().Get("OffscreenCanvas").New(4, 2)
	canvas := must[*gpu.Canvas](t)(d.ConfigureCanvas(shown))
	shader := must[*gpu.Shader](t)(d.NewShader("triangle", triangle))
	spec := gpu.RenderSpec{Label: "triangle", Shader: shader, Vertex: "corner", Fragment: "colour", Format: canvas.Format()}
	p := must[*gpu.Pipeline](t)(d.NewRenderPipeline(spec))
	picture := d.NewTexture("picture", 4, 2, "rgba8unorm",
		gpu.TextureBinding|gpu.TextureCopyDst|gpu.RenderAttachment)
	defer picture.Destroy()
	ok(t, d.CopyExternalImage(drawn(4, 2), picture, 4, 2))
	ok(t, d.Checked("draw", func() {
		sampler := d.NewSampler("nearest")
		g := d.NewBindGroup(p, 0, picture.View(), sampler)
		e := d.NewEncoder("draw")
		e.BeginRender("draw", must[*gpu.View](t)(canvas.CurrentView()))
		e.SetPipeline(p)
		e.SetBindGroup(0, g)
		e.Draw(3)
		e.End()
		d.Submit(e)
	}))
	flat := js.Global().Get("OffscreenCanvas").New(4, 2).Call("getContext", "2d")
	flat.Call("drawImage", shown, 0, 0)
	got := make([]byte, 4*2*4)
	js.CopyBytesToGo(got, flat.Call("getImageData", 0, 0, 4, 2).Get("data"))
	want := bytes.Repeat([]byte{255, 0, 0, 255, 255, 0, 0, 255, 0, 0, 255, 255, 0, 0, 255, 255}, 2)
	if !bytes.Equal(got, want) {
		t.Errorf("the canvas shows %v, want %v", got, want)
	}
	spec.Fragment = "missing"
	_, err := d.NewRenderPipeline(spec)
	is[gpu.ValidationError](t, err)
}

// TestRounds checks that a thousand frames leave no buffers behind.
func TestRounds(t *testing.T) {
	d := open(t)
	p := pipeline(t, d, add)
	a, b, sum := buffer(t, d, 64), buffer(t, d, 64), buffer(t, d, 64)
	g := group(d, p, a, b, sum)
	buffers, size := d.Live()
	got := make([]byte, 4)
	begin := time.Now()
	const rounds = 1000
	for i := range rounds {
		d.Write(a, 0, floats(float32(i)))
		dispatch(d, p, g, 1, nil)
		ok(t, d.Read(got, sum, 0))
		if !bytes.Equal(got, floats(float32(i))) {
			t.Fatalf("round %d: got %v", i, got)
		}
	}
	t.Logf("%v per round", time.Since(begin)/rounds)
	if b, s := d.Live(); b != buffers || s != size {
		t.Errorf("%d buffers of %d bytes live, %d of %d before", b, s, buffers, size)
	}
	if n := d.BytesRead(); n != rounds*4 {
		t.Errorf("counted %d bytes read, want %d", n, rounds*4)
	}
}

// TestConcurrentReads reads from several goroutines at once.
func TestConcurrentReads(t *testing.T) {
	d := open(t)
	b := buffer(t, d, 64)
	d.Write(b, 0, floats(0, 1, 2, 3))
	errs := make(chan error)
	for i := range 4 {
		go func() {
			got := make([]byte, 4)
			err := d.Read(got, b, 4*i)
			if err == nil && !bytes.Equal(got, floats(float32(i))) {
				err = fmt.Errorf("word %d is %v", i, got)
			}
			errs <- err
		}()
	}
	for range 4 {
		ok(t, <-errs)
	}
}

// BenchmarkDispatch times recording, in passes of 150 calls, as many as a frame has.
// They are not submitted.
func BenchmarkDispatch(b *testing.B) {
	d := open(b)
	p := pipeline(b, d, add)
	g := group(d, p, buffer(b, d, 64), buffer(b, d, 64), buffer(b, d, 64))
	for name, call := range map[string]func(e *gpu.Encoder){
		"Dispatch":     func(e *gpu.Encoder) { e.Dispatch(1, 300, 1) },
		"SetPipeline":  func(e *gpu.Encoder) { e.SetPipeline(p) },
		"SetBindGroup": func(e *gpu.Encoder) { e.SetBindGroup(0, g) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for n := 0; n < b.N; n += 150 {
				e := d.NewEncoder("test")
				e.BeginCompute("test", nil)
				for range min(150, b.N-n) {
					call(e)
				}
				e.End()
			}
		})
	}
	ok(b, d.Done())
}

func BenchmarkDone(b *testing.B) {
	d := open(b)
	for b.Loop() {
		ok(b, d.Done())
	}
}
