//go:build js

package gpu

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall/js"
	"time"
)

// Timestamps time compute passes on the GPU.
type Timestamps struct {
	device *Device
	set    js.Value // GPUQuerySet
	result *Buffer
	room   int // for so many passes
	passes int // begun since the last Read
}

// A pass has two timestamps, each of 8 bytes in nanoseconds.
const (
	stampBytes = 8
	passBytes  = 2 * stampBytes
)

// NewTimestamps makes room for the times of n passes. It fails if the device lacks
// the feature "timestamp-query".
func (d *Device) NewTimestamps(n int) (*Timestamps, error) {
	const feature = "timestamp-query"
	if !d.Has(feature) {
		return nil, errors.New("gpu: the device has no " + feature)
	}
	t := &Timestamps{device: d, room: n}
	err := d.Checked("make timestamps", func() {
		t.set = d.value.Call("createQuerySet", map[string]any{"type": "timestamp", "count": 2 * n})
		t.result = d.NewBuffer("timestamps", n*passBytes, QueryResolve|CopySrc)
	})
	if err != nil {
		if t.result != nil {
			t.Destroy()
		}
		return nil, err
	}
	return t, nil
}

// next times a pass. It leaves out passes for which there is no room; Read then
// fails.
func (t *Timestamps) next(pass map[string]any) {
	if t.passes < t.room {
		pass["timestampWrites"] = map[string]any{
			"querySet": t.set, "beginningOfPassWriteIndex": 2 * t.passes, "endOfPassWriteIndex": 2*t.passes + 1,
		}
	}
	t.passes++
}

// Read waits, and returns the times of the passes begun with t since the last Read.
// All of them must have been submitted. Browsers may round the times.
func (t *Timestamps) Read() ([]time.Duration, error) {
	d, n := t.device, t.passes
	t.passes = 0
	if n > t.room {
		return nil, fmt.Errorf("gpu: expected at most %d passes to time, found %d", t.room, n)
	}
	if n == 0 {
		return nil, nil
	}
	err := d.Checked("read timestamps", func() {
		e := d.NewEncoder("timestamps")
		e.value.(js.Value).Call("resolveQuerySet", t.set, 0, 2*n, t.result.value, 0)
		d.Submit(e)
	})
	if err != nil {
		return nil, err
	}
	stamps := make([]byte, n*passBytes)
	if err := d.Read(stamps, t.result, 0); err != nil {
		return nil, err
	}
	times := make([]time.Duration, n)
	for i := range times {
		pair := stamps[i*passBytes:]
		begin, end := binary.LittleEndian.Uint64(pair), binary.LittleEndian.Uint64(pair[stampBytes:])
		times[i] = max(0, time.Duration(end-begin)) // a GPU may set its clock back
	}
	return times, nil
}

// Destroy frees the memory.
func (t *Timestamps) Destroy() {
	t.set.Call("destroy")
	t.result.Destroy()
}
