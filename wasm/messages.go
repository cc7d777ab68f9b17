//go:build js

package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"syscall/js"
	"time"

	"segmenter/compute"
	"segmenter/model"
)

// This file is Go's side of web/library/protocol.js; messages of one engine alone
// are in cpu.go and webgpu.go. A read function reads a request, a write function
// makes an answer; the rest of its name is the name in the protocol. No other
// function names a field. A test compares the fields (web/tests/protocol.test.js).

// A message is an object of the protocol. Missing fields are undefined.
type message struct{ js.Value }

func (m message) has(field string) bool { return m.Get(field).Truthy() }

func (m message) object(field string) message { return message{m.Get(field)} }

// number returns a whole number, 0 if the field is missing.
func (m message) number(field string) int { return int(m.float(field)) }

// float returns a number, 0 if the field is missing.
func (m message) float(field string) float64 {
	if v := m.Get(field); !v.IsUndefined() {
		return v.Float()
	}
	return 0
}

// text returns a string, "" if the field is missing.
func (m message) text(field string) string {
	if v := m.Get(field); !v.IsUndefined() {
		return v.String()
	}
	return ""
}

type loadRequest struct {
	bytes      js.Value // Uint8Array
	arrived    js.Value // Int32Array, or undefined
	arithmetic string
	profile    bool
}

func readLoad(m message) loadRequest {
	return loadRequest{bytes: m.Get("bytes"), arrived: m.Get("arrived"), arithmetic: m.text("arithmetic"), profile: m.has("profile")}
}

// arithmeticFor returns the arithmetic that the request asks for, or else the one
// that suits the model.
func (r loadRequest) arithmeticFor(m *model.Model) compute.Arithmetic {
	switch r.arithmetic {
	case "int8":
		return compute.Int8
	case "float":
		return compute.Float32
	}
	return model.Arithmetic(m)
}

func writeLoad(m *model.Model, gpu any) any {
	decoders, classes := []any{}, []any{}
	for _, d := range m.Decoders() {
		decoders = append(decoders, string(d))
	}
	for id, c := range m.Classes {
		classes = append(classes, writeClass(id, c.Name, fmt.Sprint(c.Colour)))
	}
	return map[string]any{
		"name":       m.Name,
		"encoder":    m.EncoderID(),
		"licence":    m.Licence,
		"source":     m.Source,
		"decoders":   decoders,
		"classes":    classes,
		"patch":      m.Architecture.Patch,
		"size":       m.Size,
		"depth":      m.Architecture.Depth,
		"heads":      m.Architecture.Heads,
		"parameters": m.Parameters(),
		"precision":  m.Precision(),
		"gpu":        gpu,
	}
}

func writeClass(id int, name, colour string) any {
	return map[string]any{"id": id, "name": name, "colour": colour}
}

type segmentRequest struct {
	height, width int
	bitmap        js.Value // ImageBitmap, VideoFrame or canvas; undefined if there is none
	readRows      js.Value // function
	onProgress    js.Value // function
	mask          bool
	painting      message // undefined if there is none
	options       model.Options
}

func readSegment(m message) segmentRequest {
	return segmentRequest{
		height:     m.number("height"),
		width:      m.number("width"),
		bitmap:     m.Get("bitmap"),
		readRows:   m.Get("readRows"),
		onProgress: m.Get("onProgress"),
		mask:       m.has("mask"),
		painting:   m.object("painting"),
		options:    readOptions(m.object("options")),
	}
}

func readOptions(m message) model.Options {
	return model.Options{
		Decoder:    model.Decoder(m.text("decoder")),
		Size:       m.number("size"),
		Window:     m.number("window"),
		Stride:     m.number("stride"),
		Smoothing:  m.float("smoothing"),
		Refine:     m.has("refine"),
		MaskHeight: m.number("maskHeight"),
		MaskWidth:  m.number("maskWidth"),
	}
}

func writeProgress(done, total int) any {
	return map[string]any{"done": done, "total": total}
}

// writeSegment makes the answer without a mask or an overlay, which [engine.segment]
// adds if the request asks for them.
func writeSegment(r *model.Result) map[string]any {
	areas := make([]byte, 4*len(r.Areas))
	for i, n := range r.Areas {
		binary.LittleEndian.PutUint32(areas[4*i:], uint32(n))
	}
	return map[string]any{
		"height":  r.Height,
		"width":   r.Width,
		"areas":   typedArray("Uint32Array", areas),
		"network": writeNetwork(r),
		"timings": writeTimings(r),
		"mask":    js.Undefined(),
		"overlay": js.Undefined(),
	}
}

func writeNetwork(r *model.Result) any {
	return map[string]any{"height": r.Network.Height, "width": r.Network.Width, "windows": r.Network.Windows}
}

func writeTimings(r *model.Result) any {
	return map[string]any{
		"prepare":  milliseconds(r.Times.Prepare),
		"network":  milliseconds(r.Times.Network),
		"classify": milliseconds(r.Times.Classify),
	}
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

func readClassAt(m message) (x, y int) { return m.number("x"), m.number("y") }

func readProbabilities(m message) (class int) { return m.number("classId") }

func readMatte(m message) (classes []int) {
	list := m.Get("classIds")
	for i := range list.Length() {
		classes = append(classes, list.Index(i).Int())
	}
	return classes
}

func writeScores(rows, cols, classes int, values []float32) any {
	return map[string]any{"rows": rows, "cols": cols, "classes": classes, "values": float32Array(values)}
}

func readInner(m message) model.Inner {
	return model.Inner{Kind: model.InnerKind(m.text("kind")), Block: m.number("block")}
}

func writeInner(v *model.InnerValues) any {
	return map[string]any{"rows": v.Rows, "cols": v.Cols, "tokens": v.Tokens, "width": v.Width, "values": float32Array(v.Values)}
}

// float32Array copies values to a new Float32Array.
func float32Array(values []float32) js.Value {
	data := make([]byte, 4*len(values))
	for i, v := range values {
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(v))
	}
	return typedArray("Float32Array", data)
}

// typedArray copies bytes to a new typed array of the given kind.
func typedArray(kind string, data []byte) js.Value {
	bytes := js.Global().Get("Uint8Array").New(len(data))
	js.CopyBytesToJS(bytes, data)
	if kind == "Uint8Array" {
		return bytes
	}
	return js.Global().Get(kind).New(bytes.Get("buffer"))
}
