package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"segmenter/photo/decode"
)

// Report says what the labels of a set hold. Most first trainings fail at what it shows.
type Report struct {
	Layout  string
	Photos  int // whose labels could be read
	Classes []ClassCount
	Pixels  int64 // of all labels
	Ignored int64 // of them, those that do not count
	Blurred int64 // of those, the ones whose colours lie between classes', as at softened edges

	Outside    []OutsideValue // values and names that are no classes, the most frequent first
	Unlabelled []string       // photos without labels
	Orphans    []string       // labels without a photo
	Broken     []string       // sentences about photos or labels that cannot be read
	Notes      []string
	refused    bool // values outside are errors
	unnamed    bool // nothing names the classes

	// Present holds the classes of each sample of the set, in ascending order.
	Present [][]uint8
}

// ClassCount is what a set has of a class.
type ClassCount struct {
	Name   string
	Pixels int64
	Photos int
}

// OutsideValue is a value or a name that is no class.
type OutsideValue struct {
	Value  string
	Photos []string
}

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
		c.report.Classes[id].Name = fmt.Sprint("value ", id)
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

// Err returns what keeps the set from being used as it is, or nil: labels that cannot be
// read, are no classes or have no names, or fewer than two classes that occur.
func (r *Report) Err() error {
	occurring := 0
	for _, c := range r.Classes {
		if c.Photos > 0 {
			occurring++
		}
	}
	switch {
	case len(r.Broken) > 0:
		return fmt.Errorf("%s cannot be read, or their labels, first %s", photos(len(r.Broken)), r.Broken[0])
	case r.refused:
		o := r.Outside[0]
		return fmt.Errorf("the label %s, in %s, is no class: add it to the class list, correct the labels, or have such labels ignored", o.Value, someOf(o.Photos))
	case r.unnamed:
		return errors.New("nothing names the classes of the labels: write their names into classes.txt, one a line, from value 0 on")
	case occurring == 0:
		return errors.New("all pixels are ignored: expected labels with classes")
	case occurring == 1 && len(r.Classes) > 1:
		return errors.New("all pixels have the same class: expected labels of at least two")
	}
	return nil
}

// String is the report as a text of some lines.
func (r *Report) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s with labels (layout %q), %.1f megapixels\n", photos(r.Photos), r.Layout, float64(r.Pixels)/1e6)
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for id, c := range r.Classes {
		remark := ""
		if c.Photos == 0 {
			remark = "no photo has it: its IoU is no number and is not averaged"
		}
		fmt.Fprintf(table, "%d\t%s\t%.2f %%\t%s\t  %s\n", id, c.Name, percent(c.Pixels, r.Pixels), photos(c.Photos), remark)
	}
	table.Flush()
	fmt.Fprintf(&out, "ignored: %.2f %% of the pixels", percent(r.Ignored, r.Pixels))
	if r.Blurred > 0 {
		fmt.Fprintf(&out, ", of which %.2f %% have colours between those of classes", percent(r.Blurred, r.Pixels))
	}
	out.WriteByte('\n')
	what := "ignored"
	if r.refused {
		what = "refused"
	}
	const most = 10
	for i, o := range r.Outside {
		if i == most {
			fmt.Fprintf(&out, "… and %d more labels that are no classes\n", len(r.Outside)-most)
			break
		}
		fmt.Fprintf(&out, "no class, %s: the label %s in %s\n", what, o.Value, someOf(o.Photos))
	}
	list(&out, "photos without labels, not used", r.Unlabelled)
	list(&out, "labels without a photo", r.Orphans)
	for i, b := range r.Broken {
		if i == most {
			fmt.Fprintf(&out, "… and %d more that cannot be read\n", len(r.Broken)-most)
			break
		}
		fmt.Fprintf(&out, "cannot be read: %s\n", b)
	}
	for _, n := range r.Notes {
		fmt.Fprintln(&out, n)
	}
	return out.String()
}

func list(out *strings.Builder, what string, names []string) {
	if len(names) > 0 {
		fmt.Fprintf(out, "%s: %d (%s)\n", what, len(names), someOf(names))
	}
}

func photos(n int) string {
	if n == 1 {
		return "1 photo"
	}
	return fmt.Sprint(n, " photos")
}

// someOf names the first of many.
func someOf(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

func percent(part, all int64) float64 { return 100 * float64(part) / float64(max(all, 1)) }
