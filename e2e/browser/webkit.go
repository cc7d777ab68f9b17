package browser

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// webkit is driven by WebDriver (https://www.w3.org/TR/webdriver2/), which
// WebKitWebDriver speaks, on a display that nobody sees.
type webkit struct {
	display *process
	driver  *process
	folder  string // its home
	server  string // the driver's address
	session string // and the session's
	version string
}

func launchWebKit(ctx context.Context, options Options) (_ Driver, err error) {
	if options.Before != "" {
		return nil, errors.New("WebKitWebDriver can run no script before a page's own")
	}
	driver, err := installed("WebKitWebDriver", "webkit2gtk-driver", "WebKitWebDriver")
	if err != nil {
		return nil, err
	}
	browser, err := installed("MiniBrowser of WebKitGTK", "libwebkit2gtk-4.1-0", miniBrowser()...)
	if err != nil {
		return nil, err
	}
	w := &webkit{}
	defer func() {
		if err != nil {
			w.Close()
		}
	}()
	if w.folder, err = os.MkdirTemp("", "webkit"); err != nil {
		return nil, err
	}
	display, err := w.startDisplay(ctx)
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	command := exec.Command(driver, fmt.Sprint("--port=", port))
	command.Env = environment(w.folder, "DISPLAY="+display, "GDK_BACKEND=x11",
		// Containers have no user namespaces, and the pages are our own.
		"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1",
		"GSETTINGS_BACKEND=memory", "GIO_USE_VFS=local",
	)
	if options.Shared {
		command.Env = append(command.Env, "JSC_useSharedArrayBuffer=1")
	}
	if w.driver, err = start(command); err != nil {
		return nil, err
	}
	w.server = fmt.Sprint("http://127.0.0.1:", port)
	if err := w.driver.whenReady(ctx, func() error { return w.send(ctx, "GET", w.server+"/status", nil, nil) }); err != nil {
		return nil, err
	}
	var session struct {
		SessionID    string
		Capabilities struct{ BrowserVersion string }
	}
	if err := w.send(ctx, "POST", w.server+"/session", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"webkitgtk:browserOptions": map[string]any{"binary": browser, "args": append([]string{"--automation"}, options.Arguments...)},
		// The contexts of callers set limits.
		"timeouts": map[string]any{"script": nil, "pageLoad": time.Hour.Milliseconds()},
	}}}, &session); err != nil {
		return nil, err
	}
	w.session = w.server + "/session/" + session.SessionID
	w.version = session.Capabilities.BrowserVersion
	return w, nil
}

// miniBrowser lists where the MiniBrowser may be.
func miniBrowser() []string {
	paths := []string{os.Getenv("MINIBROWSER")}
	for _, pattern := range []string{"/usr/lib*/webkit2gtk-4.1/MiniBrowser", "/usr/lib*/*/webkit2gtk-4.1/MiniBrowser"} {
		found, _ := filepath.Glob(pattern)
		paths = append(paths, found...)
	}
	return paths
}

// startDisplay starts an X server that draws into memory, and returns its name.
func (w *webkit) startDisplay(ctx context.Context) (string, error) {
	server, err := installed("Xvfb", "xvfb", "Xvfb")
	if err != nil {
		return "", err
	}
	output, input, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer output.Close()
	command := exec.Command(server, "-displayfd", "3", "-screen", "0", "1600x1200x24", "-nolisten", "tcp")
	command.ExtraFiles = []*os.File{input}
	w.display, err = start(command)
	input.Close()
	if err != nil {
		return "", err
	}
	number, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("no display from Xvfb: %w", err)
	}
	return ":" + strings.TrimSpace(number), nil
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// send sends a command and decodes the answer's value.
func (w *webkit) send(ctx context.Context, method, url string, params, value any) error {
	var body bytes.Buffer
	if params != nil {
		if err := json.NewEncoder(&body).Encode(params); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, url, &body)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct{ Value json.RawMessage }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return fmt.Errorf("%s %s: %s: %w", method, url, response.Status, err)
	}
	if response.StatusCode != http.StatusOK {
		var failure struct{ Error, Message string }
		json.Unmarshal(answer.Value, &failure)
		return fmt.Errorf("%s %s: %s: %s", method, url, failure.Error, failure.Message)
	}
	if value == nil {
		return nil
	}
	return json.Unmarshal(answer.Value, value)
}

func (w *webkit) Version() string { return w.version }

func (w *webkit) Open(ctx context.Context, url string) error {
	return w.send(ctx, "POST", w.session+"/url", map[string]any{"url": url}, nil)
}

// Resize sets the size of the window, which has a frame, and waits until the page
// has its size.
func (w *webkit) Resize(ctx context.Context, width, height int) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		size, err := Evaluate[struct{ Inner, Outer [2]int }](ctx, w, `{ inner: [innerWidth, innerHeight], outer: [outerWidth, outerHeight] }`)
		if err != nil {
			return err
		}
		if size.Inner == [2]int{width, height} {
			return nil
		}
		if err := w.send(ctx, "POST", w.session+"/window/rect", map[string]any{
			"x": 0, "y": 0, "width": width + size.Outer[0] - size.Inner[0], "height": height + size.Outer[1] - size.Inner[1],
		}, nil); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the page has %d×%d pixels, and cannot have %d×%d", size.Inner[0], size.Inner[1], width, height)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (w *webkit) Screenshot(ctx context.Context) ([]byte, error) {
	var picture []byte
	err := w.send(ctx, "GET", w.session+"/screenshot", nil, &picture)
	return picture, err
}

func (w *webkit) evaluate(ctx context.Context, body string) (string, error) {
	var done struct{ Value, Error string }
	err := w.send(ctx, "POST", w.session+"/execute/async", map[string]any{
		"script": `const done = arguments[0];
			(async () => {` + body + `})().then((Value) => done({ Value }), (error) => done({ Error: error + "\n" + (error?.stack ?? "") }));`,
		"args": []any{},
	}, &done)
	if err == nil && done.Error != "" {
		err = fmt.Errorf("%s", strings.TrimSpace(done.Error))
	}
	return done.Value, err
}

func (w *webkit) Close() {
	if w.session != "" {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		w.send(ctx, "DELETE", w.session, nil, nil)
		cancel()
	}
	// Without its display, the browser ends too.
	for _, p := range []*process{w.driver, w.display} {
		if p != nil {
			p.end(0)
		}
	}
	os.RemoveAll(w.folder)
}
