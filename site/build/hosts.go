package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"

	"segmenter/site"
)

// Files that the build adds for hosts. The page does not need them, and the service
// worker does not keep them.
const (
	hostHeaders   = "_headers"
	hostRedirects = "_redirects"
	hostIgnored   = ".assetsignore"
)

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
