// Package gocommand runs the go command for the programs that build the site, its
// worker and releases, and for their tests.
package gocommand

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Wasm is the environment that makes the go command compile for browsers.
var Wasm = []string{"GOOS=js", "GOARCH=wasm"}

// Run runs the go command in a folder ("" = the working directory) with additions to
// the environment ("NAME=value"), and returns its output without surrounding space.
// The command prints its own errors on standard error.
func Run(dir string, environment []string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s go %s: %w", strings.Join(environment, " "), strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
