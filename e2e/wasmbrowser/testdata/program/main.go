package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall/js"
)

const folder = "testdata/program"

func main() {
	fmt.Println("args", os.Args[1:])
	whole, err := os.ReadFile(folder + "/main.go")
	check(err)
	file, err := os.Open(folder + "/main.go")
	check(err)
	part := make([]byte, 7)
	_, err = io.ReadFull(file, part)
	check(err)
	fmt.Printf("read %s, then in parts %s\n", whole[:12], part)
	entries, err := os.ReadDir(folder)
	check(err)
	fmt.Println("found", []string{entries[0].Name()})
	_, err = os.Stat(folder + "/missing")
	fmt.Println("missing:", errors.Is(err, fs.ErrNotExist))
	fmt.Println("written:", os.WriteFile(folder+"/new", nil, 0o666) == nil)
	fmt.Println("isolated:", js.Global().Get("crossOriginIsolated").Bool())
	fmt.Fprintln(os.Stderr, "to stderr")
	os.Exit(3)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
