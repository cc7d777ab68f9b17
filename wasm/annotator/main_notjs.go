//go:build !js

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "the annotator runs in a browser: build it with GOOS=js GOARCH=wasm. On the command line there is segment -o")
	os.Exit(2)
}
