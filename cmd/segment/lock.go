package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// lockFolder makes a folder, if it is not there, and keeps others from working in it, or in a
// part of it, until the file that it returns is closed or the program ends.
func lockFolder(folder, part string) (*os.File, error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(folder, ".lock"+part), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("another run works in %s (%w): wait for its end, or give another folder", folder, err)
	}
	return f, nil
}
