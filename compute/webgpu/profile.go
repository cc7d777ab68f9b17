//go:build js

package webgpu

import (
	"slices"
	"time"

	"segmenter/compute/webgpu/gpu"
)

// mostTimed is how many calls are timed between two calls of Times. Further
// ones are left out.
const mostTimed = 2048

// profile times calls, each in a pass of its own.
type profile struct {
	stamps *gpu.Timestamps
	calls  []timedCall
}

type timedCall struct {
	operation string
	work      int
}

// next is what the next call is timed with, nil if there is no room.
func (p *profile) next(c call) *gpu.Timestamps {
	if len(p.calls) == mostTimed {
		return nil
	}
	p.calls = append(p.calls, timedCall{c.program.operation, c.work})
	return p.stamps
}

// An OperationTime is what a kind of operation took.
type OperationTime struct {
	Operation string
	Calls     int
	Time      time.Duration
	Work      int // additions and multiplications; 0 where they do not matter
}

// Profile has every operation timed from now on. It fails where the device has
// no timestamps ("timestamp-query"). Together, operations then take longer.
func (d *Device) Profile() error {
	if d.profile != nil {
		return nil
	}
	stamps, err := d.gpu.NewTimestamps(mostTimed)
	if err == nil {
		d.profile = &profile{stamps: stamps}
	}
	return err
}

// Times waits, and returns what operations took since the last call of Times,
// the longest first.
func (d *Device) Times() ([]OperationTime, error) {
	d.send()
	if d.profile == nil {
		return nil, nil
	}
	calls := d.profile.calls
	d.profile.calls = nil
	took, err := d.profile.stamps.Read()
	if err != nil {
		return nil, err
	}
	var list []OperationTime
	for i, c := range calls {
		at := slices.IndexFunc(list, func(o OperationTime) bool { return o.Operation == c.operation })
		if at < 0 {
			at = len(list)
			list = append(list, OperationTime{Operation: c.operation})
		}
		list[at].Calls++
		list[at].Time += took[i]
		list[at].Work += c.work
	}
	slices.SortStableFunc(list, func(a, b OperationTime) int { return int(b.Time - a.Time) })
	return list, nil
}
