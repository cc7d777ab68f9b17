package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"segmenter/model/weights"
	"segmenter/site/offline"
)

func TestListModels(t *testing.T) {
	everyday, err := io.ReadAll(weights.Everyday())
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "another.safetensors"), everyday, 0o666); err != nil {
		t.Fatal(err)
	}
	sources := map[string][]byte{defaultModel: everyday, "page/app.js": nil}
	if err := addModels(sources, folder); err != nil {
		t.Fatal(err)
	}
	list, err := listModels(sources)
	if err != nil {
		t.Fatal(err)
	}
	var found struct{ Models []listedModel }
	if err := json.Unmarshal(list, &found); err != nil || len(found.Models) != 2 {
		t.Fatalf("%v: %s", err, list)
	}
	for i, name := range []string{"everyday", "another"} {
		m := found.Models[i]
		isRight := m.Name == name && m.Title == "Everyday 38" && m.Bytes == len(everyday) && len(m.SHA256) == 64 && len(m.Classes) == 38 &&
			m.Parameters > 6e6 && m.Precision == "int8" && m.Licence != "" && m.Source != ""
		if !isRight || !strings.HasPrefix(m.Address, offline.Models+name+".safetensors?v=") {
			t.Errorf("entry %d is %+v, expected %s with all that its card says", i, m, name)
		}
	}
}

func TestModelRefusals(t *testing.T) {
	folder := t.TempDir()
	if err := addModels(map[string][]byte{}, folder); err == nil || !strings.Contains(err.Error(), "holds no model") {
		t.Errorf("a folder without models: %v", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "everyday.safetensors"), []byte("another"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := addModels(map[string][]byte{defaultModel: nil}, folder); err == nil || !strings.Contains(err.Error(), "rename it") {
		t.Errorf("the name of the site's own model: %v", err)
	}
	_, err := listModels(map[string][]byte{offline.Models + "broken.safetensors": bytes.Repeat([]byte{1}, 99)})
	if err == nil || !strings.Contains(err.Error(), "broken.safetensors") {
		t.Errorf("a broken model: %v", err)
	}
}
