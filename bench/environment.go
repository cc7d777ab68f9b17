package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	chromium "segmenter/e2e/browser"
)

// environment describes what affects the numbers besides the code.
type environment struct {
	date     string
	cpu      string
	cores    int
	memory   string
	system   string
	browser  string
	packages map[string]string // versions, by name
}

func readEnvironment(ctx context.Context) (environment, error) {
	e := environment{
		date:   time.Now().Format(time.DateOnly),
		cpu:    readValue("/proc/cpuinfo", "model name"),
		cores:  runtime.NumCPU(),
		memory: gigabytes(readValue("/proc/meminfo", "MemTotal")),
		system: strings.Trim(readValue("/etc/os-release", "PRETTY_NAME"), `"`),
	}
	tab, stop, err := chromium.Start(ctx)
	if err != nil {
		return e, err
	}
	defer stop()
	version, err := chromedp.CallBrowser(tab, browser.GetVersion, cdp.Empty{})
	if err != nil {
		return e, err
	}
	e.browser = version.Product
	e.packages, err = readPackages("bench/package.json")
	return e, err
}

func (e environment) String() string {
	var packages []string
	for name, version := range e.packages {
		packages = append(packages, name+" "+version)
	}
	slices.Sort(packages)
	return fmt.Sprintf("%s: %s, %d cores, %s of memory; %s; %s; %s.\n",
		e.date, e.cpu, e.cores, e.memory, e.system, e.browser, strings.Join(packages, ", "))
}

// readPackages reads the versions that a package.json pins.
func readPackages(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file.Dependencies, nil
}

// readValue returns the value of a line "key: value" or "key=value" of a file, or
// "unknown" if the file or the line is missing.
func readValue(path, key string) string {
	file, err := os.Open(path)
	if err != nil {
		return "unknown"
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), key); ok {
			return strings.TrimSpace(strings.TrimLeft(rest, " \t:="))
		}
	}
	return "unknown"
}

// gigabytes shortens "24683620 kB" and returns any other text unchanged.
func gigabytes(text string) string {
	var kilobytes float64
	if n, _ := fmt.Sscanf(text, "%g kB", &kilobytes); n != 1 {
		return text
	}
	return fmt.Sprintf("%.0f GB", kilobytes*1024/1e9)
}
