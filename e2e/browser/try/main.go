// Try evaluates JavaScript on a page of the built site, in a browser:
//
//	./build.sh build
//	go run ./e2e/browser/try -in WebKit -shared 'examples/segment-photo.html' 'crossOriginIsolated'
//
// The expression may use await. Its value is printed as JSON. Files of the
// folder that -files names are under files/, for the expression to fetch.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"segmenter/e2e/browser"
	"segmenter/site"
)

func main() {
	options := browser.Options{Preferences: make(map[string]any)}
	kind := flag.String("in", "Chromium", fmt.Sprint("the browser: one of ", browser.Kinds))
	folder := flag.String("site", "dist/site", "the built site")
	files := flag.String("files", "", "a folder of files for the expression to fetch from files/")
	width := flag.Int("width", 1280, "pixels of the page")
	height := flag.Int("height", 900, "pixels of the page")
	screenshot := flag.String("screenshot", "", "a PNG to write afterwards")
	patience := flag.Duration("timeout", 2*time.Minute, "how long all may take")
	flag.BoolVar(&options.Shared, "shared", false, "give WebKit SharedArrayBuffer, which WebKitGTK comes without")
	flag.Func("preference", "NAME=JSON, a preference of Firefox; may be repeated", func(text string) error {
		name, text, _ := strings.Cut(text, "=")
		var value any
		err := json.Unmarshal([]byte(text), &value)
		options.Preferences[name] = value
		return err
	})
	flag.Func("argument", "an argument of the browser; may be repeated", func(text string) error {
		options.Arguments = append(options.Arguments, text)
		return nil
	})
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: try [FLAGS] PATH EXPRESSION")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}

	mux := http.NewServeMux()
	mux.Handle("/", site.Handler(os.DirFS(*folder)))
	if *files != "" {
		mux.Handle("/files/", http.StripPrefix("/files/", http.FileServer(http.Dir(*files))))
	}
	server := httptest.NewServer(mux)
	defer server.Close()

	ctx, cancel := context.WithTimeout(context.Background(), *patience)
	defer cancel()
	driver, err := browser.Launch(ctx, browser.Kind(*kind), options)
	if err != nil {
		fmt.Fprintln(os.Stderr, "try:", err)
		os.Exit(1)
	}
	value, err := evaluate(ctx, driver, *width, *height, server.URL+"/"+strings.TrimPrefix(flag.Arg(0), "/"), flag.Arg(1))
	if picture, failed := driver.Screenshot(ctx); *screenshot != "" && failed == nil {
		os.WriteFile(*screenshot, picture, 0o666)
	}
	driver.Close()
	if err != nil {
		fmt.Fprintln(os.Stderr, "try:", *kind, driver.Version()+":", err)
		os.Exit(1)
	}
	var text bytes.Buffer
	json.Indent(&text, value, "", "  ")
	fmt.Println(text.String())
}

func evaluate(ctx context.Context, driver browser.Driver, width, height int, url, expression string) (json.RawMessage, error) {
	if err := driver.Resize(ctx, width, height); err != nil {
		return nil, err
	}
	if err := driver.Open(ctx, url); err != nil {
		return nil, err
	}
	return browser.Evaluate[json.RawMessage](ctx, driver, expression)
}
