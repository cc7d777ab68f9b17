package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	// The README's program imports these. Importing them here makes the go command
	// rerun this test when they change; otherwise it would use its cached result.
	_ "segmenter/compute/cpu"
	_ "segmenter/model"
	_ "segmenter/model/weights"
	_ "segmenter/photo/decode"
)

// TestReadmeProgram makes a separate module from the README's section "From Go",
// and runs its program with and without SIMD.
func TestReadmeProgram(t *testing.T) {
	section := fromGo(t)
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	checkToolchain(t, block(t, section, "go.mod"))

	folder := t.TempDir()
	module := strings.Replace(block(t, section, "go.mod"), "=> ../segmenter", "=> "+strconv.Quote(root), 1)
	for name, text := range map[string]string{"go.mod": module, "main.go": block(t, section, "go")} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// If this module has been built, the module cache has everything needed.
	if out, err := goCommand(t, folder, "simd", "mod", "tidy"); err != nil {
		if strings.Contains(out, "GOPROXY=off") && os.Getenv("CI") != "true" {
			t.Skipf("the module cache lacks modules, and this test does not download: run 'go mod download'\n%s", out)
		}
		t.Fatalf("go mod tidy: %v\n%s", err, out)
	}

	for name, experiment := range map[string]string{"SIMD": "simd", "no SIMD": ""} {
		t.Run(name, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "example.exe") // Windows wants the extension
			if out, err := goCommand(t, folder, experiment, "build", "-o", program, "."); err != nil {
				t.Fatalf("go build: %v\n%s", err, out)
			}
			out, err := exec.CommandContext(t.Context(), program, filepath.Join(root, "web", "samples", "chelsea.png")).Output()
			if exit := new(exec.ExitError); errors.As(err, &exit) {
				t.Fatalf("the program: %v\n%s", err, exit.Stderr)
			} else if err != nil {
				t.Fatal(err)
			}
			found := regexp.MustCompile(`(?m)^(\d+) % cat$`).FindSubmatch(out)
			if found == nil {
				t.Fatalf("the program printed %q, expected a cat", out)
			}
			if share, err := strconv.Atoi(string(found[1])); err != nil || share < 75 || share > 90 {
				t.Errorf("%d %% of the photo is a cat, expected 75 to 90 (%v)", share, err)
			}
		})
	}
}

// fromGo returns the README's section "From Go".
func fromGo(t *testing.T) string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "\n## From Go\n")
	if !found {
		t.Fatal(`README.md has no section "From Go"`)
	}
	section, _, _ := strings.Cut(rest, "\n## ")
	return section
}

// block returns the section's only code block in a language.
func block(t *testing.T, section, language string) string {
	t.Helper()
	found := regexp.MustCompile("(?ms)^```"+regexp.QuoteMeta(language)+"\n(.*?)^```$").FindAllStringSubmatch(section, -1)
	if len(found) != 1 {
		t.Fatalf(`README.md has %d blocks of %s under "From Go", expected one`, len(found), language)
	}
	return found[0][1]
}

// checkToolchain fails if the README and go.mod name different versions of Go.
func checkToolchain(t *testing.T, shown string) {
	t.Helper()
	module, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^(go|toolchain) .*$`)
	want, got := version.FindAllString(string(module), -1), version.FindAllString(shown, -1)
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("the go.mod in README.md has the lines %q, this module's %q", got, want)
	}
}

// goCommand runs the go command in a folder, without a network and independent of
// the caller's module settings. It returns the command's output.
func goCommand(t *testing.T, folder, experiment string, arguments ...string) (string, error) {
	cmd := exec.CommandContext(t.Context(), "go", arguments...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOEXPERIMENT="+experiment, "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=-buildvcs=false", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
