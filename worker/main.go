//go:build js && wasm

// Command worker serves the site on Cloudflare Workers: it runs package site's
// handler at the edge.
//
// It answers requests that the platform's static assets cannot: the engine and
// the model in the encoding that a browser prefers, ranges, immutable addresses,
// errors. The platform serves everything else alone, with the headers of the file
// _headers (wrangler.jsonc draws the line). Bytes of files never pass through
// this program: the handler decides what to send, and worker.mjs forwards the
// platform's stream.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall/js"

	"github.com/syumai/workers"

	"segmenter/site"
	"segmenter/site/listed"
)

// edge holds the list of files and the functions of worker.mjs.
var edge = js.Global().Get("context").Get("edge")

func main() {
	files, err := listed.Read(edge.Get("files").String())
	if err != nil {
		panic(err)
	}
	handler := site.Handler(files)
	workers.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, parts := range r.Header {
			r.Header[name] = []string{strings.Join(parts, ",")} // undo splitting at commas
		}
		response := &response{ResponseWriter: w, status: http.StatusOK, body: js.Null()}
		handler.ServeHTTP(response, r)
		response.finish()
	}))
}

// response collects the handler's response, then passes it to the platform as a
// whole. The body is bytes, a stream of the platform, or null.
type response struct {
	http.ResponseWriter
	status int
	text   bytes.Buffer
	body   js.Value
}

func (w *response) WriteHeader(status int) { w.status = status }

func (w *response) Write(text []byte) (int, error) { return w.text.Write(text) }

// ReadFrom takes part of a file from [io.CopyN]. It reads no bytes, but opens that
// range in the platform's store.
func (w *response) ReadFrom(r io.Reader) (int64, error) {
	limited, ok := r.(*io.LimitedReader)
	if !ok {
		return 0, fmt.Errorf("copied from %T, expected a limited reader: see http.ServeContent", r)
	}
	file, ok := limited.R.(*listed.File)
	if !ok {
		return 0, fmt.Errorf("copied from %T, expected a listed file", limited.R)
	}
	stream, err := await(edge.Call("open", file.Path(), file.Size(), file.Offset(), limited.N))
	if err != nil {
		clear(w.Header())
		http.Error(w, "502: the platform lacks this file.", http.StatusBadGateway)
		return 0, err
	}
	w.body = stream
	return limited.N, nil
}

func (w *response) finish() {
	if w.text.Len() > 0 {
		w.body = js.Global().Get("Uint8Array").New(w.text.Len())
		js.CopyBytesToJS(w.body, w.text.Bytes())
	}
	w.ResponseWriter.WriteHeader(w.status)
	w.ResponseWriter.(interface{ WriteRawJSBody(js.Value) }).WriteRawJSBody(w.body)
}

// await waits for a promise.
func await(promise js.Value) (js.Value, error) {
	type settled struct {
		value js.Value
		err   error
	}
	done := make(chan settled, 1)
	resolved := js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- settled{value: args[0]}
		return nil
	})
	defer resolved.Release()
	rejected := js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- settled{err: errors.New(args[0].Call("toString").String())}
		return nil
	})
	defer rejected.Release()
	promise.Call("then", resolved, rejected)
	result := <-done
	return result.value, result.err
}
