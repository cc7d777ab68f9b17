package main

import (
	"fmt"
	"os"
	"strings"
)

// The benchmark writes the part of the document between these lines.
const (
	beginMark = "<!-- From here on, ./build.sh bench writes. -->"
	endMark   = "<!-- Up to here. -->"
)

// updateDocument writes the report into the document at path.
func updateDocument(path, report string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	updated, err := replaceMarked(string(text), report)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(updated), 0o666)
}

func replaceMarked(text, report string) (string, error) {
	before, rest, begins := strings.Cut(text, beginMark)
	_, after, ends := strings.Cut(rest, endMark)
	if !begins || !ends {
		return "", fmt.Errorf("expected the lines %q and %q around the results: add them", beginMark, endMark)
	}
	return before + beginMark + "\n\n" + report + "\n" + endMark + after, nil
}
