package main

import (
	"bufio"
	"cmp"
	"io"
	"os"
)

// replaceFile writes to a file beside path first, and has the disk keep it, so that a failure
// or a power cut leaves what is there unchanged.
func replaceFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	buffer := bufio.NewWriterSize(f, 1<<20)
	err = cmp.Or(write(buffer), buffer.Flush(), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
