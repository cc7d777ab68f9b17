package edge

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"segmenter/e2e/needs"
	"segmenter/site"
	"segmenter/site/gocommand"
)

const (
	root = "../.."
	dist = "../../dist/site"

	modelFile  = "/library/models/everyday.safetensors"
	engineFile = "/library/engine.wasm"
)

// All tests share worker, the runtime, and native, the Go server.
var (
	worker *Server
	native *httptest.Server
)

func TestMain(m *testing.M) {
	needs.Main(m, Find(root), runAll)
}

func runAll(m *testing.M) (status int, err error) {
	if _, err := gocommand.Run(root, nil, "run", "./site/build"); err != nil {
		return 0, err
	}
	native = httptest.NewUnstartedServer(nil)
	native.Config = site.Server(os.DirFS(dist))
	native.Start()
	defer native.Close()
	if worker, err = Start(root); err != nil {
		return 0, err
	}
	defer worker.Stop()
	return m.Run(), nil
}

// request is a request for both servers.
type request struct {
	method, path string
	header       []string // name, value, …
}

func (r request) String() string {
	return strings.Join(append([]string{r.method, r.path}, r.header...), " ")
}

// response is a server's response with its whole body.
type response struct {
	status int
	header http.Header
	body   []byte
}

func send(t testing.TB, base string, r request) response {
	t.Helper()
	got, err := try(base, r)
	if err != nil {
		t.Fatalf("%s: %v", r, err)
	}
	return got
}

var transport = &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 300}

func try(base string, r request) (response, error) {
	resp, err := roundTrip(base, r)
	if err != nil {
		return response{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return response{resp.StatusCode, resp.Header, body}, err
}

// roundTrip sends a request and leaves the body to the caller.
func roundTrip(base string, r request) (*http.Response, error) {
	req, err := http.NewRequest(r.method, base+r.path, nil)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(r.header); i += 2 {
		req.Header.Set(r.header[i], r.header[i+1])
	}
	return transport.RoundTrip(req)
}

// decoded returns the body without its content coding.
func (r response) decoded() ([]byte, error) {
	switch r.header.Get("Content-Encoding") {
	case "br":
		return io.ReadAll(brotli.NewReader(bytes.NewReader(r.body)))
	case "gzip":
		unpacked, err := gzip.NewReader(bytes.NewReader(r.body))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(unpacked)
	}
	return r.body, nil
}

// TestSameResponses compares the worker's responses with the Go server's, header by
// header. Both run the same handler, so all must be equal.
func TestSameResponses(t *testing.T) {
	tag := send(t, native.URL, request{"HEAD", modelFile, nil}).header.Get("ETag")
	stamped := stampedAddress(t)
	requests := []request{
		{"GET", site.Health, nil},
		{"HEAD", site.Health, nil},
		{"POST", site.Health, nil},
		{"GET", "/missing.js", nil},
		{"HEAD", "/missing.js", nil},
		{"POST", "/missing.js", nil},
		{"OPTIONS", "/missing.js", nil},
		{"GET", "/library/models/", nil},
		{"GET", "/library/models/missing", []string{"Range", "bytes=0-1"}},
		{"GET", "/.keep", nil},
		{"GET", "/_headers", nil},
		{"GET", "/library/models/%00", nil},
		{"GET", stamped, []string{"Accept-Encoding", "br"}},
		{"GET", modelFile + "?v=0123456789ab", []string{"Accept-Encoding", "br"}},
		{"GET", "/library/engine-webgpu.wasm", []string{"Accept-Encoding", "br"}},
	}
	for _, path := range []string{modelFile, engineFile} {
		requests = append(requests,
			request{"HEAD", path, nil},
			request{"HEAD", path, []string{"Accept-Encoding", "br"}},
			request{"GET", path, []string{"Accept-Encoding", "br"}},
			request{"GET", path, []string{"Accept-Encoding", "gzip"}},
			request{"GET", path, []string{"Accept-Encoding", "br, gzip;q=0.9, zstd;q=0.8"}},
			request{"GET", path, []string{"Accept-Encoding", "identity"}},
			request{"GET", path, []string{"Accept-Encoding", "br;q=0, gzip;q=0"}},
			request{"POST", path, nil},
			request{"PUT", path, nil},
			request{"DELETE", path, nil},
			request{"GET", path, []string{"Range", "bytes=0-0"}},
			request{"GET", path, []string{"Range", "bytes=1000-70000"}},
			request{"GET", path, []string{"Range", "bytes=3000000-"}},
			request{"GET", path, []string{"Range", "bytes=-10"}},
			request{"GET", path, []string{"Range", "bytes=0-"}},
			request{"GET", path, []string{"Range", "bytes=99999999-"}},
			request{"GET", path, []string{"Range", "bytes=5-4"}},
			request{"GET", path, []string{"Range", "bytes=x"}},
			request{"GET", path, []string{"Range", "bytes=0-1,3-4"}},
			request{"GET", path, []string{"Range", "bytes=" + strings.Repeat("0-,", 1000) + "0-"}},
			request{"GET", path, []string{"If-None-Match", `"x"`}},
			request{"GET", path, []string{"If-None-Match", "*"}},
			request{"GET", path, []string{"If-Match", `"x"`}},
		)
	}
	requests = append(requests,
		request{"GET", modelFile, []string{"If-None-Match", tag}},
		request{"HEAD", modelFile, []string{"If-None-Match", tag}},
		request{"GET", modelFile, []string{"If-None-Match", `"x", W/` + tag}},
		request{"GET", modelFile, []string{"If-Match", tag}},
		request{"GET", modelFile, []string{"If-Range", tag, "Range", "bytes=5-8"}},
		request{"GET", modelFile, []string{"If-Range", `"x"`, "Range", "bytes=5-8"}},
	)
	for _, r := range requests {
		got, want := send(t, worker.URL, r), send(t, native.URL, r)
		if got.status != want.status || !bytes.Equal(got.body, want.body) {
			t.Errorf("%s: got %d and %d bytes, want %d and %d", r, got.status, len(got.body), want.status, len(want.body))
		}
		for _, name := range headerNames(got.header, want.header) {
			if isSetByRuntime(name, want) {
				continue
			}
			if g, w := got.header.Values(name), want.header.Values(name); !slices.Equal(g, w) {
				t.Errorf("%s: %s: got %q, want %q", r, name, g, w)
			}
		}
	}
}

// isSetByRuntime reports whether the runtime sets a header: the date, and the length
// of an empty body.
func isSetByRuntime(name string, r response) bool {
	return name == "Date" || (name == "Content-Length" && len(r.body) == 0)
}

func headerNames(headers ...http.Header) []string {
	names := make(map[string]bool)
	for _, header := range headers {
		for name := range header {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// stampedAddress returns the default model's address with its hash, as the page
// requests it.
func stampedAddress(t testing.TB) string {
	t.Helper()
	list, err := os.ReadFile(dist + "/models.json")
	if err != nil {
		t.Fatal(err)
	}
	var listed struct{ Models []struct{ Address string } }
	if err := json.Unmarshal(list, &listed); err != nil || len(listed.Models) != 1 || !strings.Contains(listed.Models[0].Address, "?v=") {
		t.Fatalf("the list of models is %s (%v), expected one with a hash in its address", list, err)
	}
	return "/" + listed.Models[0].Address
}

// TestStoredFiles compares the files that the platform serves without the worker
// with the Go server's. docs/deploy.md says what may differ.
func TestStoredFiles(t *testing.T) {
	for _, path := range []string{"/", "/index.html", "/page/app.js", "/page/style.css", "/manifest.webmanifest", "/icon.svg", "/models.json",
		"/segmenter.js", "/segmenter.d.ts", "/library/segmenter.d.ts", "/page/texts/en.js", "/samples/chelsea.png", "/samples/hero.webp", "/samples/china.jpg", "/service-worker.js"} {
		want := send(t, native.URL, request{"GET", path, nil})
		for _, accept := range []string{"identity", "br", "gzip"} {
			r := request{"GET", path, []string{"Accept-Encoding", accept}}
			got := send(t, worker.URL, r)
			if plain, err := got.decoded(); err != nil || got.status != http.StatusOK || !bytes.Equal(plain, want.body) {
				t.Errorf("%s: got %d, %v and %d bytes, want %d", r, got.status, err, len(plain), len(want.body))
			}
			checkStored(t, r, got, want)
		}
		tag := send(t, worker.URL, request{"HEAD", path, nil}).header.Get("ETag")
		again := request{"GET", path, []string{"If-None-Match", tag}}
		got := send(t, worker.URL, again)
		if got.status != http.StatusNotModified || len(got.body) > 0 {
			t.Errorf("%s: got %d and %d bytes, want 304 and none", again, got.status, len(got.body))
		}
		checkStored(t, again, got, want)
		posted := request{"POST", path, nil}
		if got := send(t, worker.URL, posted); got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: got %d, want 405", posted, got.status)
		}
	}
}

// checkStored checks the headers that a file needs from any server.
func checkStored(t *testing.T, r request, got, want response) {
	t.Helper()
	for name := range site.Headers() {
		if g, w := got.header.Get(name), want.header.Get(name); g != w {
			t.Errorf("%s: %s: got %q, want %q", r, name, g, w)
		}
	}
	if g, w := got.header.Get("Content-Type"), want.header.Get("Content-Type"); g != w {
		t.Errorf("%s: Content-Type: got %q, want %q", r, g, w)
	}
	if got.header.Get("ETag") == "" {
		t.Errorf("%s: the response has no entity tag", r)
	}
}

// TestOddPaths requests files outside the site, by paths that a platform may
// normalise first.
func TestOddPaths(t *testing.T) {
	for _, path := range []string{"/../package.json", "/../../etc/passwd", "/..%2f..%2fetc/passwd", "/library/../../worker/worker.mjs",
		"/%2e%2e/worker/worker.mjs", "//etc/passwd", "/worker.wasm", "/files.txt", "/.git/config", "/.assetsignore", "/_redirects", "/cdn-cgi/none"} {
		for _, base := range []string{native.URL, worker.URL} {
			r := request{"GET", path, nil}
			if got := send(t, base, r); got.status != http.StatusNotFound {
				t.Errorf("%s from %s: got %d, want 404", r, base, got.status)
			}
		}
	}
}
