package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// header is the first line of a log: the results in a folder are of one kind.
type header struct {
	Model     string  `json:"model"`
	Format    string  `json:"format"`
	Class     string  `json:"class,omitempty"`
	Tolerance float64 `json:"tolerance"`
	Decoder   string  `json:"decoder"`
	Size      int     `json:"size"`
	Window    int     `json:"window,omitempty"`
	Refine    bool    `json:"refine"`
	Shard     string  `json:"shard,omitempty"`
}

// record is a line of the log about a photo.
type record struct {
	summary
	Seconds float64 `json:"seconds"`
	Error   string  `json:"error,omitempty"`
}

// inLog is the name of a photo as JSON keeps it.
func inLog(name string) string { return string([]rune(name)) }

// openLog opens the log, and reads which photos are done.
func (b *batch) openLog() (err error) {
	o := b.options
	h := header{cmp.Or(b.network.model, "built-in: "+b.model.Name), b.format, b.form.Class, b.form.Tolerance, string(o.Decoder), o.Size, o.Window, o.Refine, b.shard.String()}
	path := filepath.Join(b.folder, "log"+b.part()+".jsonl")
	if b.log, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666); err != nil {
		return err
	}
	b.done = map[string]bool{}
	end, err := b.readLog(h)
	if err != nil {
		b.log.Close()
		return fmt.Errorf("%s: %w", path, err)
	}
	// What is behind the end is a line that was cut short.
	if err := b.log.Truncate(end); err != nil {
		return err
	}
	if _, err := b.log.Seek(end, io.SeekStart); err != nil {
		return err
	}
	if end == 0 {
		return json.NewEncoder(b.log).Encode(h)
	}
	return nil
}

// readLog returns the end of the last whole line.
func (b *batch) readLog(want header) (end int64, err error) {
	lines := bufio.NewReader(b.log)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return end, nil
		}
		if err != nil {
			return 0, err
		}
		var h header
		var r record
		if number == 1 {
			if err := json.Unmarshal(line, &h); err != nil || h != want {
				return 0, errors.New("the folder has results of another model or of other flags: give another folder, or the same flags")
			}
		} else if err := json.Unmarshal(line, &r); err != nil {
			return 0, fmt.Errorf("line %d is no JSON (%w): remove it", number, err)
		} else if r.Error == "" {
			b.done[r.Photo] = true
		}
		end += int64(len(line))
	}
}
