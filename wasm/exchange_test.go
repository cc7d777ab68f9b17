//go:build js && !webgpu

package main

import (
	"bytes"
	"errors"
	"fmt"
	"syscall/js"
	"testing"

	"segmenter/compute/cpu"
	"segmenter/photo"
)

// sharedBuffer makes a SharedArrayBuffer with halves of the given size, in bytes.
func sharedBuffer(t testing.TB, half int) js.Value {
	t.Helper()
	constructor := js.Global().Get("SharedArrayBuffer")
	if constructor.IsUndefined() {
		t.Skip("this platform has no SharedArrayBuffer")
	}
	return constructor.New(headBytes + 2*half)
}

// newTeam makes ranks that run in one thread. When a rank would wait, the next has
// its turn; the last finds all others at the barrier.
func newTeam(t *testing.T, buffer js.Value, turn []func()) []*sharedMemory {
	ranks := make([]*sharedMemory, len(turn))
	for i := range ranks {
		ranks[i] = newSharedMemory(len(ranks), buffer)
		wait := js.FuncOf(func(js.Value, []js.Value) any {
			if i+1 == len(turn) {
				panic("the last rank must not wait")
			}
			turn[i+1]()
			return nil
		})
		t.Cleanup(wait.Release)
		atomics := js.Global().Get("Object").New()
		for _, name := range []string{"add", "load", "store", "compareExchange", "notify"} {
			atomics.Set(name, ranks[i].atomics.Get(name))
		}
		atomics.Set("wait", wait)
		ranks[i].atomics = atomics
	}
	return ranks
}

// TestExchange makes exchanges shorter and longer than the buffer, with spans that
// end anywhere.
func TestExchange(t *testing.T) {
	const half = 100
	for _, count := range []int{1, 2, 3} {
		t.Run(fmt.Sprint(count, " ranks"), func(t *testing.T) {
			turn := make([]func(), count)
			ranks := newTeam(t, sharedBuffer(t, half), turn)
			for _, n := range []int{1, 8, half, half + 1, 5*half - 7} {
				want, spans := make([]byte, n), make([][]cpu.Span, count)
				for at := 0; at < n; at += 13 {
					owner := at % count
					end := min(at+13, n)
					spans[owner] = append(spans[owner], cpu.Span{From: at, To: end})
				}
				for i := range want {
					want[i] = byte(i*7 + n)
				}
				got := make([][]byte, count)
				for i, x := range ranks {
					got[i] = x.Begin(n)
					clear(got[i])
					for _, s := range spans[i] {
						copy(got[i][s.From:s.To], want[s.From:])
					}
					from := 0
					turn[i] = func() { // one round of a rank other than the first
						to := min(from+half, n)
						if err := x.round(from, to, spans[i]); err != nil {
							t.Error(err)
						}
						from = to
					}
				}
				if err := ranks[0].End(spans[0]); err != nil {
					t.Fatal(err)
				}
				for i := range ranks {
					if !bytes.Equal(got[i], want) {
						t.Errorf("%d bytes: rank %d sees\n%d, expected\n%d", n, i, got[i], want)
					}
				}
			}
		})
	}
}

// TestBrokenExchange does what the page does when a rank gives up, and before the
// next photo.
func TestBrokenExchange(t *testing.T) {
	turn := make([]func(), 2)
	buffer := sharedBuffer(t, 1000)
	ranks := newTeam(t, buffer, turn)
	page := js.Global().Get("Int32Array").New(buffer, 0, 2)

	x := ranks[0]
	turn[1] = func() { page.SetIndex(roundWord, broken) }
	x.Begin(10)
	if err := x.End(nil); !errors.Is(err, errBroken) {
		t.Errorf("the rank that waited got %v, expected %v", err, errBroken)
	}
	x.Begin(10)
	if err := x.End(nil); !errors.Is(err, errBroken) {
		t.Errorf("the rank that came later got %v, expected %v", err, errBroken)
	}

	page.SetIndex(roundWord, 0)
	page.SetIndex(arrivedWord, 0)
	ranks[1].Begin(10)[9] = 9
	turn[1] = func() { ranks[1].round(0, 10, []cpu.Span{{From: 9, To: 10}}) }
	data := x.Begin(10)
	if err := x.End(nil); err != nil || data[9] != 9 {
		t.Errorf("after the reset: %v, %d", err, data)
	}

	// The last rank to come must not reset it.
	page.SetIndex(arrivedWord, 1)
	round := x.atomic("load", roundWord)
	page.SetIndex(roundWord, broken)
	if err := x.meet(round); !errors.Is(err, errBroken) {
		t.Errorf("the last rank got %v, expected %v", err, errBroken)
	}
}

// replay is an exchange in which another rank fills all bytes.
type replay struct {
	data []byte // still to come
	open []byte
}

func (x *replay) Begin(n int) []byte {
	x.open = make([]byte, n)
	return x.open
}

func (x *replay) End([]cpu.Span) error {
	x.data = x.data[copy(x.open, x.data):]
	return nil
}

// recording is an exchange of one rank that keeps the rank's bytes.
type recording struct {
	replay
	all []byte
}

func (x *recording) End(own []cpu.Span) error {
	for _, s := range own {
		x.all = append(x.all, x.open[s.From:s.To]...)
	}
	return nil
}

// TestSharedFrame writes and reads a frame of several strips, the last one shorter.
func TestSharedFrame(t *testing.T) {
	frame := &photo.Image{Height: 1000, Width: 2000, Pix: make([]byte, 3*1000*2000)}
	for i := range frame.Pix {
		frame.Pix[i] = byte(i / 3 * 31 >> 4)
	}
	var first recording
	read := func(x cpu.Exchange, from *photo.Image) {
		t.Helper()
		shared, err := showFrame(x, from)
		if err != nil {
			t.Fatal(err)
		}
		var got photo.Image
		got.Height, got.Width = shared.Size()
		if got.Height != frame.Height || got.Width != frame.Width {
			t.Fatalf("%d×%d pixels, expected %d×%d", got.Width, got.Height, frame.Width, frame.Height)
		}
		if err := new(photo.Resizer).Resize(&got, shared, photo.Cubic); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Pix, frame.Pix) {
			t.Error("the pixels differ")
		}
	}
	read(&first, frame)
	read(&replay{data: first.all}, nil)
}

// BenchmarkExchange times an exchange without the waiting: the keys and values of
// 1024 tokens, half of them this rank's.
//
//	GOOS=js GOARCH=wasm go test -bench Exchange ./wasm
func BenchmarkExchange(b *testing.B) {
	const n = 1024 * 2 * 192 * 4
	x := newSharedMemory(1, sharedBuffer(b, 8<<20))
	var own []cpu.Span
	for head := range 3 {
		own = append(own, cpu.Span{From: head * n / 3, To: head*n/3 + n/12}, cpu.Span{From: head*n/3 + n/6, To: head*n/3 + n/6 + n/12})
	}
	b.SetBytes(n)
	b.ReportAllocs()
	for b.Loop() {
		x.Begin(n)
		if err := x.End(own); err != nil {
			b.Fatal(err)
		}
	}
}
