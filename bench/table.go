package main

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// table is a Markdown table, padded to be readable as plain text.
type table struct{ rows [][]string } // the first is the head

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// String aligns the first column to the left and the others to the right.
func (t *table) String() string {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var out strings.Builder
	for i, row := range t.rows {
		for j, cell := range row {
			padding := strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell))
			if j == 0 {
				fmt.Fprintf(&out, "| %s%s |", cell, padding)
			} else {
				fmt.Fprintf(&out, " %s%s |", padding, cell)
			}
		}
		out.WriteByte('\n')
		if i > 0 {
			continue
		}
		for j, width := range widths {
			if j == 0 {
				out.WriteString("|" + strings.Repeat("-", width+2) + "|")
			} else {
				out.WriteString(strings.Repeat("-", width+1) + ":|")
			}
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// notMeasured fills a cell without a value.
const notMeasured = "–"

func milliseconds(v float64) string {
	switch {
	case math.IsNaN(v):
		return notMeasured
	case v < 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

func ratio(v float64) string {
	if math.IsNaN(v) {
		return notMeasured
	}
	return fmt.Sprintf("%.2f×", v)
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }
