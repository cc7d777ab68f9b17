package listed

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"segmenter/site"
)

var built = fstest.MapFS{
	"index.html":              {Data: []byte("<!doctype html>")},
	"models/a.safetensors":    {Data: []byte("0123456789")},
	"models/a.safetensors.br": {Data: []byte("brotli")},
}

// listedFiles lists the built site and reads the list back.
func listedFiles(t *testing.T) fs.FS {
	t.Helper()
	list, err := Write(built)
	if err != nil {
		t.Fatal(err)
	}
	files, err := Read(string(list))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// sender stands in for the platform: it records which bytes it must send.
type sender struct {
	*httptest.ResponseRecorder
	path         string
	from, length int64
}

func (s *sender) ReadFrom(r io.Reader) (int64, error) {
	limited := r.(*io.LimitedReader)
	file := limited.R.(*File)
	s.path, s.from, s.length = file.Path(), file.Offset(), limited.N
	return limited.N, nil
}

// TestHandler compares the responses of a list with those of the files.
func TestHandler(t *testing.T) {
	for _, test := range []struct {
		method, path, header, value string
		sent                        string
		from, length                int64
	}{
		{"GET", "/", "", "", "index.html", 0, 15},
		{"GET", "/models/a.safetensors", "Accept-Encoding", "br", "models/a.safetensors.br", 0, 6},
		{"GET", "/models/a.safetensors", "Range", "bytes=2-4", "models/a.safetensors", 2, 3},
		{"GET", "/models/a.safetensors", "Range", "bytes=-1", "models/a.safetensors", 9, 1},
		{"GET", "/models/a.safetensors", "Range", "bytes=20-", "", 0, 0},
		{"HEAD", "/models/a.safetensors", "", "", "", 0, 0},
		{"GET", "/missing", "", "", "", 0, 0},
		{"POST", "/", "", "", "", 0, 0},
		{"GET", site.Health, "", "", "", 0, 0},
	} {
		request := func() *http.Request {
			r := httptest.NewRequest(test.method, test.path, nil)
			r.Header.Set(test.header, test.value)
			return r
		}
		want := httptest.NewRecorder()
		site.Handler(built).ServeHTTP(want, request())
		got := &sender{ResponseRecorder: httptest.NewRecorder()}
		site.Handler(listedFiles(t)).ServeHTTP(got, request())

		if got.Code != want.Code || !maps.EqualFunc(got.Header(), want.Header(), func(a, b []string) bool { return strings.Join(a, "\n") == strings.Join(b, "\n") }) {
			t.Errorf("%s %s %s: got %d %v, want %d %v", test.method, test.path, test.value, got.Code, got.Header(), want.Code, want.Header())
		}
		if got.path != test.sent || got.from != test.from || got.length != test.length {
			t.Errorf("%s %s %s: the platform sends %d bytes of %q from %d on, want %d of %q from %d on", test.method, test.path, test.value, got.length, got.path, got.from, test.length, test.sent, test.from)
		}
	}
}

func TestRead(t *testing.T) {
	for _, list := range []string{"a\t1\n", "a\tone\t00\n", "a\t1\t00\n", "a\t1\tzz\n"} {
		if _, err := Read(list); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%q: got %v, want an error that names the line", list, err)
		}
	}
	file, err := listedFiles(t).Open("index.html")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Read(make([]byte, 1)); !errors.Is(err, ErrElsewhere) {
		t.Errorf("reading: got %v", err)
	}
	if _, err := file.(io.Seeker).Seek(1, io.SeekEnd); err == nil {
		t.Error("Seek accepts a position behind the end")
	}
}
