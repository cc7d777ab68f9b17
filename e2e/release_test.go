package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"segmenter/e2e/needs"
	"segmenter/site"
)

// TestRelease makes three parts of a release (the site, the npm package, this
// system's program) and uses them alone, as people do.
func TestRelease(t *testing.T) {
	folder := makeRelease(t)
	t.Run("again", func(t *testing.T) { compareReleases(t, folder, makeRelease(t)) })
	t.Run("site", func(t *testing.T) { checkSite(t, single(t, folder, "segmenter-site-*.tar.gz")) })
	t.Run("program", func(t *testing.T) {
		checkProgram(t, single(t, folder, "segment-*-"+runtime.GOOS+"-"+runtime.GOARCH+".tar.gz"))
	})
	t.Run("npm", func(t *testing.T) { checkLibrary(t, single(t, folder, "segmenter-web-*.tgz")) })
}

func makeRelease(t *testing.T) (folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "release")
	parts := fmt.Sprintf("site,npm,%s-%s", runtime.GOOS, runtime.GOARCH)
	call(t, root, "go", "run", "./site/release", "-o", folder, "-only", parts)
	return folder
}

// call runs a program in a folder and returns what it prints.
func call(t *testing.T, folder, program string, arguments ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, arguments...)
	cmd.Dir = folder
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", program, strings.Join(arguments, " "), err, out, &stderr)
	}
	return string(out)
}

func single(t *testing.T, folder, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s matches %v, expected one file (%v)", pattern, found, err)
	}
	return found[0]
}

// compareReleases compares two releases of the same sources by their lists of
// hashes, and checks the first list.
func compareReleases(t *testing.T, first, second string) {
	a, b := string(read(t, filepath.Join(first, "SHA256SUMS"))), string(read(t, filepath.Join(second, "SHA256SUMS")))
	if a != b {
		t.Errorf("two releases of the same sources differ:\n%s\n%s", a, b)
	}
	archives, err := filepath.Glob(filepath.Join(first, "seg*"))
	if err != nil || len(archives) != 3 {
		t.Fatalf("%v (%v), expected three archives", archives, err)
	}
	for _, archive := range archives {
		if line := fmt.Sprintf("%x  %s\n", sha256.Sum256(read(t, archive)), filepath.Base(archive)); !strings.Contains(a, line) {
			t.Errorf("SHA256SUMS lacks the line %q:\n%s", line, a)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// checkSite compares the site's archive with the site.
func checkSite(t *testing.T, archive string) {
	packed := unpack(t, archive)
	for _, name := range []string{"LICENSE", "NOTICE", "LICENSE.Go"} {
		if len(packed[name]) == 0 {
			t.Errorf("%s is missing", name)
		}
		delete(packed, name)
	}
	err := filepath.WalkDir(dist, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		name, err := filepath.Rel(dist, path)
		if !bytes.Equal(packed[filepath.ToSlash(name)], read(t, path)) {
			t.Errorf("%s differs between the archive and the site", name)
		}
		delete(packed, filepath.ToSlash(name))
		return err
	})
	if err != nil || len(packed) > 0 {
		t.Errorf("the archive holds files that the site lacks: %v (%v)", slices.Sorted(maps.Keys(packed)), err)
	}
}

// unpack reads an archive of one folder: name → content.
func unpack(t *testing.T, archive string) map[string][]byte {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]byte)
	for r := tar.NewReader(plain); ; {
		header, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(header.Name, "/")
		if files[name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

// checkProgram runs the program in a folder of its own: it segments a photo and
// serves the site.
func checkProgram(t *testing.T, archive string) {
	folder := t.TempDir()
	program := filepath.Join(folder, "segment")
	if err := os.WriteFile(program, unpack(t, archive)["segment"], 0o755); err != nil {
		t.Fatal(err)
	}
	photo := filepath.Join(folder, "photo.png")
	if err := os.WriteFile(photo, read(t, samples+"/chelsea.png"), 0o666); err != nil {
		t.Fatal(err)
	}
	var found struct{ Classes []struct{ Name string } }
	if err := json.Unmarshal([]byte(call(t, folder, program, "-size", "256", "-json", photo)), &found); err != nil {
		t.Fatal(err)
	}
	if len(found.Classes) == 0 || found.Classes[0].Name != "cat" {
		t.Errorf("found %v in the photo, expected a cat first", found.Classes)
	}
	if version := call(t, folder, program, "version"); !regexp.MustCompile(`^segment, \d+\.\d+\.\d+\n$`).MatchString(version) {
		t.Errorf("the version is %q", version)
	}

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	serving := exec.CommandContext(ctx, program, "serve", "-addr", "127.0.0.1:0")
	serving.Dir = folder
	out, err := serving.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serving.Start(); err != nil {
		t.Fatal(err)
	}
	defer serving.Wait()
	defer stop()
	var address string
	if _, err := fmt.Fscanf(out, "Segmenter is at %s", &address); err != nil {
		t.Fatalf("the program prints no address: %v", err)
	}
	for _, name := range []string{"", "library/engine.wasm", "library/models/everyday.safetensors"} {
		resp, err := http.Get(address + name)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%q: %s", name, resp.Status)
		}
		for header, want := range site.Headers() {
			if got := resp.Header.Get(header); got != want {
				t.Errorf("%q: %s is %q, expected %q", name, header, got, want)
			}
		}
	}
}

// checkLibrary installs the package and imports it by name in an empty page.
func checkLibrary(t *testing.T, archive string) {
	if _, err := exec.LookPath("npm"); err != nil {
		needs.Check(t, errors.New("npm is missing: install it, on Debian with 'apt install npm'"))
	}
	const name = "segmenter-web"
	project := t.TempDir()
	if err := os.WriteFile(filepath.Join(project, "package.json"), []byte(`{"private": true, "type": "module"}`), 0o666); err != nil {
		t.Fatal(err)
	}
	call(t, project, "npm", "install", archive, "--offline", "--ignore-scripts", "--no-audit", "--no-fund")
	installed := filepath.Join(project, "node_modules", name)
	checkNpmPack(t, installed, archive)
	checkImports(t, project, installed)

	v := newVisit(t, "/", map[string][]byte{"page.html": emptyPage(name), "photo.png": read(t, samples+"/chelsea.png")})
	v.deploy(os.DirFS(project))
	v.open("page.html")
	found := evaluate[struct {
		Class   string
		Threads int
		Live    string
	}](v, fmt.Sprintf(`(async () => {
		const [{ Segmenter }, { LiveSegmentation }] = await Promise.all([import(%q), import(%q)]);
		const segmenter = await Segmenter.create({ threads: 2 });
		const { classes } = await segmenter.segment(await (await fetch("photo.png")).blob(), { size: 256 });
		const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
		canvas.getContext("2d").fillRect(0, 0, 64, 64);
		const live = await LiveSegmentation.start(segmenter, canvas.captureStream());
		live.stop();
		return { Class: classes[0].name, Threads: segmenter.threads, Live: live.canvas.localName };
	})()`, name, name+"/live"))
	if found.Class != "cat" || found.Threads != 2 || found.Live != "canvas" {
		t.Errorf("found %+v, expected a cat, two threads, and a canvas with a live picture", found)
	}
}

// emptyPage returns an empty page whose import map resolves the package's names.
func emptyPage(name string) []byte {
	return fmt.Appendf(nil, `<!doctype html><link rel="icon" href="data:,"><script type="importmap">{"imports": {
		%q: "./node_modules/%[1]s/segmenter.js",
		%[2]q: "./node_modules/%[1]s/live.js"
	}}</script>`, name, name+"/live")
}

// checkNpmPack compares the archive with what npm pack would put into one.
func checkNpmPack(t *testing.T, installed, archive string) {
	var packed []struct{ Files []struct{ Path string } }
	if err := json.Unmarshal([]byte(call(t, installed, "npm", "pack", "--dry-run", "--json", "--ignore-scripts")), &packed); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range packed[0].Files {
		names = append(names, f.Path)
	}
	slices.Sort(names)
	if want := slices.Sorted(maps.Keys(unpack(t, archive))); !slices.Equal(names, want) {
		t.Errorf("npm packs %v, the archive holds %v", names, want)
	}
}

// checkImports makes Node.js resolve the modules' names, and reads the type
// declarations that package.json names.
func checkImports(t *testing.T, project, installed string) {
	var card struct {
		Name    string
		Exports map[string]json.RawMessage
	}
	if err := json.Unmarshal(read(t, filepath.Join(installed, "package.json")), &card); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{".", "./live"} {
		var targets struct{ Types, Default string }
		if err := json.Unmarshal(card.Exports[path], &targets); err != nil {
			t.Fatal(err)
		}
		read(t, filepath.Join(installed, targets.Types))
		name := card.Name + strings.TrimPrefix(path, ".")
		got := call(t, project, "node", "--input-type=module", "-e", fmt.Sprintf("process.stdout.write(import.meta.resolve(%q))", name))
		if !strings.HasSuffix(got, "/node_modules/"+card.Name+strings.TrimPrefix(targets.Default, ".")) {
			t.Errorf("Node.js resolves %s to %s, expected %s", name, got, targets.Default)
		}
	}
}
