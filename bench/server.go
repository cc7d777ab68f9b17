package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"segmenter/site"
)

// server serves the pages of all engines alike, cross-origin isolated, and counts
// the bytes of the bodies that it sends.
type server struct {
	*httptest.Server
	mu   sync.Mutex
	sent map[string]int64 // by path
}

func serve(s *stage) *server {
	served := &server{sent: map[string]int64{}}
	mux := http.NewServeMux()
	mount := func(prefix, dir string) {
		mux.Handle(prefix, http.StripPrefix(prefix, site.Handler(os.DirFS(dir))))
	}
	mount("/ours/", dist)
	mount("/plain/", dist)
	mux.HandleFunc("/plain/library/kernel.js", servePlainKernel)
	mount("/bench/", pages)
	mux.Handle("/", site.Handler(os.DirFS(s.dir)))
	served.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(&counter{w, served, r.URL.Path}, r)
	}))
	return served
}

// servePlainKernel serves kernel.js with one line more: the first module, the one with relaxed SIMD,
// is refused.
func servePlainKernel(w http.ResponseWriter, _ *http.Request) {
	const line = "if (!WebAssembly.validate(bytes)) return false;"
	content, err := os.ReadFile(dist + "/library/kernel.js")
	if err != nil || bytes.Count(content, []byte(line)) != 1 {
		http.Error(w, "kernel.js is not as this benchmark expects it", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/javascript")
	w.Header().Set("Cross-Origin-Embedder-Policy", "require-corp")
	w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	w.Write(bytes.Replace(content, []byte(line), []byte(line+" if (!globalThis.isSecond) return !(globalThis.isSecond = true);"), 1))
}

// counter counts the bytes of a response's body.
type counter struct {
	http.ResponseWriter
	server *server
	path   string
}

// WriteHeader drops the site's content security policy, which forbids the inline
// import map that LiteRT.js needs. That affects no engine's time.
func (c *counter) WriteHeader(status int) {
	c.Header().Del("Content-Security-Policy")
	c.ResponseWriter.WriteHeader(status)
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.server.mu.Lock()
	c.server.sent[c.path] += int64(n)
	c.server.mu.Unlock()
	return n, err
}

// resetCount starts counting at zero.
func (s *server) resetCount() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sent)
}

// count returns the bytes sent of engines and of models. It leaves out photos and
// the benchmark's own pages.
func (s *server) count() (library, model int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for path, n := range s.sent {
		switch {
		case strings.Contains(path, "/models/"):
			model += n
		case strings.HasPrefix(path, "/ours/"), strings.HasPrefix(path, "/node_modules/"):
			library += n
		}
	}
	return library, model
}
