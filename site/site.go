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
// and, by way of package site/listed, in a worker at the edge.
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

// Health is the address at which a server says that it is there.
const Health = "/healthz"

// What browsers may do with a response before they ask again. An address with a
// file's hash is for good: other bytes have another address.
const (
	revalidated = "no-cache"
	immutable   = "public, max-age=31536000, immutable"
	unkept      = "no-store"
)

// headers go with every response, errors too: a worker's script without
// Cross-Origin-Embedder-Policy would be refused by an isolated page.
var headers = map[string]string{
	"Cache-Control":                revalidated,
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

// Address is a file's name in the site with a hash of its content, at which it
// may be kept for good.
func Address(name string, sum Sum) string {
	return fmt.Sprintf("%s?v=%s", name, stamp(sum))
}

// Sum is the SHA-256 hash of a file. Where a file's [fs.FileInfo] has one as its
// Sys, [Handler] need not read the file for it.
type Sum = [sha256.Size]byte

func stamp(sum Sum) string { return fmt.Sprintf("%x", sum[:6]) }

// Handler serves the files of a built site to GET and HEAD requests. It lists
// no folder, follows no "..", serves nothing whose name begins with a dot or an
// underscore, and answers a request for a folder with its index.html where the
// address ends in a slash. At [Health] it says that it is there.
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
	sums  sync.Map // version → Sum
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
	if r.URL.Path == Health {
		w.Header().Set("Cache-Control", unkept)
		w.Header().Set("Content-Type", ContentType(""))
		io.WriteString(w, "ok\n")
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" || strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	offered := h.codings(name)
	if len(offered) == 0 || isHidden(name) {
		http.Error(w, "404: there is no such file here.", http.StatusNotFound)
		return
	}
	ranges := strings.Join(r.Header.Values("Range"), ",")
	if strings.Contains(ranges, ",") {
		// Many small ranges cost a server more than they bring: the whole file
		// is an answer too (RFC 9110, section 14.2).
		r.Header.Del("Range")
	} else if ranges != "" {
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

// isHidden tells whether a file is none of the site's: those beginning with a
// dot are of editors and systems, those with an underscore tell other hosts how
// to serve the site.
func isHidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.") || strings.HasPrefix(name, "_")
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
	content, sum, err := h.open(name + suffixes[coding])
	if err != nil {
		return err
	}
	defer content.Close()
	if asked := r.URL.Query().Get("v"); asked != "" {
		if same, err := h.isStamp(name, asked); err != nil {
			return err
		} else if same {
			w.Header().Set("Cache-Control", immutable)
		}
	}
	w.Header().Set("ETag", tag(sum))
	if coding != identity {
		w = coded{w, coding}
	}
	// Without a time there is no Last-Modified: entity tags are exact, and the
	// times of a fresh checkout mean nothing.
	http.ServeContent(w, r, name, time.Time{}, content)
	return nil
}

// isStamp tells whether what an address says is the hash of the file: while a
// new version is being deployed, old servers get requests for its addresses.
func (h *handler) isStamp(name, asked string) (bool, error) {
	content, sum, err := h.open(name)
	if err != nil {
		return false, err
	}
	return asked == stamp(sum), content.Close()
}

// open opens a file at its beginning, and says its hash.
func (h *handler) open(name string) (io.ReadSeekCloser, Sum, error) {
	file, err := h.files.Open(name)
	if err != nil {
		return nil, Sum{}, err
	}
	content, ok := file.(io.ReadSeekCloser)
	if !ok {
		file.Close()
		return nil, Sum{}, fmt.Errorf("%s is not seekable, but ranges need that", name)
	}
	sum, err := h.sum(name, file, content)
	if err != nil {
		file.Close()
	}
	return content, sum, err
}

// sum is a file's hash, which is computed once for each version of it.
func (h *handler) sum(name string, file fs.File, content io.ReadSeeker) (Sum, error) {
	info, err := file.Stat()
	if err != nil {
		return Sum{}, err
	}
	if known, ok := info.Sys().(Sum); ok {
		return known, nil
	}
	v := version{name, info.Size(), info.ModTime()}
	if known, ok := h.sums.Load(v); ok {
		return known.(Sum), nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, content); err != nil {
		return Sum{}, err
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return Sum{}, err
	}
	sum := Sum(hash.Sum(nil))
	h.sums.Store(v, sum)
	return sum, nil
}

// tag is the strong entity tag of a file: a hash of the bytes that are sent,
// so that two codings of one file have two tags (RFC 9110, section 8.8.3).
func tag(sum Sum) string {
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
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

// ReadFrom leaves copying to the writer below, which may know a faster way than
// through this program's memory.
func (w coded) ReadFrom(r io.Reader) (int64, error) { return io.Copy(w.ResponseWriter, r) }
