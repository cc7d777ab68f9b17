package site

import (
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// built is a small site. Its compressed siblings hold plain text that shows which
// file the handler sent.
var built = fstest.MapFS{
	"index.html":                 {Data: []byte("<!doctype html>")},
	"app.js":                     {Data: []byte("0123456789")},
	"app.js.br":                  {Data: []byte("brotli")},
	"app.js.gz":                  {Data: []byte("gzipped")},
	"engine.wasm":                {Data: []byte("\x00asm")},
	"models/a.safetensors":       {Data: []byte("weights")},
	"guide/index.html":           {Data: []byte("a guide")},
	"orphan.js.br":               {Data: []byte("no plain file beside it")},
	"segmenter.d.ts":             {Data: []byte("export {}")},
	"NOTICE":                     {Data: []byte("rights")},
	"site.webmanifest":           {Data: []byte("{}")},
	"folder-without-index/a.txt": {Data: []byte("a")},
	".keep":                      {Data: []byte("hidden")},
	"guide/.draft":               {Data: []byte("hidden")},
	"_headers":                   {Data: []byte("for hosts")},
}

func get(t *testing.T, h http.Handler, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, "http://localhost/", nil)
	r.URL.Path = target
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFiles(t *testing.T) {
	for _, test := range []struct {
		path        string
		status      int
		contentType string
		body        string
	}{
		{"/", 200, "text/html; charset=utf-8", "<!doctype html>"},
		{"/index.html", 200, "text/html; charset=utf-8", "<!doctype html>"},
		{"/app.js", 200, "text/javascript; charset=utf-8", "0123456789"},
		{"/engine.wasm", 200, "application/wasm", "\x00asm"},
		{"/models/a.safetensors", 200, "application/octet-stream", "weights"},
		{"/guide/", 200, "text/html; charset=utf-8", "a guide"},
		{"/segmenter.d.ts", 200, "text/plain; charset=utf-8", "export {}"},
		{"/NOTICE", 200, "text/plain; charset=utf-8", "rights"},
		{"/site.webmanifest", 200, "application/manifest+json", "{}"},
		{"/guide", 404, "text/plain; charset=utf-8", ""},
		{"/models/", 404, "text/plain; charset=utf-8", ""},
		{"/folder-without-index/", 404, "text/plain; charset=utf-8", ""},
		{"/missing.js", 404, "text/plain; charset=utf-8", ""},
		{"/orphan.js", 404, "text/plain; charset=utf-8", ""},
		{"/../site.go", 404, "text/plain; charset=utf-8", ""},
		{"/models/../app.js", 404, "text/plain; charset=utf-8", ""},
		{"/.keep", 404, "text/plain; charset=utf-8", ""},
		{"/guide/.draft", 404, "text/plain; charset=utf-8", ""},
		{"/_headers", 404, "text/plain; charset=utf-8", ""},
		{"//app.js", 404, "text/plain; charset=utf-8", ""},
		{"/app.js\x00", 404, "text/plain; charset=utf-8", ""},
	} {
		t.Run(test.path, func(t *testing.T) {
			resp := get(t, Handler(built), "GET", test.path)
			if resp.StatusCode != test.status || resp.Header.Get("Content-Type") != test.contentType {
				t.Errorf("got %d %q, want %d %q", resp.StatusCode, resp.Header.Get("Content-Type"), test.status, test.contentType)
			}
			if got := body(t, resp); test.status == 200 && got != test.body {
				t.Errorf("got %q, want %q", got, test.body)
			}
			for name, want := range headers {
				if name == "Cache-Control" && test.status != 200 {
					continue // http.Error removes it, so that nobody caches errors
				}
				if got := resp.Header.Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestMethods(t *testing.T) {
	resp := get(t, Handler(built), "HEAD", "/app.js")
	if got := body(t, resp); resp.StatusCode != 200 || got != "" || resp.ContentLength != 10 {
		t.Errorf("HEAD: got %d, body %q, Content-Length %d; want 200, no body, 10", resp.StatusCode, got, resp.ContentLength)
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
		resp := get(t, Handler(built), method, "/app.js")
		if resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: got %d, Allow %q; want 405, \"GET, HEAD\"", method, resp.StatusCode, resp.Header.Get("Allow"))
		}
	}
}

func TestCodings(t *testing.T) {
	for _, test := range []struct {
		accept, coding, body string
	}{
		{"", "", "0123456789"},
		{"gzip, deflate, br, zstd", "br", "brotli"},
		{"gzip", "gzip", "gzipped"},
		{"deflate", "", "0123456789"},
		{"br;q=0.5, gzip;q=0.9", "gzip", "gzipped"},
		{"br;q=0.5, identity", "", "0123456789"},
		{"*", "br", "brotli"},
		{"*;q=0.1, br;q=0", "gzip", "gzipped"},
		{"identity;q=0, *;q=0.2", "br", "brotli"},
		{"BR ; Q=1", "br", "brotli"},
		{"br;q=nan, gzip;q=7", "", "0123456789"},
	} {
		resp := get(t, Handler(built), "GET", "/app.js", "Accept-Encoding", test.accept)
		if got := body(t, resp); got != test.body || resp.Header.Get("Content-Encoding") != test.coding {
			t.Errorf("%q: got %q as %q, want %q as %q", test.accept, got, resp.Header.Get("Content-Encoding"), test.body, test.coding)
		}
		if resp.ContentLength != int64(len(test.body)) || resp.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: Content-Length %d, Vary %q", test.accept, resp.ContentLength, resp.Header.Get("Vary"))
		}
		if got := resp.Header.Get("Content-Type"); got != "text/javascript; charset=utf-8" {
			t.Errorf("%q: Content-Type %q", test.accept, got)
		}
	}
	if resp := get(t, Handler(built), "GET", "/index.html", "Accept-Encoding", "identity;q=0, br"); resp.StatusCode != 406 {
		t.Errorf("a refused identity without other codings: got %d, want 406", resp.StatusCode)
	}
}

func TestConditions(t *testing.T) {
	h := Handler(built)
	plain := get(t, h, "GET", "/app.js").Header.Get("ETag")
	coded := get(t, h, "GET", "/app.js", "Accept-Encoding", "br").Header.Get("ETag")
	if plain == "" || plain == coded || strings.HasPrefix(plain, "W/") {
		t.Fatalf("entity tags must be strong and differ between codings: got %s and %s", plain, coded)
	}
	for _, test := range []struct {
		name   string
		header []string
		status int
		body   string
	}{
		{"same", []string{"If-None-Match", plain}, 304, ""},
		{"same coded", []string{"If-None-Match", coded, "Accept-Encoding", "br"}, 304, ""},
		{"one of several", []string{"If-None-Match", `"x", W/` + plain}, 304, ""},
		{"tag of another coding", []string{"If-None-Match", coded}, 200, "0123456789"},
		{"failed precondition", []string{"If-Match", `"x"`, "Accept-Encoding", "br"}, 412, ""},
		{"range", []string{"Range", "bytes=2-4"}, 206, "234"},
		{"range wins over coding", []string{"Range", "bytes=2-4", "Accept-Encoding", "br"}, 206, "234"},
		{"several ranges", []string{"Range", "bytes=0-1,3-4"}, 200, "0123456789"},
		{"suffix range", []string{"Range", "bytes=-3"}, 206, "789"},
		{"range of this version", []string{"Range", "bytes=5-", "If-Range", plain}, 206, "56789"},
		{"range of another version", []string{"Range", "bytes=5-", "If-Range", `"x"`}, 200, "0123456789"},
		{"range behind the end", []string{"Range", "bytes=50-"}, 416, "invalid range: failed to overlap\n"},
		{"unreadable range", []string{"Range", "bytes=x-y"}, 416, "invalid range\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			resp := get(t, h, "GET", "/app.js", test.header...)
			if got := body(t, resp); resp.StatusCode != test.status || got != test.body {
				t.Errorf("got %d %q, want %d %q", resp.StatusCode, got, test.status, test.body)
			}
			if resp.StatusCode != 200 && resp.Header.Get("Content-Encoding") != "" {
				t.Errorf("got Content-Encoding %q with status %d", resp.Header.Get("Content-Encoding"), resp.StatusCode)
			}
		})
	}
}

// TestImmutable requests files by their hash and by hashes of other versions.
func TestImmutable(t *testing.T) {
	model := sha256.Sum256(built["models/a.safetensors"].Data)
	app := sha256.Sum256(built["app.js"].Data)
	for _, test := range []struct{ address, accept, caching string }{
		{Address("models/a.safetensors", model), "", immutable},
		{Address("models/a.safetensors", app), "", revalidated},
		{Address("app.js", app), "", immutable},
		{Address("app.js", app), "br", immutable}, // the hash is the plain file's
		{"app.js?v=", "", revalidated},
		{"app.js?v=*", "", revalidated},
		{"app.js", "", revalidated},
	} {
		r := httptest.NewRequest("GET", "/"+test.address, nil)
		r.Header.Set("Accept-Encoding", test.accept)
		w := httptest.NewRecorder()
		Handler(built).ServeHTTP(w, r)
		if got := w.Header().Get("Cache-Control"); w.Code != 200 || got != test.caching {
			t.Errorf("%s: got %d, Cache-Control %q, want 200, %q", test.address, w.Code, got, test.caching)
		}
	}
}

func TestHealth(t *testing.T) {
	resp := get(t, Handler(fstest.MapFS{}), "GET", Health)
	if got := body(t, resp); resp.StatusCode != 200 || got != "ok\n" || resp.Header.Get("Cache-Control") != uncached {
		t.Errorf("got %d %q, Cache-Control %q, want 200, ok and no-store", resp.StatusCode, got, resp.Header.Get("Cache-Control"))
	}
	if resp := get(t, Handler(built), "POST", Health); resp.StatusCode != 405 {
		t.Errorf("POST: got %d, want 405", resp.StatusCode)
	}
}

// TestFolder serves a real folder over a real connection: a changed file must get a
// new tag, and the handler must refuse a link out of the folder.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "secret.txt")
	app := filepath.Join(dir, "app.js")
	for name, content := range map[string]string{app: "one", app + ".br": "coded", outside: "secret"} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link.txt")); err != nil {
		t.Skip("this system has no symbolic links")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	server := httptest.NewServer(http.StripPrefix("/under/here", Handler(root.FS())))
	defer server.Close()

	fetch := func(name string, header ...string) *http.Response {
		r, err := http.NewRequest("GET", server.URL+"/under/here/"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	first := fetch("app.js", "Accept-Encoding", "identity").Header.Get("ETag")
	if err := os.WriteFile(app, []byte("another"), 0o644); err != nil {
		t.Fatal(err)
	}
	resp := fetch("app.js", "Accept-Encoding", "identity", "If-None-Match", first)
	if got := body(t, resp); resp.StatusCode != 200 || got != "another" || resp.Header.Get("ETag") == first {
		t.Errorf("after a change: got %d %q with the tag %s, want 200, the new content and a new tag", resp.StatusCode, got, resp.Header.Get("ETag"))
	}
	resp = fetch("app.js", "Accept-Encoding", "br")
	if got := body(t, resp); got != "coded" || resp.ContentLength != 5 {
		t.Errorf("coded: got %q, Content-Length %d, want \"coded\" and 5", got, resp.ContentLength)
	}
	resp = fetch("app.js", "Accept-Encoding", "br", "If-Match", `"x"`)
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 412 {
		t.Errorf("failed precondition: got %d and %v, want 412", resp.StatusCode, err)
	}
	if resp := fetch("link.txt"); resp.StatusCode != 404 {
		t.Errorf("a link out of the folder: got %d, want 404", resp.StatusCode)
	}
}

// FuzzRequest sends any path with any values of the headers that the handler reads.
// The handler must answer with a file of the site or an error.
func FuzzRequest(f *testing.F) {
	f.Add("/", "gzip, br;q=0.5", "", "")
	f.Add("/app.js", "identity;q=0, *;q=0.1", "bytes=0-3", `"x"`)
	f.Add("/../../etc/passwd", ";;q=,=", "bytes=-1,2-,5-4", "W/*")
	f.Add("/models//", "br;q=nan, *;q=0", "bytes=9999999999999999999-", "*")
	known := make(map[[32]byte]bool)
	for _, file := range built {
		known[sha256.Sum256(file.Data)] = true
	}
	h := Handler(built)
	f.Fuzz(func(t *testing.T, path, accept, ranges, tag string) {
		resp := get(t, h, "GET", path, "Accept-Encoding", accept, "Range", ranges, "If-None-Match", tag)
		content := []byte(body(t, resp))
		switch resp.StatusCode {
		case 200:
			if !known[sha256.Sum256(content)] {
				t.Errorf("%q: got %q, which is not a file of the site", path, content)
			}
		case 206, 304, 404, 406, 416:
		default:
			t.Errorf("%q: got the status %d", path, resp.StatusCode)
		}
	})
}
