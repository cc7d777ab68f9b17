package site_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"segmenter/e2e/needs"
	"segmenter/site"
)

// recipe returns the first code block of a language in docs/deploy.md.
func recipe(t *testing.T, language string) string {
	t.Helper()
	document, err := os.ReadFile("../docs/deploy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(document), "```"+language+"\n")
	text, _, found := strings.Cut(rest, "```\n")
	if !found {
		t.Fatalf("docs/deploy.md has no block of the language %s", language)
	}
	return text
}

// TestRecipes compares the headers in docs/deploy.md with the site's.
func TestRecipes(t *testing.T) {
	for _, language := range []string{"nginx", "caddyfile"} {
		text := recipe(t, language)
		for name, value := range site.Headers() {
			if !regexp.MustCompile(name + ` .*"` + regexp.QuoteMeta(value) + `"|` + name + ` \$caching`).MatchString(text) {
				t.Errorf("%s: %s: %s is missing", language, name, value)
			}
		}
	}
}

// find returns the path of a server's program, which a Debian package contains.
func find(t *testing.T, name, debian string) string {
	t.Helper()
	for _, candidate := range []string{name, "/usr/sbin/" + name} { // not in every user's PATH
		if program, err := exec.LookPath(candidate); err == nil {
			return program
		}
	}
	needs.Check(t, fmt.Errorf("%s is missing: install it, on Debian with 'apt install %s'", name, debian))
	return ""
}

// start writes a server's configuration, starts the server until the test ends, and
// returns its URL.
func start(t *testing.T, config, text, addr, program string, arguments ...string) string {
	t.Helper()
	if err := os.WriteFile(config, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	process := exec.Command(program, arguments...)
	process.Env = append(os.Environ(), "HOME="+filepath.Dir(config), "XDG_CONFIG_HOME=", "XDG_DATA_HOME=")
	var output bytes.Buffer
	process.Stdout, process.Stderr = &output, &output
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		process.Process.Signal(os.Interrupt)
		process.Wait() // the exit status does not matter
		if t.Failed() {
			t.Logf("the server's output: %s", output.String())
		}
	})
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			return "http://" + addr
		}
	}
	t.Fatal("the server did not answer within 10 seconds")
	return ""
}

func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// nginx serves a folder with nginx and its recipe, and returns the URL.
func nginx(t *testing.T, folder string) string {
	program := find(t, "nginx", "nginx-light")
	addr, scratch := freeAddr(t), t.TempDir()
	server := strings.NewReplacer("127.0.0.1:8080", addr, "/var/www/segmenter", folder).Replace(recipe(t, "nginx"))
	text := fmt.Sprintf(`
daemon off;
pid %[1]s/pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	%[2]s
}
`, scratch, server)
	if os.Getuid() == 0 { // otherwise its workers run as a user who cannot read the folder
		text = "user root;\n" + text
	}
	config := filepath.Join(scratch, "nginx.conf")
	return start(t, config, text, addr, program, "-e", "stderr", "-c", config)
}

// caddy serves a folder with Caddy and its recipe, and returns the URL.
func caddy(t *testing.T, folder string) string {
	program := find(t, "caddy", "caddy")
	addr, scratch := freeAddr(t), t.TempDir()
	server := strings.NewReplacer("segmenter.example", "http://"+addr, "/var/www/segmenter", folder).Replace(recipe(t, "caddyfile"))
	config := filepath.Join(scratch, "Caddyfile")
	return start(t, config, "{\n\tadmin off\n}\n"+server, addr, program, "run", "--config", config, "--adapter", "caddyfile")
}

// TestServers serves a small site with each server and its recipe, and compares the
// responses with those of the project's own server.
func TestServers(t *testing.T) {
	t.Run("nginx", func(t *testing.T) { compareWithOwn(t, nginx) })
	t.Run("caddy", func(t *testing.T) { compareWithOwn(t, caddy) })
}

func compareWithOwn(t *testing.T, serve func(t *testing.T, folder string) string) {
	folder := t.TempDir()
	model := bytes.Repeat([]byte("weights "), 1000)
	stamped := "/" + site.Address("library/models/a.safetensors", sha256.Sum256(model))
	for name, content := range map[string][]byte{
		"index.html": []byte("<!doctype html>"), "app.js": []byte("0123456789"), "app.js.gz": []byte("gzipped"),
		"style.css": []byte("p {}"), "engine.wasm": []byte("\x00asm"), "library/models/a.safetensors": model,
		"segmenter.d.ts": []byte("export {}"), "site.webmanifest": []byte("{}"), "models.json": []byte("{}"), "icon.svg": []byte("<svg/>"),
		"a.png": []byte("png"), "a.jpg": []byte("jpg"), "a.webp": []byte("webp"), "_headers": []byte("/*"), ".keep": []byte("hidden"),
	} {
		name = filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	base := serve(t, folder)
	for _, path := range []string{"/", "/index.html", "/app.js", "/style.css", "/engine.wasm", stamped, "/library/models/a.safetensors",
		"/segmenter.d.ts", "/site.webmanifest", "/models.json", "/icon.svg", "/a.png", "/a.jpg", "/a.webp", "/missing", "/_headers", "/.keep", "/../site.go"} {
		isSame(t, base, folder, path, 0)
	}
	isSame(t, base, folder, "/app.js", 0, "Accept-Encoding", "gzip")
	isSame(t, base, folder, stamped, 0, "Range", "bytes=100-199")
	isSame(t, base, folder, stamped, 0, "Range", "bytes=99999-")
	tag := ask(t, base, "/engine.wasm").Header.Get("ETag")
	isSame(t, base, folder, "/engine.wasm", http.StatusNotModified, "If-None-Match", tag)
}

// isSame compares the responses of both servers. status is the expected one, or 0 for
// that of the own server, which does not know the other's entity tags.
func isSame(t *testing.T, base, folder, path string, status int, header ...string) {
	t.Helper()
	own := newServer(t, folder)
	got, want := ask(t, base, path, header...), ask(t, own, path, header...)
	if status == 0 {
		status = want.StatusCode
	}
	// nginx resolves a path first, and answers 400 if the result is outside the site.
	if got.StatusCode != status && !(status == http.StatusNotFound && got.StatusCode == http.StatusBadRequest) {
		t.Errorf("%s %v: got %d, want %d", path, header, got.StatusCode, status)
	}
	for name := range site.Headers() {
		if name == "Cache-Control" && status >= 400 { // nobody caches errors
			continue
		}
		if status == http.StatusBadRequest || got.StatusCode == http.StatusBadRequest {
			continue
		}
		if g, w := got.Header.Get(name), want.Header.Get(name); g != w {
			t.Errorf("%s %v: %s: got %q, want %q", path, header, name, g, w)
		}
	}
	if status >= 300 {
		return
	}
	for _, name := range []string{"Content-Encoding", "Content-Range"} {
		if g, w := got.Header.Get(name), want.Header.Get(name); g != w {
			t.Errorf("%s %v: %s: got %q, want %q", path, header, name, g, w)
		}
	}
	if g, w := got.Header.Get("Content-Type"), want.Header.Get("Content-Type"); g != w {
		t.Errorf("%s %v: Content-Type: got %q, want %q", path, header, g, w)
	}
	if g, w := read(t, got), read(t, want); g != w {
		t.Errorf("%s %v: got %q, want %q", path, header, g, w)
	}
}

func newServer(t *testing.T, folder string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := site.Server(os.DirFS(folder))
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return "http://" + listener.Addr().String()
}

func ask(t *testing.T, base, path string, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequest("GET", base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := (&http.Transport{DisableCompression: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func read(t *testing.T, resp *http.Response) string {
	t.Helper()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
