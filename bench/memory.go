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

// memoryFrames is the number of frames that a page computes before bench reads
// its peak memory.
const memoryFrames = 20

// memoryResult holds the peak memory of a page's process, in bytes.
type memoryResult struct {
	empty   int64            // of a page without an engine
	engines map[string]int64 // of engines with int8 weights, by id
}

// measureMemory opens the pages one by one, each in its own browser.
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
	return rendererPeak(tabs)
}

// rendererPeak returns the largest peak of resident memory of the browser's
// renderer processes. The page has it, since spare renderers are empty.
func rendererPeak(browser context.Context) (int64, error) {
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
		return 0, fmt.Errorf("none of the browser's %d processes is a renderer: the format of the list has changed, see memory.go", len(list.ProcessInfo))
	}
	return peak, nil
}

// isBrowsersOwn reports whether a process shows the browser's own pages.
func isBrowsersOwn(process int64) bool {
	command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", process))
	return err == nil && (bytes.Contains(command, []byte("--top-chrome-webui")) || bytes.Contains(command, []byte("--extension-process")))
}

// peakOf reads the peak of a process's resident memory from /proc.
func peakOf(process int64) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	if err != nil {
		return 0, fmt.Errorf("measuring memory needs Linux's /proc: %w; use -skip memory", err)
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
	return 0, fmt.Errorf("the process's status has no line VmHWM, its peak memory")
}
