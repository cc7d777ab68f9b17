package browser

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

// TestDrivers drives a page in every browser.
func TestDrivers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		w.Write([]byte(`<!doctype html><title>page</title><p>text`))
	}))
	defer server.Close()
	for _, kind := range Kinds {
		t.Run(string(kind), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			options := Options{}
			if kind != WebKit {
				options.Before = `globalThis.before = document.title`
			}
			driver, err := Launch(ctx, kind, options)
			if errors.Is(err, ErrMissing) && os.Getenv("CI") != "true" {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer driver.Close()
			t.Log(driver.Version())
			if err := driver.Open(ctx, server.URL); err != nil {
				t.Fatal(err)
			}
			if err := driver.Resize(ctx, 932, 430); err != nil {
				t.Error(err)
			}
			got, err := Evaluate[struct{ Title, Size string }](ctx, driver, `(globalThis.kept = "kept", new Promise((resolve) =>
				setTimeout(() => resolve({ title: document.title, size: innerWidth + "x" + innerHeight }), 100)))`)
			if err != nil || got.Title != "page" || got.Size != "932x430" {
				t.Errorf("evaluated to %+v, %v", got, err)
			}
			if got, err := Evaluate[string](ctx, driver, `kept`); got != "kept" || err != nil {
				t.Errorf("a global is then %q, %v", got, err)
			}
			if got, err := Evaluate[string](ctx, driver, `globalThis.before ?? ""`); got != "" || err != nil {
				t.Errorf("the script before the page's saw the title %q, %v", got, err)
			}
			if got, err := Evaluate[bool](ctx, driver, `"before" in globalThis`); got != (kind != WebKit) || err != nil {
				t.Errorf("a script ran before the page's: %v, %v", got, err)
			}
			for _, expression := range []string{`nothing.there`, `Promise.reject(new Error("thrown"))`} {
				if _, err := Evaluate[any](ctx, driver, expression); err == nil {
					t.Errorf("%s gives no error", expression)
				} else {
					t.Log(err)
				}
			}
			if picture, err := driver.Screenshot(ctx); err != nil || len(picture) < 100 {
				t.Errorf("a screenshot of %d bytes, %v", len(picture), err)
			}
		})
	}
}
