// Package browser starts the Chromium in which the tests run.
package browser

import (
	"context"
	"errors"
	"os"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// ErrMissing is returned where there is no Chromium.
var ErrMissing = errors.New("no Chromium found: install it (Debian: apt-get install chromium), or name its program in CHROMIUM")

// Find returns the path of Chromium: what the environment's CHROMIUM names, or
// the first program of its family in PATH.
func Find() (string, error) {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrMissing
}

// SoftwareGPU gives pages WebGPU, computed by the processor (SwiftShader). The
// rest of the browser has to draw in the same way: otherwise WebGPU computes,
// but a canvas or a frame of video ends the GPU process.
var SoftwareGPU = []chromedp.ExecAllocatorOption{
	chromedp.Flag("disable-gpu", false),
	chromedp.Flag("enable-unsafe-webgpu", true),
	chromedp.Flag("use-webgpu-adapter", "swiftshader"),
	chromedp.Flag("enable-features", "Vulkan"),
	chromedp.Flag("use-vulkan", "swiftshader"),
	chromedp.Flag("use-angle", "swiftshader"),
}

// Start starts a headless Chromium with a new profile and returns the context
// of its first tab. It ends with the context or when cancel is called.
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
		// Beside the default's first two: versions about 148 call their search
		// engine in every new profile.
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,AimEnabled,AimServerEligibilityEnabled,PreconnectToSearch"),
		// Whatever else a browser does on its own ends here.
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
