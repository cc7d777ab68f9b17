package checkpoint

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// variant holds the scalars of variant.yml, which the official code writes beside a checkpoint,
// by their keys joined with dots: "net_kwargs.n_heads".
//
// Of YAML it knows what such files are written in: mappings by indentation, scalars, lists of
// scalars (which it skips), tags (which it drops) and comments.
type variant map[string]string

// maxVariant limits the file, which has a kilobyte.
const maxVariant = 1 << 20

func readVariant(f File) (variant, error) {
	if f.Size > maxVariant {
		return nil, fmt.Errorf("it has %d bytes: expected the variant.yml of a checkpoint, a kilobyte", f.Size)
	}
	text, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size))
	if err != nil {
		return nil, err
	}
	v := make(variant)
	type level struct {
		indent int
		key    string
	}
	var path []level
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		content := strings.TrimSpace(line)
		if content == "" || content[0] == '#' || content[0] == '-' || content[0] == '%' {
			continue
		}
		indent := len(line) - len(strings.TrimLeft(line, " "))
		key, value, ok := strings.Cut(content, ":")
		if !ok {
			return nil, fmt.Errorf("line %d is %.100q, expected KEY: VALUE: is it the variant.yml of a checkpoint?", number, content)
		}
		for len(path) > 0 && path[len(path)-1].indent >= indent {
			path = path[:len(path)-1]
		}
		if len(path) > 20 {
			return nil, fmt.Errorf("line %d is nested too deep: is it the variant.yml of a checkpoint?", number)
		}
		path = append(path, level{indent, unquoted(key)})
		keys := make([]string, len(path))
		for i, l := range path {
			keys[i] = l.key
		}
		if text := scalar(value); text != "" {
			v[strings.Join(keys, ".")] = text
		}
	}
	return v, nil
}

// scalar returns the text of a value, without a tag, a comment and quotes.
func scalar(value string) string {
	value = strings.TrimSpace(value)
	if strings.HasPrefix(value, "!") {
		_, value, _ = strings.Cut(value, " ")
	}
	if before, _, ok := strings.Cut(value, " #"); ok {
		value = before
	}
	return unquoted(value)
}

func unquoted(text string) string {
	text = strings.TrimSpace(text)
	if n := len(text); n >= 2 && (text[0] == '\'' || text[0] == '"') && text[n-1] == text[0] {
		return text[1 : n-1]
	}
	return text
}

// count returns a whole number above 0, or 0.
func (v variant) count(key string) int {
	n, err := strconv.Atoi(v[key])
	if err != nil || n < 0 || n > 1<<20 {
		return 0
	}
	return n
}
