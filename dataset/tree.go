package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Limits of a folder.
const (
	maxFiles = 5_000_000
	maxDepth = 16
)

// tree is the files below a folder: slash paths from there, sorted.
type tree struct {
	root  string
	files []string
}

// walk lists the files below a folder. It follows links, and leaves out what systems
// hide there.
func walk(root string) (*tree, error) {
	t := &tree{root: root}
	if err := t.add("", maxDepth); err != nil {
		return nil, err
	}
	slices.Sort(t.files)
	return t, nil
}

func (t *tree) add(folder string, depth int) error {
	entries, err := os.ReadDir(t.path(folder))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := path.Join(folder, entry.Name())
		if strings.HasPrefix(entry.Name(), ".") || entry.Name() == "__MACOSX" {
			continue
		}
		isFolder := entry.IsDir()
		if entry.Type()&os.ModeSymlink != 0 {
			info, err := os.Stat(t.path(name))
			isFolder = err == nil && info.IsDir()
		}
		switch {
		case !isFolder && len(t.files) == maxFiles:
			return fmt.Errorf("%s holds more than %d files: name a smaller folder", t.root, maxFiles)
		case !isFolder:
			t.files = append(t.files, name)
		case depth > 0:
			if err := t.add(name, depth-1); err != nil {
				return err
			}
		}
	}
	return nil
}

// path returns where a file lies.
func (t *tree) path(name string) string { return filepath.Join(t.root, filepath.FromSlash(name)) }

// below returns the files in a folder and its subfolders whose names end in one of the
// extensions, which have no dot.
func (t *tree) below(folder string, extensions ...string) []string {
	folder = cleanFolder(folder)
	var files []string
	for _, name := range t.files {
		if (folder == "" || strings.HasPrefix(name, folder+"/")) && slices.Contains(extensions, extension(name)) {
			files = append(files, name)
		}
	}
	return files
}

// cleanFolder returns a folder as the tree writes it; "" is the root.
func cleanFolder(name string) string {
	return strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(name, `\`, "/")), "/")
}

// has reports whether there is a file or a folder of that name.
func (t *tree) has(name string) bool {
	if _, found := slices.BinarySearch(t.files, name); found {
		return true
	}
	at, _ := slices.BinarySearch(t.files, name+"/")
	return at < len(t.files) && strings.HasPrefix(t.files[at], name+"/")
}

// folders returns the names of the folders at the root.
func (t *tree) folders() []string {
	var folders []string
	for _, name := range t.files {
		if first, _, ok := strings.Cut(name, "/"); ok && (len(folders) == 0 || folders[len(folders)-1] != first) {
			folders = append(folders, first)
		}
	}
	return slices.Compact(folders)
}

// only returns the folder that holds all files.
func (t *tree) only() (name string, ok bool) {
	folders := t.folders()
	if len(folders) != 1 || !strings.HasPrefix(t.files[0], folders[0]+"/") || !strings.HasPrefix(t.files[len(t.files)-1], folders[0]+"/") {
		return "", false
	}
	return folders[0], true
}

// photo returns a photo of the tree. Its name begins after the folder.
func (t *tree) photo(name, folder string) Photo {
	return Photo{strings.TrimPrefix(name, cleanFolder(folder)+"/"), t.path(name)}
}

// readLimited reads a file of at most limit bytes, without the mark that Windows'
// editors begin a text with.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%s is larger than %d MB: split it", path, limit>>20)
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), nil
}

// beginning returns the first bytes of a file.
func beginning(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 16<<10))
}

// looksLike reports whether the beginning of a file has one of the words.
func (l *loader) looksLike(name string, words ...string) bool {
	text, err := beginning(l.path(name))
	return err == nil && slices.ContainsFunc(words, func(w string) bool { return bytes.Contains(text, []byte(w)) })
}

// extension returns the end of a file's name in lower case, without the dot.
func extension(name string) string { return strings.ToLower(strings.TrimPrefix(path.Ext(name), ".")) }

// stem returns a path without its extension.
func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// photoIndex finds the photos that annotation files name.
type photoIndex struct {
	folder string // that the photos' names begin after
	byBase map[string][]string
	used   map[string]string // the file that has a photo's labels
}

func newPhotoIndex(t *tree, folder string) *photoIndex {
	x := &photoIndex{folder, make(map[string][]string), make(map[string]string)}
	for _, name := range t.below(folder, photoExtensions...) {
		x.byBase[path.Base(name)] = append(x.byBase[path.Base(name)], name)
	}
	return x
}

// errNoPhoto says that no photo has the name.
var errNoPhoto = errors.New("no such photo")

// find returns the photo that annotations call name; home is the folder they lie in.
// Names are others' paths, of which only the end counts: it cannot lead elsewhere.
func (x *photoIndex) find(name, home string) (string, error) {
	parts := strings.Split(path.Clean("/"+strings.ReplaceAll(name, `\`, "/")), "/")
	found := x.byBase[parts[len(parts)-1]]
	for i := len(parts) - 2; i >= 0 && len(found) > 1; i-- {
		end := strings.Join(parts[i:], "/")
		closer := slices.DeleteFunc(slices.Clone(found), func(f string) bool { return !strings.HasSuffix("/"+f, "/"+strings.TrimPrefix(end, "/")) })
		if len(closer) == 0 {
			break
		}
		found = closer
	}
	if i := slices.Index(found, path.Join(home, parts[len(parts)-1])); i >= 0 && len(found) > 1 {
		found = found[i : i+1]
	}
	switch len(found) {
	case 0:
		return "", errNoPhoto
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%q may be %s or %s: give the photos different names", name, found[0], found[1])
}
