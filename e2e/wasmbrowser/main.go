// Command wasmbrowser runs a js/wasm Go program in a worker of a headless Chromium.
// The go command runs tests with it:
//
//	go build -o wasmbrowser ./e2e/wasmbrowser
//	GOOS=js GOARCH=wasm go test -exec "$PWD/wasmbrowser" ./compute/...
//
// It passes on the program's output and exit status. The program can read, but not
// write, the files of its module. The worker is cross-origin isolated, like the
// engine's.
//
// Go examples collect their output in a file, which they cannot write here: leave
// them out with -run '^(Test|Fuzz)'.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/chromedp/chromedp"

	"segmenter/e2e/browser"
)

//go:embed worker.js
var worker []byte

// page starts the worker.
const page = `<!doctype html><meta charset="utf-8"><title>wasmbrowser</title><script>new Worker("worker.js")</script>`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: wasmbrowser PROGRAM.wasm [ARGUMENT…]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	status, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "wasmbrowser:", err)
		os.Exit(2)
	}
	os.Exit(status)
}

// run runs the program of args[0] and returns its exit status.
func run(ctx context.Context, args []string) (status int, err error) {
	job, err := newJob(args)
	if err != nil {
		return 0, err
	}
	defer job.module.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	server := &http.Server{Handler: job.handler()}
	go server.Serve(listener)
	defer server.Close()

	tab, cancel, err := browser.Start(ctx, browser.SoftwareGPU...)
	if err != nil {
		return 0, err
	}
	defer cancel()
	if err := chromedp.Do(tab, chromedp.Navigate("http://"+listener.Addr().String()+"/")); err != nil {
		return 0, err
	}
	select {
	case status := <-job.exit:
		return status, nil
	case <-tab.Done():
		return 0, errors.New("the browser exited before the program")
	}
}

// job is a program and the files that it may read.
type job struct {
	program string
	support string   // wasm_exec.js
	module  *os.Root // the module's root folder
	exit    chan int

	Args []string          `json:"args"`
	Env  map[string]string `json:"env"`
	Dir  string            `json:"dir"` // the working directory, absolute
}

func newJob(args []string) (*job, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	out, err := exec.Command("go", "env", "GOROOT", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	goroot, gomod, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	module, err := os.OpenRoot(filepath.Dir(gomod))
	if err != nil {
		return nil, err
	}
	return &job{
		program: args[0],
		support: filepath.Join(goroot, "lib", "wasm", "wasm_exec.js"),
		module:  module,
		exit:    make(chan int, 1),
		Args:    args,
		// Only one variable: wasm_exec.js allows 8 kB for all arguments and variables.
		Env: map[string]string{"PWD": dir},
		Dir: dir,
	}, nil
}

func (j *job) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, page)
	})
	mux.HandleFunc("GET /worker.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		w.Write(worker)
	})
	mux.HandleFunc("GET /wasm_exec.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		http.ServeFile(w, r, j.support)
	})
	mux.HandleFunc("GET /kernel.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		http.ServeFile(w, r, filepath.Join(j.module.Name(), "web", "library", "kernel.js"))
	})
	mux.HandleFunc("GET /program.wasm", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/wasm")
		http.ServeFile(w, r, j.program)
	})
	mux.HandleFunc("GET /job", func(w http.ResponseWriter, r *http.Request) { json.NewEncoder(w).Encode(j) })
	mux.HandleFunc("GET /file", j.readFile)
	mux.HandleFunc("POST /write", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("fd") == "2" {
			io.Copy(os.Stderr, r.Body)
			return
		}
		io.Copy(os.Stdout, r.Body)
	})
	mux.HandleFunc("POST /exit", func(w http.ResponseWriter, r *http.Request) {
		status, err := strconv.Atoi(r.URL.Query().Get("status"))
		if err != nil {
			status = 2
		}
		select {
		case j.exit <- status:
		default: // the program has exited already
		}
	})
	return isolated(mux)
}

// isolated adds the headers for cross-origin isolation, which gives a page
// SharedArrayBuffer and exact clocks.
func isolated(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
		w.Header().Set("Cross-Origin-Embedder-Policy", "require-corp")
		h.ServeHTTP(w, r)
	})
}

// readFile sends a file of the module. For a folder, it sets the header Folder and
// sends the names in it as JSON.
func (j *job) readFile(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	if !filepath.IsAbs(name) {
		name = filepath.Join(j.Dir, name)
	}
	name, err := filepath.Rel(j.module.Name(), name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	file, err := j.module.Open(name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	defer file.Close()
	names, err := file.Readdirnames(-1)
	if err == nil {
		w.Header().Set("Folder", "yes")
		json.NewEncoder(w).Encode(names)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	io.Copy(w, file)
}
