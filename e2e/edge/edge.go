// Package edge runs the site's worker on this machine, on Cloudflare's runtime:
// workerd with the static assets, as worker/serve.mjs starts them. It needs no
// account and contacts no other host.
package edge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"segmenter/site/gocommand"
)

// patience is how long the runtime may take to start, on a slow machine.
const patience = time.Minute

// oldestNode is the oldest version of Node.js that wrangler accepts.
var oldestNode = []int{20, 3}

// Server is a runtime that serves the site. As a handler, it forwards requests to
// the runtime.
type Server struct {
	URL     string // without a slash at the end
	proxy   *httputil.ReverseProxy
	process *exec.Cmd
	port    string
	ended   chan error
	cancel  context.CancelFunc
	scratch string
}

// Find returns an error that says what the runtime needs and this machine lacks.
// root is the repository's root.
func Find(root string) error {
	node, err := node()
	if err != nil {
		return err
	}
	version, err := exec.Command(node, "--version").Output()
	if err != nil {
		return err
	}
	var found [2]int
	if _, err := fmt.Sscanf(string(version), "v%d.%d", &found[0], &found[1]); err != nil || slices.Compare(found[:], oldestNode) < 0 {
		return fmt.Errorf("wrangler needs Node.js %[2]d.%[3]d or later, but this machine has %[1]s: install a later version", bytes.TrimSpace(version), oldestNode[0], oldestNode[1])
	}
	if _, err := os.Stat(filepath.Join(root, "worker", "node_modules", "wrangler")); err != nil {
		return fmt.Errorf("wrangler is missing: run 'npm ci --ignore-scripts' in worker/ (%w)", err)
	}
	return nil
}

func node() (string, error) {
	for _, name := range []string{"node", "nodejs"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("found no Node.js: install it, on Debian with 'apt install nodejs npm'")
}

// Start builds the worker for the built site in the repository at root, and starts
// the runtime with both.
func Start(root string) (*Server, error) {
	if err := Find(root); err != nil {
		return nil, err
	}
	if _, err := gocommand.Run(root, nil, "run", "./worker/build"); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Server{URL: "http://127.0.0.1:" + port, port: port, ended: make(chan error, 1)}
	if s.scratch, err = os.MkdirTemp("", "edge"); err != nil {
		return nil, err
	}
	upstream, err := url.Parse(s.URL)
	if err != nil {
		return nil, err
	}
	s.proxy = &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(upstream) },
		Transport:    &http.Transport{DisableCompression: true},
		ErrorLog:     log.New(io.Discard, "", 0), // of visitors who leave
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	if err := s.start(root); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.scratch))
	}
	return s, nil
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, err
}

func (s *Server) start(root string) error {
	node, err := node()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.process = exec.CommandContext(ctx, node, "serve.mjs", s.port)
	s.process.Dir = filepath.Join(root, "worker")
	s.process.Env = append(os.Environ(), "WRANGLER_LOG_PATH="+s.scratch, "WRANGLER_SEND_METRICS=false", "XDG_CONFIG_HOME="+s.scratch)
	s.process.Cancel = func() error { return s.process.Process.Signal(syscall.SIGTERM) }
	s.process.WaitDelay = 10 * time.Second
	var output bytes.Buffer
	s.process.Stdout, s.process.Stderr = &output, &output
	if err := s.process.Start(); err != nil {
		return err
	}
	go func() { s.ended <- s.process.Wait() }()
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		if resp, err := http.Get(s.URL + "/healthz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-s.ended:
			return fmt.Errorf("node worker/serve.mjs ended: %w\n%s", err, output.String())
		default:
		}
		if time.Now().After(deadline) {
			cancel()
			<-s.ended
			return fmt.Errorf("the runtime did not answer within %v:\n%s", patience, output.String())
		}
	}
}

// Stop ends the runtime.
func (s *Server) Stop() error {
	s.cancel()
	<-s.ended // its error is the signal that ended it
	return os.RemoveAll(s.scratch)
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.proxy.ServeHTTP(w, r) }

// Memory returns the resident memory of the runtime's process, in bytes.
func (s *Server) Memory() (int, error) {
	processes, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, name := range processes {
		var pid, parent int
		var command, state string
		status, err := os.ReadFile(name)
		if err != nil {
			continue // the process has exited
		}
		if _, err := fmt.Sscan(string(status), &pid, &command, &state, &parent); err != nil || command != "(workerd)" || parent != s.process.Process.Pid {
			continue
		}
		sizes, err := os.ReadFile(filepath.Join(filepath.Dir(name), "statm"))
		if err != nil {
			return 0, err
		}
		var total, resident int
		_, err = fmt.Sscan(string(sizes), &total, &resident)
		return resident * os.Getpagesize(), err
	}
	return 0, errors.New("found no process workerd: it is not running, or this system has no /proc")
}
