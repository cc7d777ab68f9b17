//go:build js

package webgpu

import (
	"slices"
	"time"

	"segmenter/compute/webgpu/gpu"
)

// maxTimed is the number of calls that are timed between two calls of Times.
// Further ones are left out.
const maxTimed = 2048

// profile times calls. Each has a pass of its own.
type profile struct {
	stamps *gpu.Timestamps
	calls  []timedCall
}

type timedCall struct {
	operation string
	work      int
}

// next returns what times the next call, nil if there is no room.
func (p *profile) next(c call) *gpu.Timestamps {
	if len(p.calls) == maxTimed {
		return nil
	}
	p.calls = append(p.calls, timedCall{c.program.operation, c.work})
	return p.stamps
}

// An OperationTime is the time that a kind of operation took.
type OperationTime struct {
	Operation string
	Calls     int
	Time      time.Duration
	Work      int // additions and multiplications, 0 if negligible
}

// Profile times every operation from now on, which makes them take longer in all.
// It fails if the device has no timestamps ("timestamp-query").
func (d *Device) Profile() error {
	if d.profile != nil {
		return nil
	}
	stamps, err := d.gpu.NewTimestamps(maxTimed)
	if err == nil {
		d.profile = &profile{stamps: stamps}
	}
	return err
}

// Times waits, and returns the times of operations since the last call of Times,
// longest first.
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
