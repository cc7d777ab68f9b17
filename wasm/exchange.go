//go:build js && !webgpu

package main

import (
	"errors"
	"syscall/js"

	"segmenter/compute/cpu"
)

// The layout of the memory that ranks share: EXCHANGE in web/library/protocol.js.
// The page writes its first two words too. Before a photo, while no rank is
// running, it sets both to 0. When a rank gives up, it sets the round to broken, so
// that the others do not wait for ever.
const (
	roundWord   = 0 // how often all ranks have met at the barrier, or broken
	arrivedWord = 1 // how many ranks wait at the barrier
	broken      = -1
	// The two halves start here, so that the words have a cache line of their
	// own.
	headBytes = 64
)

var errBroken = errors.New("another part of the engine gave up or stopped")

// sharedMemory is a cpu.Exchange between ranks that are Go instances of their own,
// each with private memory. The bytes of an exchange are in private memory. At the
// end, every rank copies its own to a SharedArrayBuffer, waits for the others at a
// barrier, and copies everything back.
//
// The two halves of the buffer alternate, so one barrier is enough: before a rank
// writes to a half again, all ranks have reached the barrier in between, and so
// have read the half. An exchange longer than a half takes several rounds.
type sharedMemory struct {
	ranks   int
	atomics js.Value
	state   js.Value    // Int32Array of the head
	halves  [2]js.Value // Uint8Array
	half    int         // bytes of each
	views   map[part]js.Value
	private []byte
	open    []byte // the bytes of the current exchange, in private
}

// part is the bytes [from, to) of a half.
type part struct{ half, from, to int }

// maxViews is more than the number of parts of a frame, which has six per head.
const maxViews = 512

// newSharedMemory takes a SharedArrayBuffer whose head is 0.
func newSharedMemory(ranks int, buffer js.Value) *sharedMemory {
	half := (buffer.Get("byteLength").Int() - headBytes) / 2
	bytes := js.Global().Get("Uint8Array")
	return &sharedMemory{
		ranks:   ranks,
		atomics: js.Global().Get("Atomics"),
		state:   js.Global().Get("Int32Array").New(buffer, 0, headBytes/4),
		halves:  [2]js.Value{bytes.New(buffer, headBytes, half), bytes.New(buffer, headBytes+half, half)},
		half:    half,
		views:   map[part]js.Value{},
	}
}

// Begin: see [cpu.Exchange]. Memory of this size starts at a multiple of 16.
func (x *sharedMemory) Begin(n int) []byte {
	if cap(x.private) < n {
		x.private = make([]byte, max(n, 1024))
	}
	x.open = x.private[:n]
	return x.open
}

// End: see [cpu.Exchange].
func (x *sharedMemory) End(own []cpu.Span) error {
	for from := 0; from < len(x.open); from += x.half {
		if err := x.round(from, min(from+x.half, len(x.open)), own); err != nil {
			return err
		}
	}
	return nil
}

// round exchanges the bytes [from, to).
func (x *sharedMemory) round(from, to int, own []cpu.Span) error {
	round := x.atomic("load", roundWord)
	if round == broken {
		return errBroken
	}
	half := x.halves[round%2]
	for _, s := range own {
		if first, end := max(s.From, from), min(s.To, to); first < end {
			js.CopyBytesToJS(x.view(round%2, first-from, end-from), x.open[first:end])
		}
	}
	if err := x.meet(round); err != nil {
		return err
	}
	// Copying this rank's own bytes too is faster than leaving them out.
	js.CopyBytesToGo(x.open[from:to], half)
	return nil
}

// view returns a part of a half as a Uint8Array. It caches the arrays: every layer
// exchanges the same parts, and new JavaScript objects take a millisecond per frame.
func (x *sharedMemory) view(half, from, to int) js.Value {
	key := part{half, from, to}
	if v, ok := x.views[key]; ok {
		return v
	}
	if len(x.views) >= maxViews {
		clear(x.views)
	}
	v := x.halves[half].Call("subarray", from, to)
	x.views[key] = v
	return v
}

// meet is the barrier: it waits until all ranks have come.
func (x *sharedMemory) meet(round int) error {
	if x.atomic("add", arrivedWord, 1) == x.ranks-1 {
		x.atomic("store", arrivedWord, 0)
		x.atomic("compareExchange", roundWord, round, round+1) // unless it is broken
		x.atomic("notify", roundWord)
	}
	for x.atomic("load", roundWord) == round {
		x.atomics.Call("wait", x.state, roundWord, round)
	}
	if x.atomic("load", roundWord) == broken {
		return errBroken
	}
	return nil
}

// atomic calls a function of Atomics on the head.
func (x *sharedMemory) atomic(name string, word int, values ...any) int {
	return x.atomics.Call(name, append([]any{x.state, word}, values...)...).Int()
}
