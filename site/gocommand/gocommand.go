// Package gocommand runs the go command, for the programs that build the site,
// its worker and releases, and for the tests of what they build.
package gocommand

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Wasm is the environment in which the go command compiles for browsers.
var Wasm = []string{"GOOS=js", "GOARCH=wasm"}

// Run runs the go command in a folder ("" = the present one), with what is added
// to the environment, and returns what it prints, without space around it. What
// goes wrong, the command says on the standard error.
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
