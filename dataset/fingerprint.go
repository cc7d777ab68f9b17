package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
)

// Fingerprint returns a text that changes with the photo's file or its labels.
func (s Sample) Fingerprint() (string, error) {
	h := sha256.New()
	err := hashFile(h, s.Photo.path)
	if err == nil {
		err = s.labels.hash(h)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.Photo.Name, err)
	}
	return textOf(h), nil
}

// Fingerprint returns a text that changes with the names, values and colours of the classes.
func (c Classes) Fingerprint() string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %v %v", c.Names, c.Colours, c.values)
	return textOf(h)
}

func textOf(h hash.Hash) string {
	const enough = 12 // bytes
	return hex.EncodeToString(h.Sum(nil)[:enough])
}

func hashFile(dst io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := io.Copy(dst, f)
	fmt.Fprintln(dst, n)
	return err
}

func (m *maskFile) hash(dst io.Writer) error { return hashFile(dst, m.path) }

func (d *drawing) hash(dst io.Writer) error {
	_, err := fmt.Fprintf(dst, "%d×%d %+v", d.width, d.height, d.objects)
	return err
}
