package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/chromedp"

	"segmenter/bench/network"
	"segmenter/e2e/browser"
)

// memoryFrames is how many frames a page computes before its peak is read.
const memoryFrames = 20

// memoryResult is the peak of a page's process, in bytes.
type memoryResult struct {
	empty   int64            // of a page without an engine
	engines map[string]int64 // by id, of those with int8 weights
}

// measureMemory opens the pages one by one, each in a browser of its own.
func (b *benchmark) measureMemory(ctx context.Context) (*memoryResult, error) {
	empty, err := b.peak(ctx, engine{title: "the empty page"}, 0)
	if err != nil {
		return nil, err
	}
	result := &memoryResult{empty, map[string]int64{}}
	for _, e := range b.engines {
		if e.precision != network.Int8 {
			continue
		}
		if result.engines[e.id], err = b.peak(ctx, e, memoryFrames); err != nil {
			return nil, err
		}
	}
	return result, nil
}

func (b *benchmark) peak(ctx context.Context, e engine, frames int) (int64, error) {
	tabs, stop, err := browser.Start(ctx)
	if err != nil {
		return 0, err
	}
	defer stop()
	p, err := openPage(tabs, b.server, e, firstVisit)
	if err != nil {
		return 0, err
	}
	if frames > 0 {
		if _, err := p.frames(frames); err != nil {
			return 0, err
		}
	}
	return peakOfRenderers(tabs)
}

// peakOfRenderers is the largest peak of resident memory of a process that
// shows pages: that of the page, since a browser's spare processes are empty.
func peakOfRenderers(browser context.Context) (int64, error) {
	list, err := chromedp.CallBrowser(browser, systeminfo.GetProcessInfo, cdp.Empty{})
	if err != nil {
		return 0, fmt.Errorf("the browser does not list its processes: %w", err)
	}
	var peak int64
	for _, process := range list.ProcessInfo {
		if process.Type != "renderer" || isBrowsersOwn(process.ID) {
			continue
		}
		bytes, err := peakOf(process.ID)
		if err != nil {
			return 0, err
		}
		peak = max(peak, bytes)
	}
	if peak == 0 {
		return 0, fmt.Errorf("none of the browser's %d processes shows a page: its list has changed, see memory.go", len(list.ProcessInfo))
	}
	return peak, nil
}

// isBrowsersOwn tells processes that show the browser's own pages.
func isBrowsersOwn(process int64) bool {
	command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", process))
	return err == nil && (bytes.Contains(command, []byte("--top-chrome-webui")) || bytes.Contains(command, []byte("--extension-process")))
}

// peakOf reads the peak of resident memory from what Linux says of a process.
func peakOf(process int64) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	if err != nil {
		return 0, fmt.Errorf("the memory of a process is read from /proc, as on Linux: %w; leave it out with -skip memory", err)
	}
	return parsePeak(status)
}

func parsePeak(status []byte) (int64, error) {
	for line := range bytes.Lines(status) {
		rest, ok := bytes.CutPrefix(line, []byte("VmHWM:"))
		if !ok {
			continue
		}
		number, unit, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" "))
		kilobytes, err := strconv.ParseInt(string(number), 10, 64)
		if err == nil && string(unit) != "kB" {
			err = fmt.Errorf("unit %q", unit)
		}
		return kilobytes << 10, err
	}
	return 0, fmt.Errorf("a process's status has no line VmHWM, its peak of memory")
}
