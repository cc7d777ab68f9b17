package serve

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"segmenter/dist"
)

func TestServe(t *testing.T) {
	files := fstest.MapFS{"index.html": {Data: []byte("the page")}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()

	if err := serve(t.Context(), files, addr, io.Discard); err == nil || !strings.Contains(err.Error(), "another program uses") {
		t.Errorf("a port that is taken: got %v", err)
	}
	listener.Close()

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, files, addr, io.Discard) }()
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
		t.Error("the server does not stop")
	}
}

// fetch retries until the server listens, for some seconds.
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
	if err := Run(t.Context(), Options{t.TempDir(), "127.0.0.1:0"}, io.Discard); err == nil || !strings.Contains(err.Error(), "run ./build.sh build") {
		t.Errorf("an empty folder: got %v, want an error that says how to build the site", err)
	}
	if err := Run(t.Context(), Options{filepath.Join(t.TempDir(), "missing"), "127.0.0.1:0"}, io.Discard); err == nil || !strings.Contains(err.Error(), "cannot open") {
		t.Errorf("a missing folder: got %v", err)
	}
}

// TestBuiltIn compares the site in the program with the one in dist/site.
func TestBuiltIn(t *testing.T) {
	err := fs.WalkDir(dist.Site(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		got, err := fs.ReadFile(dist.Site(), name)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(filepath.Join("..", "..", "dist", "site", name))
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs between the program and dist/site", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
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
