package main

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestCheckSite(t *testing.T) {
	site := fstest.MapFS{"index.html": {Data: []byte("page")}, "library/models/a.safetensors": {Data: make([]byte, maxAsset)}}
	if err := checkSite(site); err != nil {
		t.Errorf("a model at the limit was refused: %v", err)
	}
	site["library/models/a.safetensors"].Data = make([]byte, maxAsset+1)
	if err := checkSite(site); err == nil || !strings.Contains(err.Error(), "library/models/a.safetensors") {
		t.Errorf("a model above the limit: got %v", err)
	}
	delete(site, "index.html")
	if err := checkSite(site); err == nil || !strings.Contains(err.Error(), "./build.sh build") {
		t.Errorf("no site: got %v", err)
	}
}

func TestCheckWorker(t *testing.T) {
	if err := checkWorker(maxWorker); err != nil {
		t.Errorf("a worker at the limit was refused: %v", err)
	}
	if err := checkWorker(maxWorker + 1); err == nil {
		t.Error("a worker above the limit was accepted")
	}
}
