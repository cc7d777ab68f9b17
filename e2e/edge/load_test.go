package edge

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"segmenter/site"
)

const (
	visitors  = 200     // at the same time
	maxGrowth = 4 << 20 // of memory over thousands of requests, in bytes
)

// firstView lists the files that a first visit waits for, without the model.
var firstView = []string{"/", "/page/style.css", "/page/app.js", "/library/segmenter.js", "/library/ranks.js", "/library/engine.worker.js", "/library/wasm_exec.js", "/page/texts.js", "/page/texts/en.js", engineFile}

// TestLoad simulates many visitors at the same time, first with cold caches, then
// with warm ones, several times. In the first round a server allocates the memory
// that it needs.
func TestLoad(t *testing.T) {
	for _, server := range []struct {
		name, url string
		memory    func() (int, error)
		rounds    int
	}{
		{"the Go server", native.URL, heap, 3},
		// The local runtime keeps some 20 kB per request for a while, even for files
		// that the worker never sees. TestProgram measures the worker's program alone.
		{"the worker", worker.URL, worker.Memory, 1},
	} {
		t.Run(server.name, func(t *testing.T) {
			address := stampedAddress(t)
			tags := make(map[string]string)
			view := append(firstView, address)
			for _, path := range view {
				tags[path] = send(t, server.url, request{"GET", path, []string{"Accept-Encoding", "br"}}).header.Get("ETag")
			}
			memory := make([]int, server.rounds)
			var cold, warm outcome
			for round := range memory {
				cold = crowd(t, func(int) (int, error) { return fetchAll(server.url, view, nil) })
				warm = crowd(t, func(int) (int, error) { return fetchAll(server.url, view, tags) })
				var err error
				if memory[round], err = server.memory(); err != nil {
					t.Fatal(err)
				}
			}
			t.Logf("%d visitors: cold %v; warm %v; memory %d bytes", visitors, cold, warm, memory)
			if last := memory[server.rounds-1]; last > memory[0]+maxGrowth {
				t.Errorf("memory grew from %d to %d bytes", memory[0], last)
			}
			if warm.bytes > 0 {
				t.Errorf("the server sent %d bytes to visitors who have them already", warm.bytes)
			}
		})
	}
}

// TestProgram measures the worker's program alone. The free plan allows 10 ms of CPU
// time per request.
func TestProgram(t *testing.T) {
	node, err := node()
	if err != nil {
		t.Fatal(err)
	}
	built, err := filepath.Abs(filepath.Join(root, "dist", "worker"))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(node, "testdata/soak.mjs", built)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var took struct {
		Milliseconds  float64
		Before, After int
	}
	if err := json.Unmarshal(out, &took); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	t.Logf("a request takes %.2f ms of CPU time; memory %d MB, then %d MB", took.Milliseconds, took.Before>>20, took.After>>20)
	if took.Milliseconds > 10 {
		t.Errorf("a request takes %.2f ms of CPU time, expected at most 10", took.Milliseconds)
	}
	if took.After > took.Before+maxGrowth {
		t.Errorf("memory grew from %d to %d bytes", took.Before, took.After)
	}
}

// heap returns the heap of this process, which includes the Go server, after a
// garbage collection.
func heap() (int, error) {
	transport.CloseIdleConnections()
	time.Sleep(100 * time.Millisecond)
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc), nil
}

// outcome sums up what a crowd received.
type outcome struct {
	bytes int
	took  time.Duration
}

func (o outcome) String() string {
	return fmt.Sprintf("%.1f MB in %.1f s", float64(o.bytes)/1e6, o.took.Seconds())
}

// crowd runs all visits at the same time. Each returns the bytes that it received.
func crowd(t *testing.T, visit func(i int) (int, error)) outcome {
	t.Helper()
	start := time.Now()
	sizes, errs := make([]int, visitors), make([]error, visitors)
	var group sync.WaitGroup
	for i := range visitors {
		group.Go(func() { sizes[i], errs[i] = visit(i) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	sum := outcome{took: time.Since(start)}
	for _, size := range sizes {
		sum.bytes += size
	}
	return sum
}

// fetchAll fetches paths like a browser that knows their tags (nil = none), and
// returns the number of bytes. A response that ends early is an error.
func fetchAll(base string, paths []string, tags map[string]string) (int, error) {
	total, want := 0, http.StatusOK
	for _, path := range paths {
		r := request{"GET", path, []string{"Accept-Encoding", "br"}}
		if tags != nil {
			r.header, want = append(r.header, "If-None-Match", tags[path]), http.StatusNotModified
		}
		resp, err := roundTrip(base, r)
		if err != nil {
			return total, err
		}
		n, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		total += int(n)
		if err != nil || resp.StatusCode != want {
			return total, fmt.Errorf("%s: got %d and %v, want %d", r, resp.StatusCode, err, want)
		}
	}
	return total, nil
}

// TestSlowReaders stalls the model's download on many connections. Other visitors
// must not wait.
func TestSlowReaders(t *testing.T) {
	for _, server := range []struct {
		name, url string
		slow      int
	}{{"the Go server", native.URL, 100}, {"the worker", worker.URL, 100}} {
		t.Run(server.name, func(t *testing.T) {
			for range server.slow {
				resp, err := roundTrip(server.url, request{"GET", modelFile, []string{"Accept-Encoding", "br"}})
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if _, err := io.ReadFull(resp.Body, make([]byte, 1000)); err != nil {
					t.Fatal(err)
				}
			}
			start := time.Now()
			for range 20 {
				if _, err := fetchAll(server.url, []string{"/", "/page/app.js"}, nil); err != nil {
					t.Fatal(err)
				}
			}
			took := time.Since(start) / 20
			t.Logf("beside %d slow readers, a page and a script take %v", server.slow, took)
			if took > time.Second {
				t.Errorf("a page and a script take %v", took)
			}
		})
	}
}

// TestResume interrupts a download and requests the rest.
func TestResume(t *testing.T) {
	content, err := os.ReadFile(dist + modelFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{native.URL, worker.URL} {
		resp, err := roundTrip(base, request{"GET", modelFile, nil})
		if err != nil {
			t.Fatal(err)
		}
		half := make([]byte, 2_500_000)
		if _, err := io.ReadFull(resp.Body, half); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		rest := send(t, base, request{"GET", modelFile, []string{"Range", fmt.Sprintf("bytes=%d-", len(half)), "If-Range", resp.Header.Get("ETag")}})
		if rest.status != http.StatusPartialContent || sha256.Sum256(append(half, rest.body...)) != sha256.Sum256(content) {
			t.Errorf("%s: got %d and %d more bytes of %d, which do not complete the file", base, rest.status, len(rest.body), len(content))
		}
	}
}

// TestBrokenOff simulates many visitors, some of whom leave during a download of an
// odd range. The server must stay healthy.
func TestBrokenOff(t *testing.T) {
	for _, base := range []string{native.URL, worker.URL} {
		crowd(t, func(i int) (int, error) {
			if i%10 > 0 {
				return fetchAll(base, []string{"/page/app.js"}, nil)
			}
			resp, err := roundTrip(base, request{"GET", modelFile, []string{"Range", fmt.Sprintf("bytes=%d-", i)}})
			if err != nil {
				return 0, err
			}
			return 0, resp.Body.Close()
		})
		if got := send(t, base, request{"GET", site.Health, nil}); string(got.body) != "ok\n" {
			t.Errorf("%s: got %d %q after visitors left early", base, got.status, got.body)
		}
	}
}

// TestTooMuch sends too long headers and malformed requests.
func TestTooMuch(t *testing.T) {
	for _, base := range []string{native.URL, worker.URL} {
		got, err := try(base, request{"GET", "/", []string{"X-Long", strings.Repeat("x", 1<<20)}})
		if err == nil && got.status != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s: headers of a megabyte: got %d, want 431 or a closed connection", base, got.status)
		}
		for _, text := range []string{"GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01 nonsense\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"} {
			if status := sendRaw(t, base, text); strings.Contains(status, " 200 ") && !strings.Contains(text, "Host: b") {
				t.Errorf("%s: %q: got %q", base, text, status)
			}
		}
		if got := send(t, base, request{"GET", site.Health, nil}); string(got.body) != "ok\n" {
			t.Errorf("%s: got %d %q after malformed requests", base, got.status, got.body)
		}
	}
}

// sendRaw sends a text as a request and returns the first line of the response, or "".
func sendRaw(t *testing.T, base, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 1000)
	n, _ := conn.Read(answer) // an empty response is fine
	line, _, _ := bytes.Cut(answer[:n], []byte("\r\n"))
	return string(line)
}
