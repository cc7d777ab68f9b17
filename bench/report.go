package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"segmenter/bench/network"
)

// report holds the results of a run; skipped parts are nil.
type report struct {
	environment environment
	engines     []engine
	warm        []*comparison // by processor
	webgpu      *comparison
	cold        []coldResults // by connection
	memory      *memoryResult
}

// comparison holds the results of engines at several settings.
type comparison struct {
	engines []engine
	results []warmResult
}

// String returns the report in Markdown. Ratios are the peer's time (bytes,
// memory) divided by this project's.
func (r *report) String() string {
	var out strings.Builder
	section := func(title string, parts ...string) {
		fmt.Fprintf(&out, "## %s\n\n%s\n", title, strings.Join(parts, "\n"))
	}
	section("Machine, browser, versions", r.environment.String())
	for _, c := range r.warm {
		title := "A frame, warm"
		if kind := c.results[0].setting.title; kind != "" {
			title += ", on a processor " + kind
		}
		section(title, c.frames(), c.ratios(), c.summary())
	}
	if len(r.warm) > 0 {
		section("The same results", r.warm[0].agreements())
	}
	if r.webgpu != nil {
		section("A frame with WebGPU on the CPU", r.webgpu.frames(), r.webgpu.ratios(), r.webgpu.agreements())
	}
	if r.cold != nil {
		section("A first visit", r.firstVisits())
	}
	if r.memory != nil {
		section("Memory", r.peaks())
	}
	return strings.TrimSpace(out.String()) + "\n"
}

// frames returns a table of medians and 95th percentiles.
func (c *comparison) frames() string {
	t := &table{}
	head := []string{"ms: median (95th percentile)"}
	for _, e := range c.engines {
		head = append(head, e.title)
		if e.id == ours {
			head = append(head, "its network alone")
		}
	}
	t.add(head...)
	for _, w := range c.results {
		row := []string{w.setting.String()}
		for i, e := range c.engines {
			side := w.sides[i]
			row = append(row, fmt.Sprintf("%s (%s)", milliseconds(median(side.frames)), milliseconds(quantile(side.frames, 0.95))))
			if e.id == ours {
				row = append(row, milliseconds(median(side.network)))
			}
		}
		t.add(row...)
	}
	return t.String()
}

// ratios returns a table of every peer's median divided by this project's.
func (c *comparison) ratios() string {
	t := &table{}
	t.add(append([]string{"times this project's median"}, c.peerTitles()...)...)
	for _, w := range c.results {
		row := []string{w.setting.String()}
		for i, e := range c.engines {
			if e.id != ours {
				row = append(row, ratio(c.ratioToOurs(w, i)))
			}
		}
		t.add(row...)
	}
	return t.String()
}

func (c *comparison) peerTitles() (titles []string) {
	for _, e := range c.engines {
		if e.id != ours {
			titles = append(titles, e.title)
		}
	}
	return titles
}

// ratioToOurs returns the ratio of an engine's median to this project's.
func (c *comparison) ratioToOurs(w warmResult, engine int) float64 {
	return median(w.sides[engine].frames) / median(w.sides[indexOf(c.engines, ours)].frames)
}

// indexOf returns the index of an engine, −1 if it is not in the list.
func indexOf(list []engine, id string) int {
	return slices.IndexFunc(list, func(e engine) bool { return e.id == id })
}

// summary states how much longer the peers take in their best forms.
func (c *comparison) summary() string {
	var out strings.Builder
	for _, group := range []struct {
		title string
		ids   []string
	}{
		{"LiteRT.js int8", []string{"litert-int8"}},
		{"The faster of onnxruntime-web's two", []string{"ort-int8", "ort-f32"}},
	} {
		var ratios []float64
		for _, w := range c.results {
			least := math.NaN()
			for _, id := range group.ids {
				if i := indexOf(c.engines, id); i >= 0 {
					if v := c.ratioToOurs(w, i); !(least <= v) {
						least = v
					}
				}
			}
			ratios = append(ratios, least)
		}
		if !slices.ContainsFunc(ratios, math.IsNaN) {
			fmt.Fprintf(&out, "- %s takes %s to %s this project's time; the median is %s.\n",
				group.title, ratio(slices.Min(ratios)), ratio(slices.Max(ratios)), ratio(median(ratios)))
		}
	}
	return out.String()
}

// agreements returns a table of each engine's worst agreement at each size.
func (c *comparison) agreements() string {
	var sizes []int
	for _, w := range c.results {
		if !slices.Contains(sizes, w.setting.size) {
			sizes = append(sizes, w.setting.size)
		}
	}
	t := &table{}
	head := []string{"largest difference of a score; patches of the same class"}
	for _, size := range sizes {
		head = append(head, fmt.Sprintf("%d²", size))
	}
	t.add(head...)
	for i, e := range c.engines {
		row := []string{e.title}
		for _, size := range sizes {
			row = append(row, c.agreementAt(size, i))
		}
		t.add(row...)
	}
	return t.String()
}

func (c *comparison) agreementAt(size, engine int) string {
	worst := agreement{same: 1}
	for _, w := range c.results {
		if a := w.sides[engine].agreement; w.setting.size == size {
			worst.difference = max(worst.difference, a.difference)
			worst.same = min(worst.same, a.same)
		}
	}
	return fmt.Sprintf("%.2g; %.1f %%", worst.difference, 100*worst.same)
}

func (r *report) firstVisits() string {
	times, bytes := &table{}, &table{}
	times.add(firstVisit.String()+", ms to the first result", "median", "fastest", "slowest", "ratio")
	bytes.add("bytes that come", "library", "model", "together", "ratio")
	own := indexOf(r.engines, ours)
	for i, e := range r.engines {
		for _, results := range r.cold {
			c := results.engines[i]
			times.add(fmt.Sprintf("%s, %v", e.title, results.connection),
				milliseconds(median(c.first)), milliseconds(slices.Min(c.first)), milliseconds(slices.Max(c.first)),
				ratio(median(c.first)/median(results.engines[own].first)))
		}
		c := r.cold[0].engines[i]
		bytes.add(e.title, megabytes(c.library), megabytes(c.model), megabytes(c.total),
			ratio(float64(c.total)/float64(r.cold[0].engines[own].total)))
	}
	return times.String() + "\n" + bytes.String()
}

func (r *report) peaks() string {
	t := &table{}
	t.add(fmt.Sprintf("%v, %d frames", firstVisit, memoryFrames), "peak", "ratio")
	for _, e := range r.engines {
		if e.precision == network.Int8 {
			peak := r.memory.engines[e.id]
			t.add(e.title, megabytes(peak), ratio(float64(peak)/float64(r.memory.engines[ours])))
		}
	}
	t.add("an empty page", megabytes(r.memory.empty), notMeasured)
	return t.String()
}
