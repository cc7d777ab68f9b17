package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"segmenter/site"
	"segmenter/site/offline"
)

// Files that the build adds for hosts and other programs. The page does not need
// them, and the service worker does not keep them.
const (
	modelList     = "models.json"
	hostHeaders   = "_headers"
	hostRedirects = "_redirects"
	hostIgnored   = ".assetsignore"
)

// listedModel is an entry of models.json.
type listedModel struct {
	Name    string `json:"name"`
	Address string `json:"address"` // relative to the site, with a hash
	Bytes   int    `json:"bytes"`
	SHA256  string `json:"sha256"`
}

// listModels returns models.json, the list of the site's models.
func listModels(sources map[string][]byte) ([]byte, error) {
	models := []listedModel{}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		base, isModel := strings.CutPrefix(name, offline.Models)
		if !isModel {
			continue
		}
		sum := sha256.Sum256(sources[name])
		models = append(models, listedModel{
			Name:    strings.TrimSuffix(base, path.Ext(base)),
			Address: site.Address(name, sum),
			Bytes:   len(sources[name]),
			SHA256:  fmt.Sprintf("%x", sum),
		})
	}
	list, err := json.MarshalIndent(map[string]any{"models": models}, "", "  ")
	return append(list, '\n'), err
}

// headersFile returns the file _headers, from which Cloudflare and other hosts read
// the headers of package site.
func headersFile(names []string) []byte {
	var file bytes.Buffer
	fmt.Fprintln(&file, "/*")
	headers := site.Headers()
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		fmt.Fprintf(&file, "  %s: %s\n", name, headers[name])
	}
	types := make(map[string]string) // pattern → type
	for _, name := range names {
		types["/*"+cmp.Or(path.Ext(name), "/"+name)] = site.ContentType(name)
	}
	for _, pattern := range slices.Sorted(maps.Keys(types)) {
		fmt.Fprintf(&file, "%s\n  Content-Type: %s\n", pattern, types[pattern])
	}
	return file.Bytes()
}

const (
	// redirectsFile makes such a host serve index.html at the site's root.
	redirectsFile = "/ /index.html 200\n"
	// ignoreFile keeps Cloudflare from serving hidden files.
	ignoreFile = ".*\n"
)
