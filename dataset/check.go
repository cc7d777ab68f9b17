package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"segmenter/photo/decode"
)

// Check reads all labels once. It calls progress after each photo, with their number so
// far, from one goroutine at a time.
func (s *Set) Check(ctx context.Context, progress func(done int)) (*Report, error) {
	c := &checker{
		report:  &Report{Layout: s.Layout, Unlabelled: s.Unlabelled, Orphans: s.Orphans, Notes: s.Notes},
		limit:   s.limit(),
		outside: make(map[string][]string),
	}
	c.report.Classes = make([]ClassCount, c.limit)
	for id := range c.report.Classes {
		c.report.Classes[id].ID, c.report.Classes[id].Name = id, fmt.Sprint("value ", id)
		if id < s.Classes.Len() {
			c.report.Classes[id].Name = s.Classes.Names[id]
		}
	}
	c.report.Present = make([][]uint8, len(s.Samples))
	samples := make(chan int)
	var wait sync.WaitGroup
	const workers = 2 // the others may be at work for the first step already
	for range workers {
		wait.Go(func() {
			for i := range samples {
				r, err := s.Samples[i].check(c.limit)
				c.count(i, s.Samples[i].Photo.Name, r, err, progress)
			}
		})
	}
	for i := range s.Samples {
		if ctx.Err() != nil {
			break
		}
		samples <- i
	}
	close(samples)
	wait.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c.report.unnamed = s.Classes.Len() == 0
	c.finish()
	return c.report, nil
}

// limit returns the number of classes that labels may have.
func (s *Set) limit() int { return cmp.Or(s.Classes.Len(), maxClasses) }

// check reads the labels of a photo, and of the photo only what says its size.
func (s Sample) check(limit int) (*reading, error) {
	head, err := decode.ReadHead(s.Photo.path)
	if err != nil {
		return nil, err
	}
	return s.labels.read(head.Height, head.Width, limit)
}

// checker makes a report.
type checker struct {
	mu      sync.Mutex
	report  *Report
	limit   int
	done    int
	outside map[string][]string // photos by value
}

// count adds the labels of sample i.
func (c *checker) count(i int, name string, r *reading, err error, progress func(done int)) {
	var pixels [256]int64
	if err == nil {
		for _, id := range r.ids {
			pixels[id]++
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	defer progress(c.done)
	if err != nil {
		if e, ok := errors.AsType[*ValueError](err); ok {
			c.report.refused = true
			for _, v := range e.Values {
				c.outside[v] = append(c.outside[v], name)
			}
		} else {
			c.report.Broken = append(c.report.Broken, fmt.Sprintf("%s: %v", name, err))
		}
		return
	}
	c.report.Photos++
	c.report.Pixels += int64(len(r.ids))
	c.report.Ignored += pixels[Ignore]
	c.report.Blurred += int64(r.blurred)
	for v := range r.unknown {
		c.outside[v] = append(c.outside[v], name)
	}
	for id := range c.report.Classes {
		if pixels[id] > 0 {
			c.report.Classes[id].Pixels += pixels[id]
			c.report.Classes[id].Photos++
			c.report.Present[i] = append(c.report.Present[i], uint8(id))
		}
	}
}

// finish sorts what the workers found. Without names, only values that occur are of
// interest.
func (c *checker) finish() {
	r := c.report
	for v, photos := range c.outside {
		slices.Sort(photos)
		r.Outside = append(r.Outside, OutsideValue{v, photos})
	}
	slices.SortFunc(r.Outside, func(a, b OutsideValue) int {
		return cmp.Or(cmp.Compare(len(b.Photos), len(a.Photos)), cmp.Compare(a.Value, b.Value))
	})
	slices.Sort(r.Broken)
	if r.unnamed {
		r.Classes = slices.DeleteFunc(r.Classes, func(c ClassCount) bool { return c.Photos == 0 })
	}
}
