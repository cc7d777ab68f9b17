package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"segmenter/e2e/browser"
	"segmenter/e2e/needs"
)

// TestRun runs a small program that prints, reads a file of its module, fails to
// write one, and exits with a status.
func TestRun(t *testing.T) {
	if runtime.GOOS == "js" {
		t.Skip("a program in a browser cannot start a browser")
	}
	_, err := browser.Find()
	needs.Check(t, err)
	dir := t.TempDir()
	for _, command := range [][]string{
		{"go", "build", "-o", filepath.Join(dir, "wasmbrowser"), "."},
		{"go", "build", "-o", filepath.Join(dir, "program.wasm"), "./testdata/program"},
	} {
		cmd := exec.Command(command[0], command[1:]...)
		if strings.HasSuffix(command[3], ".wasm") {
			cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
	}
	var stderr strings.Builder
	cmd := exec.Command(filepath.Join(dir, "wasmbrowser"), filepath.Join(dir, "program.wasm"), "-flag", "argument")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("got %v, want the exit status 3", err)
	}
	want := "args [-flag argument]\nread package main, then in parts package\nfound [main.go]\nmissing: true\nwritten: false\nisolated: true\n"
	if string(out) != want {
		t.Errorf("got the output\n%s\nwant\n%s", out, want)
	}
	if stderr.String() != "to stderr\n" {
		t.Errorf("got %q on stderr", stderr.String())
	}
}
