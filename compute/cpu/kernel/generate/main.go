// Command generate writes the WebAssembly modules of package kernel to the current
// folder:
//
//	go generate ./compute/cpu/kernel
package main

import (
	"fmt"
	"os"

	"segmenter/compute/cpu/kernel"
)

func main() {
	for name, module := range map[string][]byte{"relaxed.wasm": kernel.Module(true), "plain.wasm": kernel.Module(false)} {
		if err := os.WriteFile(name, module, 0o666); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
