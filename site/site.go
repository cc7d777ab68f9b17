// Package site serves the built site: the page, its library, the engine and
// the model.
//
// [Handler] is a handler for static files with the headers that the page needs
// wherever it is served: cross-origin isolation (without it a browser gives no
// SharedArrayBuffer, hence no threads), a strict content security policy (no
// photo can leave the machine), content types that do not depend on the
// machine, strong entity tags, and the compressed siblings that package
// site/build writes beside the files. It needs nothing of the operating
// system, so the same code serves from a folder, from an embedded file system
// and in a worker at the edge.
package site

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// policy lets the page load its own files and compile WebAssembly, and nothing
// else: whatever went wrong in it, a photo could not be sent anywhere.
const policy = "default-src 'self'; " +
	"script-src 'self' 'wasm-unsafe-eval'; " +
	"style-src 'self'; " +
	"img-src 'self' blob: data:; " +
	"media-src 'self' blob:; " +
	"connect-src 'self'; " +
	"worker-src 'self'; " +
	"object-src 'none'; " +
	"base-uri 'none'; " +
	"form-action 'none'; " +
	"frame-ancestors 'self'"

// headers go with every response, errors too: a worker's script without
// Cross-Origin-Embedder-Policy would be refused by an isolated page.
var headers = map[string]string{
	"Cache-Control":                "no-cache",
	"Content-Security-Policy":      policy,
	"Cross-Origin-Embedder-Policy": "require-corp",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy":           "camera=(self), display-capture=(self), geolocation=(), microphone=(), payment=(), usb=()",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
}

// Headers returns the headers that every file is served with, whatever it is. A
// service worker adds them where a host cannot.
func Headers() map[string]string { return maps.Clone(headers) }

// contentTypes is complete on purpose: package mime would ask the operating
// system, whose answer differs from one machine to the next.
var contentTypes = map[string]string{
	"":             "text/plain; charset=utf-8", // LICENSE, NOTICE
	".css":         "text/css; charset=utf-8",
	".gif":         "image/gif",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".jpg":         "image/jpeg",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".md":          "text/markdown; charset=utf-8",
	".mjs":         "text/javascript; charset=utf-8",
	".png":         "image/png",
	".safetensors": "application/octet-stream",
	".svg":         "image/svg+xml",
	".ts":          "text/plain; charset=utf-8",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".webmanifest": "application/manifest+json",
	".webp":        "image/webp",
}

// ContentType is the media type of a file of the site, by its extension.
func ContentType(name string) string {
	if known, ok := contentTypes[strings.ToLower(path.Ext(name))]; ok {
		return known
	}
	return "application/octet-stream"
}

// Handler serves the files of a built site to GET and HEAD requests. It lists
// no folder, follows no "..", serves nothing whose name begins with a dot, and
// answers a request for a folder with its index.html where the address ends in
// a slash.
//
// Of a file and its siblings NAME.br and NAME.gz it sends the one that
// Accept-Encoding prefers; a range is always one of the plain file. Files have
// to be seekable, as those of [os.DirFS], [os.Root.FS] and [embed.FS] are.
//
// Under a sub-path, wrap it in [http.StripPrefix].
func Handler(files fs.FS) http.Handler {
	return &handler{files: files}
}

type handler struct {
	files fs.FS
	tags  sync.Map // version → entity tag
}

// version tells one state of a file from the next without reading it.
type version struct {
	name    string
	size    int64
	modTime time.Time
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range headers {
		w.Header().Set(name, value)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "405: this site only answers GET and HEAD.", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" || strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	offered := h.codings(name)
	if len(offered) == 0 || strings.HasPrefix(name, ".") || strings.Contains(name, "/.") {
		http.Error(w, "404: there is no such file here.", http.StatusNotFound)
		return
	}
	if r.Header.Get("Range") != "" {
		offered = []string{identity}
	}
	w.Header().Set("Vary", "Accept-Encoding")
	coding, ok := negotiate(strings.Join(r.Header.Values("Accept-Encoding"), ","), offered)
	if !ok {
		http.Error(w, "406: this file comes only in codings that Accept-Encoding refuses.", http.StatusNotAcceptable)
		return
	}
	w.Header().Set("Content-Type", ContentType(name))
	if err := h.send(w, r, name, coding); err != nil {
		http.Error(w, "500: this file cannot be read.", http.StatusInternalServerError)
	}
}

// codings lists what a file can be had in, best first; nothing where there is
// no such file.
func (h *handler) codings(name string) []string {
	var found []string
	for _, coding := range []string{"br", "gzip", identity} {
		info, err := fs.Stat(h.files, name+suffixes[coding])
		if err == nil && info.Mode().IsRegular() {
			found = append(found, coding)
		}
	}
	if !slices.Contains(found, identity) {
		return nil
	}
	return found
}

// send writes the file in a coding, or what the request's conditions make of
// it. It has written nothing when it returns an error.
func (h *handler) send(w http.ResponseWriter, r *http.Request, name, coding string) error {
	file, err := h.files.Open(name + suffixes[coding])
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	content, ok := file.(io.ReadSeeker)
	if !ok {
		return fmt.Errorf("%s is not seekable, but ranges need that", name)
	}
	tag, err := h.tag(version{name + suffixes[coding], info.Size(), info.ModTime()}, content)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", tag)
	if coding != identity {
		w = coded{w, coding}
	}
	// Without a time there is no Last-Modified: entity tags are exact, and the
	// times of a fresh checkout mean nothing.
	http.ServeContent(w, r, name, time.Time{}, content)
	return nil
}

// tag is the strong entity tag of a file: a hash of the bytes that are sent,
// so that two codings of one file have two tags (RFC 9110, section 8.8.3).
func (h *handler) tag(v version, content io.ReadSeeker) (string, error) {
	if tag, ok := h.tags.Load(v); ok {
		return tag.(string), nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, content); err != nil {
		return "", err
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	tag := `"` + base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:16]) + `"`
	h.tags.Store(v, tag)
	return tag, nil
}

// coded names the content coding, but only where the body follows: 304 and 412
// have none.
//
// Setting the header before [http.ServeContent] would make that leave out the
// Content-Length, which the page's progress bar wants.
type coded struct {
	http.ResponseWriter
	coding string
}

func (w coded) WriteHeader(status int) {
	if status == http.StatusOK {
		w.Header().Set("Content-Encoding", w.coding)
	}
	w.ResponseWriter.WriteHeader(status)
}
