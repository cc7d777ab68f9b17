// Package e2e drives the built site in a real browser.
//
// Every test is a visit: a new server on a loopback port, and a tab with its own
// profile. A visit fails if the page writes an error or a warning to the console,
// requests a missing file, or contacts another host: the profile's proxy records
// and refuses all such requests, including those of workers. (Loopback addresses
// bypass a proxy.)
//
// With E2E_UPSTREAM=worker, the servers forward requests to Cloudflare's runtime,
// except for sites that a test changes.
package e2e

import (
	"context"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"segmenter/e2e/browser"
	"segmenter/e2e/edge"
	"segmenter/e2e/needs"
	"segmenter/site"
	"segmenter/site/gocommand"
)

const (
	root        = ".."
	dist        = "../dist/site"
	samples     = "../web/samples"
	screenshots = "screenshots"

	// patience is how long a test waits for the page; slow, busy machines need
	// long.
	patience = 60 * time.Second
)

// chromium is the context of the browser that most visits share.
var chromium context.Context

// shipped serves the built site without changes.
var shipped = site.Handler(os.DirFS(dist))

func TestMain(m *testing.M) {
	_, missing := browser.Find()
	needs.Main(m, missing, runAll)
}

func runAll(m *testing.M) (status int, err error) {
	if _, err := gocommand.Run(root, nil, "run", "./site/build"); err != nil {
		return 0, err
	}
	if err := os.MkdirAll(screenshots, 0o777); err != nil {
		return 0, err
	}
	if os.Getenv("E2E_UPSTREAM") == "worker" {
		upstream, err := edge.Start(root)
		if err != nil {
			return 0, err
		}
		defer upstream.Stop()
		shipped = upstream
	}
	ctx, cancel, err := browser.Start(context.Background())
	if err != nil {
		return 0, err
	}
	defer cancel()
	chromium = ctx
	return m.Run(), nil
}

// recorder is a list for several goroutines.
type recorder struct {
	mu    sync.Mutex
	lines []string
}

func (r *recorder) add(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
}

func (r *recorder) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

func (r *recorder) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = nil
}

// visit is one visit to the page.
type visit struct {
	testing.TB
	tab      context.Context
	url      string   // of the site, with a slash at the end
	requests recorder // "200 GET /page/stage.js"
	sent     recorder // "2330 /page/stage.js": bytes of bodies as sent
	foreign  recorder // requests to other hosts
	console  recorder // errors and warnings
	givenUp  recorder // paths of held files for which the browser no longer waits

	// allowed are parts of console messages and of lines of requests. A line that
	// contains one does not fail the test.
	allowed []string
	// bare leaves out the headers for cross-origin isolation, as a host does that
	// cannot set headers.
	bare bool
	// withheld is part of the paths of files that the server never sends.
	withheld string

	site atomic.Pointer[http.Handler] // the site to serve
	down atomic.Bool                  // the server is down
}

// newVisit serves the site and extra files, by name, under a path ("/" or
// "/some/where/"), and opens a tab. At the end of the test it checks for the
// failures in the package's comment.
func newVisit(t testing.TB, path string, extra map[string][]byte) *visit {
	t.Helper()
	return newVisitIn(t, chromium, path, extra)
}

// newVisitIn is newVisit in the given browser.
func newVisitIn(t testing.TB, browser context.Context, path string, extra map[string][]byte) *visit {
	t.Helper()
	v := &visit{TB: t}
	v.site.Store(&shipped)
	server := httptest.NewServer(v.serve(path, extra))
	t.Cleanup(server.Close)
	v.url = server.URL + path

	proxy := httptest.NewServer(http.HandlerFunc(v.refuse))
	t.Cleanup(proxy.Close)

	tab, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(func(p *target.CreateBrowserContextParams) {
		p.ProxyServer = proxy.URL
		p.ProxyBypassList = insecureHost
	}))
	t.Cleanup(cancel)
	v.tab = tab
	v.must(chromedp.Do(tab, chromedp.EmulateViewport(1280, 900)))
	messages := chromedp.Console(tab)
	go func() {
		for message, err := range messages {
			if err != nil {
				return
			}
			if message.Type == chromedp.ConsoleError || message.Type == chromedp.ConsoleWarning || message.IsException() {
				v.console.add(fmt.Sprintf("%s (%s:%d)", message, message.URL, message.Line))
			}
		}
	}()
	t.Cleanup(v.check)
	return v
}

// insecureHost is a name of this machine that browsers started by [withInsecureHost]
// know. They do not trust it as they trust loopback addresses.
const insecureHost = "insecure.test"

// refuse is the proxy's handler.
func (v *visit) refuse(w http.ResponseWriter, r *http.Request) {
	v.foreign.add(r.Method + " " + r.Host)
	http.Error(w, "nothing leaves this machine", http.StatusForbidden)
}

// deploy replaces the site that the server serves.
func (v *visit) deploy(files fs.FS) {
	handler := site.Handler(files)
	v.site.Store(&handler)
}

func (v *visit) serve(path string, extra map[string][]byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v.down.Load() {
			panic(http.ErrAbortHandler) // closes the connection
		}
		if v.withheld != "" && strings.Contains(r.URL.Path, v.withheld) {
			<-r.Context().Done()
			v.givenUp.add(r.URL.Path)
			return
		}
		recorded := &statusWriter{w, http.StatusOK, v.bare, 0}
		if content, ok := extra[strings.TrimPrefix(r.URL.Path, path)]; ok {
			w.Header().Set("Content-Type", mime.TypeByExtension(filepath.Ext(r.URL.Path)))
			w.Header().Set("Cross-Origin-Embedder-Policy", "require-corp")
			w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
			recorded.WriteHeader(http.StatusOK)
			recorded.Write(content)
		} else if strings.HasPrefix(r.URL.Path, path) {
			http.StripPrefix(strings.TrimSuffix(path, "/"), *v.site.Load()).ServeHTTP(recorded, r)
		} else {
			http.NotFound(recorded, r)
		}
		v.requests.add(fmt.Sprint(recorded.status, " ", r.Method, " ", r.URL.Path))
		v.sent.add(fmt.Sprint(recorded.bytes, " ", r.URL.Path))
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
	bare   bool
	bytes  int
}

func (w *statusWriter) Write(body []byte) (int, error) {
	n, err := w.ResponseWriter.Write(body)
	w.bytes += n
	return n, err
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	if w.bare {
		w.Header().Del("Cross-Origin-Embedder-Policy")
		w.Header().Del("Cross-Origin-Opener-Policy")
	}
	w.ResponseWriter.WriteHeader(status)
}

// Browsers ask for the rest of a file that a page before did not wait for: 206.
var hasSucceeded = regexp.MustCompile(`^(200|206|304) GET `)

func (v *visit) check() {
	if v.Failed() {
		v.screenshot("failed-" + strings.ReplaceAll(v.Name(), "/", "-"))
	}
	for _, line := range v.console.all() {
		if !v.isAllowed(line) {
			v.Errorf("on the console: %s", line)
		}
	}
	for _, line := range v.requests.all() {
		if !hasSucceeded.MatchString(line) && !v.isAllowed(line) {
			v.Errorf("a request failed: %s", line)
		}
	}
	if lines := v.foreign.all(); len(lines) > 0 {
		v.Errorf("requests to other hosts: %v", lines)
	}
}

// noAdapter is Chromium's console message for a page that asks for WebGPU in vain,
// which is not an error.
const noAdapter = "No available adapters"

func (v *visit) isAllowed(line string) bool {
	return slices.ContainsFunc(append(v.allowed, noAdapter), func(part string) bool { return strings.Contains(line, part) })
}

func (v *visit) must(err error) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
}

// do runs actions. It fails after [patience].
func (v *visit) do(actions ...chromedp.Action[chromedp.Void]) {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	v.must(chromedp.Do(ctx, actions...))
}

// evaluate evaluates JavaScript in the page and awaits its promise.
func evaluate[T any](v *visit, expression string) T {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		v.Fatalf("%v in %s", err, expression)
	}
	return value
}

// first has every page run a script before its own.
func (v *visit) first(script string) {
	v.Helper()
	_, err := chromedp.Call(v.tab, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	v.must(err)
}

// open opens an address below the site's: "", "?size=256" or "library.html".
func (v *visit) open(query string) {
	v.Helper()
	v.do(chromedp.Navigate(v.url + query))
}

// after calls act, waits until the page has a new result or an error, and returns
// the page's state.
func (v *visit) after(act func()) string {
	v.Helper()
	evaluate[string](v, `(globalThis.before = globalThis.segmenterPage.result, "")`)
	act()
	return evaluate[string](v, `new Promise((resolve) => {
		const page = document.documentElement;
		const look = () => {
			const { state } = page.dataset;
			if (state === "error" || (state === "done" && segmenterPage.result !== globalThis.before)) resolve(state);
		};
		new MutationObserver(look).observe(page, { attributes: true });
		look();
	})`)
}

// waitFor waits until the page reaches a state.
func (v *visit) waitFor(state string) {
	v.Helper()
	evaluate[string](v, fmt.Sprintf(`new Promise((resolve) => {
		const page = document.documentElement;
		const look = () => page.dataset.state === %q && resolve("");
		new MutationObserver(look).observe(page, { attributes: true });
		look();
	})`, state))
}

// eventually polls a condition until it holds.
func (v *visit) eventually(holds func() bool) {
	v.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			v.Fatalf("the condition does not hold after %v", patience)
		}
	}
}

// choose picks a file in the page's file dialogue.
func (v *visit) choose(path string) {
	v.Helper()
	v.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{v.absolute(path)}))
}

// drop drags files over the page and drops them, as the mouse does.
func (v *visit) drop(paths ...string) {
	v.Helper()
	for i, path := range paths {
		paths[i] = v.absolute(path)
	}
	for _, step := range []input.DispatchDragEventType{
		input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop,
	} {
		_, err := chromedp.Call(v.tab, input.DispatchDragEvent, input.DispatchDragEventParams{
			Type: step, X: 400, Y: 400,
			Data: &input.DragData{Items: []*input.DragDataItem{}, Files: paths, DragOperationsMask: 1},
		})
		v.must(err)
	}
}

func (v *visit) absolute(path string) string {
	path, err := filepath.Abs(path)
	v.must(err)
	return path
}

// set picks a decoder or a size in the page's form.
func (v *visit) set(name, value string) {
	v.Helper()
	evaluate[bool](v, fmt.Sprintf(`(document.querySelector('[name=%s][value="%s"]').click(), true)`, name, value))
}

// message returns the text of the page's alert, or "".
func (v *visit) message() string {
	return evaluate[string](v, `document.querySelector("[role=alert]")?.firstElementChild.textContent ?? ""`)
}

// dismiss closes all messages of the page.
func (v *visit) dismiss() {
	evaluate[bool](v, `(document.querySelectorAll(".message").forEach((m) => [...m.querySelectorAll("button")].at(-1).click()), true)`)
}

// result is the page's result for a photo.
type result struct {
	Width, Height int
	Mask          []byte
	Classes       []struct {
		Name string
		Area int
	}
}

func (v *visit) result() result {
	v.Helper()
	return evaluate[result](v, `(({ width: Width, height: Height, mask, classes }) => ({
		Width, Height, Mask: mask.toBase64(), Classes: classes.map(({ name: Name, area: Area }) => ({ Name, Area })),
	}))(segmenterPage.result)`)
}

// screenshot saves a picture of the page for people to look at.
func (v *visit) screenshot(name string) {
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(screenshots, name+".png"), picture, 0o666)
	}
	if err != nil {
		v.Logf("no screenshot: %v", err)
	}
}
