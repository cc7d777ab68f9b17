package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"text/tabwriter"

	"github.com/andybalholm/brotli"
)

// entry is a file of the site with its size and those of its compressed siblings, in
// bytes; 0 = no such sibling.
type entry struct {
	name               string
	size, gzip, brotli int
}

// compressible are the extensions of files that may compress. Pictures and fonts are
// already compressed.
var compressible = []string{".css", ".html", ".js", ".json", ".safetensors", ".svg", ".ts", ".txt", ".wasm", ".webmanifest"}

// worthwhile reports whether compression saves at least 5 %. Less is not worth the
// visitor's time to unpack.
func worthwhile(coded, plain int) bool { return coded <= plain-plain/20 }

// write writes the files and their siblings in parallel, and returns them sorted by
// name.
func write(out string, sources map[string][]byte) ([]entry, error) {
	entries := make([]entry, len(sources))
	errs := make([]error, len(sources))
	var group sync.WaitGroup
	for i, name := range slices.Sorted(maps.Keys(sources)) {
		group.Go(func() { entries[i], errs[i] = writeFile(out, name, sources[name]) })
	}
	group.Wait()
	return entries, errors.Join(errs...)
}

func writeFile(out, name string, content []byte) (entry, error) {
	written := entry{name: name, size: len(content)}
	target := filepath.Join(out, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
		return written, err
	}
	if slices.Contains(compressible, path.Ext(name)) {
		if err := writeSiblings(target, content, &written); err != nil {
			return written, err
		}
	}
	return written, replace(target, content)
}

// writeSiblings writes target.gz and target.br. Call it before writing target, so
// that a server sees a new file with old siblings only briefly.
//
// Brotli's best level takes seconds per megabyte. So writeSiblings skips it for
// files that gzip does not shrink and for siblings that are up to date.
func writeSiblings(target string, content []byte, written *entry) error {
	small := gzipped(content)
	if !worthwhile(len(small), len(content)) {
		return nil
	}
	written.gzip = len(small)
	if err := replace(target+".gz", small); err != nil {
		return err
	}
	if size, ok := unpacksTo(target+".br", content); ok {
		written.brotli = size
		return nil
	}
	smaller := brotlied(content)
	written.brotli = len(smaller)
	return replace(target+".br", smaller)
}

// gzipped compresses content. The header has no name and no time, so the result
// depends on the content alone.
func gzipped(content []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // fails only on an unknown level
	w.Write(content)                                        // a bytes.Buffer takes everything
	w.Close()
	return out.Bytes()
}

// brotlied compresses content with the largest window that browsers accept, 16 MB.
func brotlied(content []byte) []byte {
	var out bytes.Buffer
	w := brotli.NewWriterOptions(&out, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: 24})
	w.Write(content)
	w.Close()
	return out.Bytes()
}

// unpacksTo reports whether the file at path is brotli that unpacks to content, and
// returns the file's size.
func unpacksTo(path string, content []byte) (size int, ok bool) {
	coded, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	limited := io.LimitReader(brotli.NewReader(bytes.NewReader(coded)), int64(len(content))+1)
	plain, err := io.ReadAll(limited)
	return len(coded), err == nil && bytes.Equal(plain, content)
}

// replace writes content to path atomically, for a server that reads meanwhile. It
// leaves a file with the same content alone.
func replace(path string, content []byte) error {
	if present, err := os.ReadFile(path); err == nil && bytes.Equal(present, content) {
		return nil
	}
	unfinished := path + ".tmp"
	if err := os.WriteFile(unfinished, content, 0o666); err != nil {
		return err
	}
	return os.Rename(unfinished, path)
}

// removeOthers removes all files in out except entries, their siblings and hidden
// files.
func removeOthers(out string, entries []entry) error {
	keep := make(map[string]bool)
	for _, e := range entries {
		keep[e.name] = true
		keep[e.name+".gz"] = e.gzip > 0
		keep[e.name+".br"] = e.brotli > 0
	}
	root, err := os.OpenRoot(out)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(name string, found fs.DirEntry, err error) error {
		if err != nil || found.IsDir() || keep[name] || isHidden(found.Name()) {
			return err
		}
		return root.Remove(name)
	})
}

// checkPrograms fails if a program of the CPU exceeds [maxProgram].
func checkPrograms(entries []entry) error {
	for _, name := range []string{engine, importer, annotator, teacher} {
		i := slices.IndexFunc(entries, func(e entry) bool { return e.name == name })
		if size := cmp.Or(entries[i].brotli, entries[i].size); size > maxProgram {
			return fmt.Errorf("%s has %d bytes as brotli, more than the limit of %d: see its imports with GOOS=js GOARCH=wasm go list -deps %s", name, size, maxProgram, programs[name][0])
		}
	}
	return nil
}

func printTable(w io.Writer, entries []entry) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "bytes\tgzip\tbrotli\t  file")
	total := entry{name: "total, as browsers fetch it"}
	for _, e := range entries {
		fmt.Fprintf(table, "%d\t%s\t%s\t  %s\n", e.size, orDash(e.gzip), orDash(e.brotli), e.name)
		total.size += e.size
		total.gzip += cmp.Or(e.gzip, e.size)
		total.brotli += cmp.Or(e.brotli, e.size)
	}
	fmt.Fprintf(table, "%d\t%d\t%d\t  %s\n", total.size, total.gzip, total.brotli, total.name)
	table.Flush()
}

func orDash(size int) string {
	if size == 0 {
		return "–"
	}
	return strconv.Itoa(size)
}
