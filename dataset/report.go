package dataset

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
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
	ID     int
	Name   string
	Pixels int64
	Photos int
}

// OutsideValue is a value or a name that is no class.
type OutsideValue struct {
	Value  string
	Photos []string
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
	r.writeClasses(&out)
	r.writeOutside(&out)
	writeNames(&out, "photos without labels, not used", r.Unlabelled)
	writeNames(&out, "labels without a photo", r.Orphans)
	writeFirst(&out, len(r.Broken), "that cannot be read", func(i int) { fmt.Fprintf(&out, "cannot be read: %s\n", r.Broken[i]) })
	for _, n := range r.Notes {
		fmt.Fprintln(&out, n)
	}
	return out.String()
}

func (r *Report) writeClasses(out *strings.Builder) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, c := range r.Classes {
		remark := ""
		if c.Photos == 0 {
			remark = "  no photo has it: its IoU is no number and is not averaged"
		}
		fmt.Fprintf(table, "%d\t%s\t%.2f %%\t%s\t%s\n", c.ID, c.Name, percent(c.Pixels, r.Pixels), photos(c.Photos), remark)
	}
	table.Flush()
	fmt.Fprintf(out, "ignored: %.2f %% of the pixels", percent(r.Ignored, r.Pixels))
	if r.Blurred > 0 {
		fmt.Fprintf(out, ", of which %.2f %% have colours between those of classes", percent(r.Blurred, r.Ignored))
	}
	out.WriteByte('\n')
}

func (r *Report) writeOutside(out *strings.Builder) {
	what := "ignored"
	if r.refused {
		what = "refused"
	}
	writeFirst(out, len(r.Outside), "labels that are no classes", func(i int) {
		fmt.Fprintf(out, "no class, %s: the label %s in %s\n", what, r.Outside[i].Value, someOf(r.Outside[i].Photos))
	})
}

// writeFirst writes the first of n lines, and how many more there are.
func writeFirst(out *strings.Builder, n int, what string, write func(i int)) {
	const most = 10
	for i := range min(n, most) {
		write(i)
	}
	if n > most {
		fmt.Fprintf(out, "… and %d more %s\n", n-most, what)
	}
}

func writeNames(out *strings.Builder, what string, names []string) {
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
