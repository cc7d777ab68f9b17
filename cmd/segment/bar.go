package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// bar is a progress bar on a terminal. Elsewhere, it prints nothing.
type bar struct {
	w     io.Writer
	mu    sync.Mutex
	units string // of the bar on the current line
}

func newBar(w io.Writer) *bar {
	f, ok := w.(*os.File)
	if !ok {
		return &bar{}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &bar{}
	}
	return &bar{w: w}
}

// show draws the bar at done of total units, with notes. New units start a new bar.
func (b *bar) show(done, total int, units string, notes ...string) {
	if b.w == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.units != units {
		b.newline()
	}
	b.units = units
	const width = 40
	full := width * done / total
	const erase = "\x1b[K" // what a longer line left
	line := fmt.Sprintf("\r[%s%s] %d of %d %s", strings.Repeat("#", full), strings.Repeat(".", width-full), done, total, units)
	fmt.Fprint(b.w, strings.Join(append([]string{line}, notes...), ", "), erase)
}

func (b *bar) newline() {
	if b.units != "" {
		fmt.Fprintln(b.w)
	}
}

func (b *bar) end() {
	if b.w != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.newline()
		b.units = ""
	}
}
