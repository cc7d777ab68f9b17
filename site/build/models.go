package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"segmenter/modelfile"
	"segmenter/site"
	"segmenter/site/offline"
)

// listedModel is an entry of models.json, as ListedModel in segmenter.d.ts.
type listedModel struct {
	Name       string   `json:"name"` // the file's, without its extension
	Title      string   `json:"title"`
	Address    string   `json:"address"` // relative to the site, with a hash
	Bytes      int      `json:"bytes"`
	SHA256     string   `json:"sha256"`
	Classes    []string `json:"classes"`
	Parameters int      `json:"parameters"`
	Precision  string   `json:"precision"`
	Licence    string   `json:"licence"`
	Source     string   `json:"source"`
}

// addModels adds the models of a folder to the site.
func addModels(sources map[string][]byte, folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.safetensors"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s holds no model, expected files NAME.safetensors in it", folder)
	}
	for _, file := range files {
		name := offline.Models + filepath.Base(file)
		if _, exists := sources[name]; exists {
			return fmt.Errorf("%s has the name of the site's own model: rename it", file)
		}
		if sources[name], err = os.ReadFile(file); err != nil {
			return err
		}
	}
	return nil
}

// listModels returns models.json, the list of the site's models, the one that the page
// starts with first.
func listModels(sources map[string][]byte) ([]byte, error) {
	var models []listedModel
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		if !strings.HasPrefix(name, offline.Models) {
			continue
		}
		model, err := listed(name, sources[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if name == offline.DefaultModel {
			models = slices.Insert(models, 0, model)
		} else {
			models = append(models, model)
		}
	}
	list, err := json.MarshalIndent(map[string]any{"models": models}, "", "  ")
	return append(list, '\n'), err
}

// listed returns the entry of a model, from its card.
func listed(name string, content []byte) (listedModel, error) {
	m, err := modelfile.Read(bytes.NewReader(content))
	if err != nil {
		return listedModel{}, err
	}
	var classes []string
	for _, class := range m.Classes {
		classes = append(classes, class.Name)
	}
	sum := sha256.Sum256(content)
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	title := m.Name
	if title == "" {
		title = base
	}
	return listedModel{
		Name:       base,
		Title:      title,
		Address:    site.Address(name, sum),
		Bytes:      len(content),
		SHA256:     fmt.Sprintf("%x", sum),
		Classes:    classes,
		Parameters: m.Parameters(),
		Precision:  m.Precision(),
		Licence:    m.Licence,
		Source:     m.Source,
	}, nil
}
