package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestServe(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("the page"), 0o666); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()

	if err := serve(t.Context(), dir, addr); err == nil || !strings.Contains(err.Error(), "taken by another program") {
		t.Errorf("a port that is taken: got %v", err)
	}
	listener.Close()

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, dir, addr) }()
	if got := fetch(t, "http://"+addr+"/"); got != "the page" {
		t.Errorf("got %q, want the page", got)
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("stopping: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it does not stop")
	}
}

// fetch asks until somebody listens, and gives up after some seconds.
func fetch(t *testing.T, url string) string {
	t.Helper()
	var failure error
	for range 100 {
		resp, err := http.Get(url)
		if err == nil {
			defer resp.Body.Close()
			content, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(content)
		}
		failure = err
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal(failure)
	return ""
}

func TestNoSite(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		if err := serve(t.Context(), dir, "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "run ./build.sh build first") {
			t.Errorf("%s: got %v, want an error that says how to build the site", dir, err)
		}
	}
}

func TestNextFreePort(t *testing.T) {
	first, err := listen("")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := listen("")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if first.Addr().String() == second.Addr().String() {
		t.Errorf("both listen on %s", first.Addr())
	}
}
