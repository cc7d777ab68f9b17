// Package site serves the built site: the page, its library, the engine and
// the model.
//
// [Handler] serves static files with the headers that the page needs:
//
//   - cross-origin isolation, without which browsers allow no SharedArrayBuffer and
//     thus no threads
//   - a strict content security policy: no photo can leave the machine
//   - content types that do not depend on the server's machine
//   - strong entity tags
//
// It sends the compressed siblings that package site/build writes beside the files.
// It uses nothing of the operating system, so the same code serves from a folder,
// from an embedded file system and, with package site/listed, in a worker at the
// edge.
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

// policy lets the page load its own files and compile WebAssembly, and nothing else:
// even a faulty page could not send a photo anywhere.
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

// Health is the address of the health check.
const Health = "/healthz"

// Values of Cache-Control. A response at an address with the file's hash is
// immutable, since other bytes have another address.
const (
	revalidated = "no-cache"
	immutable   = "public, max-age=31536000, immutable"
	uncached    = "no-store"
)

// headers go with every response, including errors. An isolated page refuses a
// worker's script without Cross-Origin-Embedder-Policy.
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

// Headers returns the headers of every file. If a host cannot set them, the service
// worker adds them.
func Headers() map[string]string { return maps.Clone(headers) }

// contentTypes lists all types of the site's files, since package mime asks the
// operating system, whose answers differ between machines.
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

// ContentType returns the media type of a file by its extension.
func ContentType(name string) string {
	if known, ok := contentTypes[strings.ToLower(path.Ext(name))]; ok {
		return known
	}
	return "application/octet-stream"
}

// Address returns a file's name with a hash of its content. Browsers may cache the
// file at that address forever.
func Address(name string, sum Sum) string {
	return fmt.Sprintf("%s?v=%s", name, stamp(sum))
}

// Sum is the SHA-256 hash of a file. If Sys of a file's [fs.FileInfo] returns one,
// [Handler] does not read the file to compute it.
type Sum = [sha256.Size]byte

func stamp(sum Sum) string { return fmt.Sprintf("%x", sum[:6]) }

// Handler serves the files of a built site to GET and HEAD requests. It lists no
// folders, does not follow "..", and hides names that begin with a dot or an
// underscore. For an address that ends in a slash it serves the folder's index.html.
// At [Health] it answers "ok".
//
// It sends a file or its sibling NAME.br or NAME.gz, as Accept-Encoding prefers, but
// a range only of the plain file. The files must be seekable, like those of
// [os.DirFS], [os.Root.FS] and [embed.FS].
//
// To serve a site under a path, wrap the handler in [http.StripPrefix].
func Handler(files fs.FS) http.Handler {
	return &handler{files: files}
}

type handler struct {
	files fs.FS
	sums  sync.Map // version → Sum
}

// version identifies a state of a file without reading it.
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
		http.Error(w, "405: this site only answers GET and HEAD requests.", http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Path == Health {
		w.Header().Set("Cache-Control", uncached)
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
		http.Error(w, "404: this site has no such file.", http.StatusNotFound)
		return
	}
	ranges := strings.Join(r.Header.Values("Range"), ",")
	if strings.Contains(ranges, ",") {
		// Several ranges cost too much. The whole file is a valid answer too (RFC 9110,
		// section 14.2).
		r.Header.Del("Range")
	} else if ranges != "" {
		offered = []string{identity}
	}
	w.Header().Set("Vary", "Accept-Encoding")
	coding, ok := negotiate(strings.Join(r.Header.Values("Accept-Encoding"), ","), offered)
	if !ok {
		http.Error(w, "406: Accept-Encoding refuses all codings of this file.", http.StatusNotAcceptable)
		return
	}
	w.Header().Set("Content-Type", ContentType(name))
	if err := h.send(w, r, name, coding); err != nil {
		http.Error(w, "500: the server cannot read this file.", http.StatusInternalServerError)
	}
}

// isHidden reports whether a file is not part of the site: names with a dot belong to
// editors and systems, and those with an underscore configure other hosts.
func isHidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.") || strings.HasPrefix(name, "_")
}

// codings returns the available content codings of a file, best first, or nil if the
// file does not exist.
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

// send writes the file in a content coding, or the response that the request's
// conditions demand. If it returns an error, it has written nothing.
func (h *handler) send(w http.ResponseWriter, r *http.Request, name, coding string) error {
	content, sum, err := h.open(name + suffixes[coding])
	if err != nil {
		return err
	}
	defer content.Close()
	if requested := r.URL.Query().Get("v"); requested != "" {
		if same, err := h.isStamp(name, requested); err != nil {
			return err
		} else if same {
			w.Header().Set("Cache-Control", immutable)
		}
	}
	w.Header().Set("ETag", tag(sum))
	if coding != identity {
		w = encodedWriter{w, coding}
	}
	// No time, so no Last-Modified: entity tags are exact, and the times of a fresh
	// checkout mean nothing.
	http.ServeContent(w, r, name, time.Time{}, content)
	return nil
}

// isStamp reports whether the stamp in an address is that of the file. It may not be:
// during a deployment, old servers get requests for new addresses.
func (h *handler) isStamp(name, requested string) (bool, error) {
	content, sum, err := h.open(name)
	if err != nil {
		return false, err
	}
	return requested == stamp(sum), content.Close()
}

// open opens a file and returns it with its hash.
func (h *handler) open(name string) (io.ReadSeekCloser, Sum, error) {
	file, err := h.files.Open(name)
	if err != nil {
		return nil, Sum{}, err
	}
	content, ok := file.(io.ReadSeekCloser)
	if !ok {
		file.Close()
		return nil, Sum{}, fmt.Errorf("%s is not seekable, as ranges require", name)
	}
	sum, err := h.sum(name, file, content)
	if err != nil {
		file.Close()
	}
	return content, sum, err
}

// sum returns a file's hash, and computes it once per version.
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

// tag returns a strong entity tag from the hash of the bytes to send. Two codings of
// one file have different tags (RFC 9110, section 8.8.3).
func tag(sum Sum) string {
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// encodedWriter sets Content-Encoding only for responses with the whole body, not
// for 304 or 412.
//
// If the header were set before [http.ServeContent], that function would leave out
// Content-Length, which the page's progress bar needs.
type encodedWriter struct {
	http.ResponseWriter
	coding string
}

func (w encodedWriter) WriteHeader(status int) {
	if status == http.StatusOK {
		w.Header().Set("Content-Encoding", w.coding)
	}
	w.ResponseWriter.WriteHeader(status)
}

// ReadFrom leaves copying to the underlying writer, which may do it faster than
// through this program's memory.
func (w encodedWriter) ReadFrom(r io.Reader) (int64, error) { return io.Copy(w.ResponseWriter, r) }
