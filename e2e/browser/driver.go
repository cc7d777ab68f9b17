package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Kind is a family of browsers.
type Kind string

const (
	Chromium Kind = "Chromium"
	Firefox  Kind = "Firefox"
	WebKit   Kind = "WebKit" // WebKitGTK's MiniBrowser
)

// Kinds are all of them.
var Kinds = []Kind{Chromium, Firefox, WebKit}

// Options make a browser differ from one that was just installed.
type Options struct {
	// Preferences are set in Firefox's about:config.
	Preferences map[string]any
	// Shared has WebKit give SharedArrayBuffer to pages that are cross-origin
	// isolated. WebKitGTK comes without it; the others always have it.
	Shared bool
	// Before is JavaScript that runs in every page before its own scripts. WebKit
	// has no such thing.
	Before string
	// Arguments are added to the browser's command line.
	Arguments []string
}

// Driver is a browser with an empty profile and one tab.
type Driver interface {
	// Version is what the browser calls its version.
	Version() string
	// Open loads a page and waits until it has loaded.
	Open(ctx context.Context, url string) error
	// Resize gives the page so many pixels.
	Resize(ctx context.Context, width, height int) error
	// Screenshot is a PNG of what the page shows.
	Screenshot(ctx context.Context) ([]byte, error)
	// Close ends the browser.
	Close()

	// evaluate runs the body of an async function that returns a string.
	evaluate(ctx context.Context, body string) (string, error)
}

// Launch starts a browser without a window. Its error is ErrMissing, or wraps it,
// where the browser is not installed.
func Launch(ctx context.Context, kind Kind, options Options) (Driver, error) {
	switch kind {
	case Chromium:
		return launchChromium(ctx, options)
	case Firefox:
		return launchFirefox(ctx, options)
	case WebKit:
		return launchWebKit(ctx, options)
	}
	return nil, fmt.Errorf("there is no browser of the kind %q, only of %v", kind, Kinds)
}

// Evaluate evaluates a JavaScript expression in the page, waits if that is a
// promise, and decodes the JSON of the value. The expression may use await.
func Evaluate[T any](ctx context.Context, driver Driver, expression string) (value T, err error) {
	text, err := driver.evaluate(ctx, `return JSON.stringify(await (`+expression+"\n)) ?? \"null\"")
	if err != nil {
		return value, err
	}
	err = json.Unmarshal([]byte(text), &value)
	return value, err
}

// installed returns the path of the first program that there is.
func installed(name, debian string, programs ...string) (string, error) {
	for _, program := range programs {
		if path, err := exec.LookPath(program); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: no %s found; on Debian, 'apt install %s' adds it", ErrMissing, name, debian)
}

// process is a program that runs.
type process struct {
	*exec.Cmd
	done chan struct{}
}

func start(command *exec.Cmd) (*process, error) {
	endWithParent(command)
	if err := command.Start(); err != nil {
		return nil, err
	}
	p := &process{command, make(chan struct{})}
	go func() {
		command.Wait()
		close(p.done)
	}()
	return p, nil
}

// end gives the program a moment to end by itself, as it was told to.
func (p *process) end(moment time.Duration) {
	select {
	case <-p.done:
	case <-time.After(moment):
		p.Process.Kill()
		<-p.done
	}
}

// environment is this program's, without some variables and with others.
func environment(home string, variables ...string) []string {
	kept := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "XDG_") || strings.HasPrefix(variable, "WAYLAND_DISPLAY=")
	})
	return append(kept, append([]string{
		"HOME=" + home, "XDG_RUNTIME_DIR=" + home, "LIBGL_ALWAYS_SOFTWARE=1", "NO_AT_BRIDGE=1",
		"http_proxy=", "https_proxy=", "HTTP_PROXY=", "HTTPS_PROXY=",
	}, variables...)...)
}

// whenReady calls attempt until it succeeds, the process ends or time is over.
func (p *process) whenReady(ctx context.Context, attempt func() error) error {
	for {
		err := attempt()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return errors.Join(fmt.Errorf("%s ended", p.Path), err)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
