// Package browser starts Chromium for tests and benchmarks.
package browser

import (
	"context"
	"errors"
	"os"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// ErrMissing says that [Find] found no Chromium.
var ErrMissing = errors.New("no Chromium found: install it, on Debian with 'apt install chromium', or set CHROMIUM to its path")

// Find returns the path of Chromium: the variable CHROMIUM, or else the first
// browser of its family in PATH.
func Find() (string, error) {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrMissing
}

// SoftwareGPU gives pages WebGPU on the CPU (SwiftShader). The rest of the browser
// must draw with SwiftShader too: otherwise WebGPU computes, but a canvas or a
// video frame crashes the GPU process.
var SoftwareGPU = []chromedp.ExecAllocatorOption{
	chromedp.Flag("disable-gpu", false),
	chromedp.Flag("enable-unsafe-webgpu", true),
	chromedp.Flag("use-webgpu-adapter", "swiftshader"),
	chromedp.Flag("enable-features", "Vulkan"),
	chromedp.Flag("use-vulkan", "swiftshader"),
	chromedp.Flag("use-angle", "swiftshader"),
}

// Start starts a headless Chromium with a new profile and returns the context
// of its first tab. Cancelling parent, or calling cancel, ends the browser.
func Start(parent context.Context, options ...chromedp.ExecAllocatorOption) (ctx context.Context, cancel context.CancelFunc, err error) {
	path, err := Find()
	if err != nil {
		return nil, nil, err
	}
	options = append(append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // containers have no user namespaces, and the pages are our own
		chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		// The first two are chromedp's defaults. Without the others, versions around
		// 148 call their search engine in every new profile.
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,AimEnabled,AimServerEligibilityEnabled,PreconnectToSearch"),
		// This blocks every other request that a browser makes on its own.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	), options...)
	allocator, stop := chromedp.NewExecAllocator(parent, options...)
	ctx, _ = chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, nil, err
	}
	return ctx, stop, nil
}
