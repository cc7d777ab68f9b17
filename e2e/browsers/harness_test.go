// Package browsers tests the built site in Chromium, Firefox and WebKit, with
// the same code for all of them; package e2e tests more, in Chromium alone.
//
// TestBrowsers has a subtest for each browser, and more for browsers in states
// that people have them in. In each, tests run one after the other in one tab.
package browsers

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"segmenter/e2e/browser"
	"segmenter/e2e/native"
	"segmenter/metrics"
	"segmenter/model"
	"segmenter/site"
	"segmenter/site/gocommand"
)

const (
	root        = "../.."
	dist        = root + "/dist/site"
	samples     = root + "/web/samples"
	screenshots = root + "/e2e/screenshots"

	// patience is how long a test waits for the page, on a slow machine that
	// does other things meanwhile.
	patience = 2 * time.Minute
)

func TestMain(m *testing.M) {
	flag.Parse()
	err := errors.Join(
		os.MkdirAll(screenshots, 0o777),
		build(),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, "browsers:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func build() error {
	_, err := gocommand.Run(root, nil, "run", "./site/build")
	return err
}

// state is a browser as people have it.
type state struct {
	name string
	kind browser.Kind
	browser.Options
	// shares tells whether pages can share memory, hence have threads.
	shares bool
	tests  []test
}

type test struct {
	name string
	run  func(v *visit)
}

// visit is one visitor: a new server, hence nothing stored, in a browser that
// others may have used.
type visit struct {
	*testing.T
	state  state
	driver browser.Driver
	url    string // of the site, with a slash at the end

	crashed  bool        // the browser
	gone     atomic.Bool // the server answers nothing
	mu       sync.Mutex
	requests []string // paths
}

func newVisit(t *testing.T, s state, driver browser.Driver) *visit {
	v := &visit{T: t, state: s, driver: driver}
	mux := http.NewServeMux()
	mux.Handle("/", site.Handler(os.DirFS(dist)))
	mux.Handle("/test/", http.StripPrefix("/test", site.Handler(os.DirFS("testdata"))))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.mu.Lock()
		v.requests = append(v.requests, r.URL.Path)
		v.mu.Unlock()
		if v.gone.Load() {
			panic(http.ErrAbortHandler) // closes the connection
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	v.url = server.URL + "/"
	t.Cleanup(func() {
		if v.crashed {
			return
		}
		if t.Failed() {
			v.screenshot("failed")
		}
		v.open("test/bare.html") // the page before ends
	})
	return v
}

// asked returns the paths that browsers asked the server for since the last call.
func (v *visit) asked() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	paths := v.requests
	v.requests = nil
	return paths
}

func (v *visit) must(err error) {
	v.Helper()
	if err != nil {
		v.endIfCrashed()
		v.Fatal(err)
	}
}

// endIfCrashed ends the visit with a panic, for test.crashes, if the browser has crashed. WebDriver
// says so, once, to the command that fails or the one after it; then the session is gone.
func (v *visit) endIfCrashed() {
	if v.state.kind != browser.WebKit {
		return
	}
	ctx, cancel := limit()
	defer cancel()
	for range 2 {
		if err := v.driver.Open(ctx, v.url+"test/bare.html"); err != nil && strings.Contains(err.Error(), "invalid session id") {
			v.crashed = true
			panic(err)
		}
	}
}

// limit is the time that one step may take.
func limit() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}

// open opens a page of the site: path is "" or "?size=256" for the page itself.
func (v *visit) open(path string) {
	v.Helper()
	ctx, cancel := limit()
	defer cancel()
	v.must(v.driver.Open(ctx, v.url+path))
}

func (v *visit) resize(width, height int) {
	v.Helper()
	ctx, cancel := limit()
	defer cancel()
	v.must(v.driver.Resize(ctx, width, height))
}

func (v *visit) screenshot(name string) {
	ctx, cancel := limit()
	defer cancel()
	picture, err := v.driver.Screenshot(ctx)
	if err == nil {
		name = strings.ReplaceAll(strings.TrimPrefix(v.Name(), "TestBrowsers/"), "/", "-") + "-" + name
		err = os.WriteFile(filepath.Join(screenshots, name+".png"), picture, 0o666)
	}
	if err != nil {
		v.Logf("no screenshot: %v", err)
	}
}

// evaluate evaluates an expression in the page, which may use await.
func evaluate[T any](v *visit, expression string) T {
	v.Helper()
	ctx, cancel := limit()
	defer cancel()
	value, err := browser.Evaluate[T](ctx, v.driver, expression)
	if err != nil {
		v.endIfCrashed()
		if len(expression) > 1000 {
			expression = expression[:1000] + "…"
		}
		v.Fatalf("%v in %s", err, expression)
	}
	return value
}

// call calls a function that a module in testdata exports.
func call[T any](v *visit, module, function string, arguments ...any) T {
	v.Helper()
	text, err := json.Marshal(append([]any{}, arguments...))
	v.must(err)
	return evaluate[T](v, fmt.Sprintf(`(await import(%q)).%s(...%s)`, v.url+"test/"+module, function, text))
}

// eventually waits for something.
func (v *visit) eventually(what string, happened func() bool) {
	v.Helper()
	for deadline := time.Now().Add(patience); !happened(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			v.Fatalf("it did not happen in time: %s", what)
		}
	}
}

// waitFor waits until the page is in a state, and fails if it is in error.
func (v *visit) waitFor(wanted string) {
	v.Helper()
	var is string
	v.eventually("the page is "+wanted, func() bool {
		is = evaluate[string](v, `document.documentElement.dataset.state ?? ""`)
		return is == wanted || is == "error"
	})
	if is != wanted {
		v.Fatalf("the page is in the state %q, expected %q: %s", is, wanted, v.messages())
	}
}

// messages is what the page says.
func (v *visit) messages() string {
	v.Helper()
	return evaluate[string](v, `[...document.querySelectorAll(".message")].map((message) => message.firstElementChild.textContent).join(" ")`)
}

// facts is what it says below the picture.
func (v *visit) facts() string {
	v.Helper()
	return evaluate[string](v, `document.getElementById("facts").textContent`)
}

func (v *visit) click(selector string) {
	v.Helper()
	evaluate[bool](v, fmt.Sprintf(`(document.querySelector(%q).click(), true)`, selector))
}

// choose changes a field of the page's forms as a visitor does.
func (v *visit) choose(id, value string) {
	v.Helper()
	evaluate[bool](v, fmt.Sprintf(`((field) => {
		field.value = %q;
		field.dispatchEvent(new Event("input", { bubbles: true }));
		field.dispatchEvent(new Event("change", { bubbles: true }));
		return true;
	})(document.getElementById(%q))`, value, id))
}

// drop drops a file on the page, which needs no server for it.
func (v *visit) drop(path, kind string) {
	v.Helper()
	content, err := os.ReadFile(path)
	v.must(err)
	v.dropBytes(filepath.Base(path), kind, content)
}

func (v *visit) dropBytes(name, kind string, content []byte) {
	v.Helper()
	evaluate[bool](v, fmt.Sprintf(`(() => {
		const bytes = Uint8Array.from(atob(%q), (character) => character.charCodeAt(0));
		const dataTransfer = new DataTransfer();
		dataTransfer.items.add(new File([bytes], %q, { type: %q }));
		return dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true })) || true;
	})()`, base64.StdEncoding.EncodeToString(content), name, kind))
}

// dropPhoto drops a photo and waits for its result.
func (v *visit) dropPhoto(path string) {
	v.Helper()
	evaluate[bool](v, `(globalThis.before = segmenterPage.result, true)`)
	kind := "image/jpeg"
	if filepath.Ext(path) == ".png" {
		kind = "image/png"
	}
	v.drop(path, kind)
	v.eventually("the photo is segmented", func() bool {
		is := evaluate[string](v, `segmenterPage.result === before ? document.documentElement.dataset.state === "error" ? "error" : "" : "done"`)
		if is == "error" {
			v.Fatalf("of %s the page says %q", path, v.messages())
		}
		return is == "done"
	})
}

// agrees holds the page's mask against the native one. The page refines edges.
func (v *visit) agrees(path string, options model.Options, least float64) {
	v.Helper()
	got := evaluate[struct {
		Width, Height int
		Mask          []byte
	}](v, `(({ width, height, mask }) => ({ width, height, mask: mask.toBase64() }))(segmenterPage.result)`)
	options.Refine = true
	want, err := nativeMask(path, options)
	v.must(err)
	if got.Width != want.Width || got.Height != want.Height || len(got.Mask) != len(want.Mask) {
		v.Fatalf("the page's mask is %d×%d with %d pixels, the native one %d×%d", got.Width, got.Height, len(got.Mask), want.Width, want.Height)
	}
	share := metrics.Agreement(got.Mask, want.Mask)
	v.Logf("%s: the page and the native program agree on %.3f %% of the pixels", filepath.Base(path), 100*share)
	if share < least {
		v.Errorf("they agree on %.3f %% of the pixels, expected %.1f %% at least", 100*share, 100*least)
	}
}

// nativeMasks are those that were computed before, for other browsers.
var nativeMasks = map[string]*model.Result{}

func nativeMask(path string, options model.Options) (*model.Result, error) {
	key := fmt.Sprint(path, options)
	if nativeMasks[key] == nil {
		result, err := native.Segment(context.Background(), path, options)
		if err != nil {
			return nil, err
		}
		nativeMasks[key] = result
	}
	return nativeMasks[key], nil
}

// kept are those paths that the service worker answers: all but its own script,
// which browsers look for changes of.
func kept(paths []string) []string {
	return slices.DeleteFunc(paths, func(path string) bool { return path == "/service-worker.js" })
}
