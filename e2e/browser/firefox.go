package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// firefox is driven by WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi/),
// which it speaks itself.
type firefox struct {
	process *process
	folder  string // its home and profile
	socket  *websocket.Conn
	version string
	tab     string

	mu      sync.Mutex
	last    int
	waiting map[int]chan<- bidiMessage
	gone    error // why there are no more answers
}

type bidiMessage struct {
	ID      int             `json:"id"`
	Type    string          `json:"type"`
	Result  json.RawMessage `json:"result"`
	Error   string          `json:"error"`
	Message string          `json:"message"`
}

// quiet are preferences that keep Firefox from what it does on its own.
var quiet = map[string]any{
	// Loopback addresses bypass the proxy, which does not exist.
	"network.proxy.type":                         1,
	"network.proxy.http":                         "127.0.0.1",
	"network.proxy.http_port":                    9,
	"network.proxy.ssl":                          "127.0.0.1",
	"network.proxy.ssl_port":                     9,
	"datareporting.policy.dataSubmissionEnabled": false,
	"toolkit.telemetry.enabled":                  false,
	"browser.shell.checkDefaultBrowser":          false,
	"browser.aboutwelcome.enabled":               false,
	"extensions.systemAddon.update.enabled":      false,
	"app.update.disabledForTesting":              true,
}

func launchFirefox(ctx context.Context, options Options) (_ Driver, err error) {
	program, err := installed("Firefox", "firefox-esr", os.Getenv("FIREFOX"), "firefox-esr", "firefox")
	if err != nil {
		return nil, err
	}
	f := &firefox{waiting: make(map[int]chan<- bidiMessage)}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if f.folder, err = os.MkdirTemp("", "firefox"); err != nil {
		return nil, err
	}
	var preferences strings.Builder
	for _, set := range []map[string]any{quiet, options.Preferences} {
		for name, value := range set {
			text, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&preferences, "user_pref(%q, %s);\n", name, text)
		}
	}
	if err := os.WriteFile(filepath.Join(f.folder, "user.js"), []byte(preferences.String()), 0o666); err != nil {
		return nil, err
	}
	command := exec.Command(program, append([]string{
		"--headless", "--no-remote", "--profile", f.folder, "--remote-debugging-port", "0", "about:blank",
	}, options.Arguments...)...)
	command.Env = environment(f.folder, "MOZ_CRASHREPORTER_DISABLE=1")
	output, input, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	command.Stderr = input
	f.process, err = start(command)
	input.Close()
	if err != nil {
		return nil, err
	}
	address := make(chan string, 1)
	go readAddress(output, address)
	select {
	case url := <-address:
		if f.socket, _, err = websocket.Dial(ctx, url+"/session", nil); err != nil {
			return nil, err
		}
	case <-f.process.done:
		return nil, errors.New("the program of Firefox ended when it started")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	f.socket.SetReadLimit(-1)
	go f.read()
	return f, f.begin(ctx, options.Before)
}

var listening = regexp.MustCompile(`WebDriver BiDi listening on (ws://\S+)`)

// readAddress finds the address of the socket in what Firefox writes, and reads
// the rest, so that Firefox need not wait.
func readAddress(output io.ReadCloser, address chan<- string) {
	defer output.Close()
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if match := listening.FindStringSubmatch(lines.Text()); match != nil {
			address <- match[1]
			break
		}
	}
	io.Copy(io.Discard, output)
}

func (f *firefox) begin(ctx context.Context, before string) error {
	var session struct {
		Capabilities struct{ BrowserVersion string }
	}
	if err := f.send(ctx, "session.new", map[string]any{"capabilities": map[string]any{}}, &session); err != nil {
		return err
	}
	f.version = session.Capabilities.BrowserVersion
	var tree struct {
		Contexts []struct{ Context string }
	}
	if err := f.send(ctx, "browsingContext.getTree", map[string]any{}, &tree); err != nil {
		return err
	}
	if len(tree.Contexts) == 0 {
		return errors.New("no tab in Firefox")
	}
	f.tab = tree.Contexts[0].Context
	if before == "" {
		return nil
	}
	return f.send(ctx, "script.addPreloadScript", map[string]any{"functionDeclaration": "() => {" + before + "\n}"}, new(struct{}))
}

// read hands answers to those who wait for them.
func (f *firefox) read() {
	for {
		var message bidiMessage
		err := wsjson.Read(context.Background(), f.socket, &message)
		f.mu.Lock()
		if err != nil {
			f.gone = fmt.Errorf("lost Firefox: %w", err)
			for _, answer := range f.waiting {
				close(answer)
			}
			f.waiting = nil
			f.mu.Unlock()
			return
		}
		if answer := f.waiting[message.ID]; answer != nil && message.Type != "event" {
			answer <- message
			delete(f.waiting, message.ID)
		}
		f.mu.Unlock()
	}
}

func (f *firefox) send(ctx context.Context, method string, params, result any) error {
	answer := make(chan bidiMessage, 1)
	f.mu.Lock()
	if f.gone != nil {
		f.mu.Unlock()
		return f.gone
	}
	f.last++
	id := f.last
	f.waiting[id] = answer
	f.mu.Unlock()
	if err := wsjson.Write(ctx, f.socket, map[string]any{"id": id, "method": method, "params": params}); err != nil {
		return err
	}
	select {
	case message, ok := <-answer:
		if !ok {
			return f.gone
		}
		if message.Type != "success" {
			return fmt.Errorf("%s: %s: %s", method, message.Error, message.Message)
		}
		return json.Unmarshal(message.Result, result)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

func (f *firefox) Version() string { return f.version }

func (f *firefox) Open(ctx context.Context, url string) error {
	return f.send(ctx, "browsingContext.navigate", map[string]any{"context": f.tab, "url": url, "wait": "complete"}, new(struct{}))
}

func (f *firefox) Resize(ctx context.Context, width, height int) error {
	return f.send(ctx, "browsingContext.setViewport", map[string]any{
		"context": f.tab, "viewport": map[string]int{"width": width, "height": height},
	}, new(struct{}))
}

func (f *firefox) Screenshot(ctx context.Context) ([]byte, error) {
	var picture struct{ Data []byte }
	err := f.send(ctx, "browsingContext.captureScreenshot", map[string]any{"context": f.tab}, &picture)
	return picture.Data, err
}

func (f *firefox) evaluate(ctx context.Context, body string) (string, error) {
	var evaluated struct {
		Result           struct{ Value string }
		ExceptionDetails *struct{ Text string }
	}
	err := f.send(ctx, "script.evaluate", map[string]any{
		"expression":   "(async () => {" + body + "})()",
		"target":       map[string]any{"context": f.tab},
		"awaitPromise": true,
		// As if somebody had clicked, as in the other browsers.
		"userActivation": true,
	}, &evaluated)
	if err == nil && evaluated.ExceptionDetails != nil {
		err = errors.New(evaluated.ExceptionDetails.Text)
	}
	return evaluated.Result.Value, err
}

func (f *firefox) Close() {
	if f.socket != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		f.send(ctx, "browser.close", map[string]any{}, new(struct{}))
		cancel()
		f.socket.CloseNow()
	}
	if f.process != nil {
		f.process.end(5 * time.Second)
	}
	os.RemoveAll(f.folder)
}
