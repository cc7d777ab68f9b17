package teach

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"segmenter/modelfile"
	"segmenter/modelfile/safetensors"
)

// Format is the value of the metadata key "format" in the files that this version writes and reads.
const Format = "segmenter-taught/1"

// Limits of a file. A patch has at most as many features as a network may be wide.
const (
	maxWidth     = 1 << 14
	mostExamples = 512 // of a kind, of a lesson
	mostLessons  = 64  // of a class
	mostClasses  = 64
)

// The metadata keys of a file besides "classes", which is as in a model file.
const (
	keyFormat  = "format"
	keyEncoder = "encoder"
	keyOff     = "off"     // for each class "1", or "0" if masks show it
	keyStrokes = "strokes" // for each class, of each of its lessons: "3,2 4 1,1"
)

// Write writes the set as a safetensors file. docs/teaching.md describes it.
func (s *Set) Write(w io.Writer) error {
	card := modelfile.Card{}
	rows, bias := []float32{}, []float32{}
	var off, strokes []string
	var values [][]float32
	for _, c := range s.Classes {
		card.Classes = append(card.Classes, c.Class)
		rows, bias = append(rows, c.Row.Weights...), append(bias, c.Row.Bias)
		flag := "0"
		if c.Off {
			flag = "1"
		}
		var counts []string
		for _, l := range c.Lessons {
			counts = append(counts, strconv.Itoa(l.Strokes))
			values = append(values, l.Yes, l.No)
		}
		off, strokes = append(off, flag), append(strokes, strings.Join(counts, ","))
	}
	metadata := card.Metadata()
	metadata[keyFormat], metadata[keyEncoder] = Format, s.Encoder
	metadata[keyOff], metadata[keyStrokes] = strings.Join(off, " "), strings.Join(strokes, " ")
	tensors := s.tensors()
	for i, v := range values {
		tensors[2+i].Shape[0] = len(v) / s.Width
	}
	out, err := safetensors.NewWriter(w, metadata, tensors)
	if err != nil {
		return err
	}
	for _, v := range append([][]float32{rows, bias}, values...) {
		if err := out.WriteFloat32s(v); err != nil {
			return err
		}
	}
	return out.Close()
}

// tensors lists those of the file, with no examples yet.
func (s *Set) tensors() []safetensors.Tensor {
	n := len(s.Classes)
	list := []safetensors.Tensor{
		{Name: "rows", DType: safetensors.F32, Shape: []int{n, s.Width}},
		{Name: "bias", DType: safetensors.F32, Shape: []int{n}},
	}
	for i, c := range s.Classes {
		for j := range c.Lessons {
			for _, kind := range []string{"yes", "no"} {
				name := fmt.Sprintf("%d.%d.%s", i, j, kind)
				list = append(list, safetensors.Tensor{Name: name, DType: safetensors.F16, Shape: []int{0, s.Width}})
			}
		}
	}
	return list
}

// Read reads a file that Write wrote.
func Read(r io.Reader) (*Set, error) {
	s, err := read(r)
	if err != nil {
		return nil, fmt.Errorf("the file of taught classes cannot be used: %w", err)
	}
	return s, nil
}

func read(r io.Reader) (*Set, error) {
	file, err := safetensors.NewReader(r)
	if err != nil {
		return nil, err
	}
	metadata := file.Metadata()
	if format := metadata[keyFormat]; format != Format {
		return nil, fmt.Errorf("its format is %q, expected %q: it holds something else, or needs another version", format, Format)
	}
	card, err := modelfile.CardOf(metadata)
	if err != nil {
		return nil, err
	}
	if n := len(card.Classes); n > mostClasses {
		return nil, fmt.Errorf("it has %d classes, expected at most %d", n, mostClasses)
	}
	s := &Set{Encoder: metadata[keyEncoder]}
	for _, c := range card.Classes {
		s.Classes = append(s.Classes, Class{Class: c})
	}
	if err := s.readCounts(metadata); err != nil {
		return nil, err
	}
	return s, s.readTensors(file)
}

// readCounts reads what the metadata says of each class.
func (s *Set) readCounts(metadata map[string]string) error {
	off, strokes := strings.Split(metadata[keyOff], " "), strings.Split(metadata[keyStrokes], " ")
	if n := len(s.Classes); n > 0 && (len(off) != n || len(strokes) != n) {
		return fmt.Errorf("its %q and %q are of %d and %d classes, expected %d", keyOff, keyStrokes, len(off), len(strokes), n)
	}
	for i := range s.Classes {
		c := &s.Classes[i]
		c.Off = off[i] == "1"
		if strokes[i] == "" {
			continue
		}
		for field := range strings.SplitSeq(strokes[i], ",") {
			n, err := strconv.ParseUint(field, 10, 31)
			if err != nil || len(c.Lessons) == mostLessons {
				return fmt.Errorf("its %q are %q for %q, expected up to %d numbers", keyStrokes, strokes[i], c.Name, mostLessons)
			}
			c.Lessons = append(c.Lessons, Lesson{Strokes: int(n)})
		}
	}
	return nil
}

// readTensors checks all shapes first. From then on, memory grows with the bytes that arrive.
func (s *Set) readTensors(file *safetensors.Reader) error {
	found := file.Tensors()
	if len(found) > 0 && len(found[0].Shape) == 2 {
		s.Width = found[0].Shape[1]
	}
	if s.Width < 1 || s.Width > maxWidth {
		return errors.New("its first tensor has no shape of classes × features")
	}
	expected := s.tensors()
	if len(found) != len(expected) {
		return fmt.Errorf("it has %d tensors, expected %d for its classes and lessons", len(found), len(expected))
	}
	for i, want := range expected {
		got := found[i]
		if i >= 2 && len(got.Shape) == 2 && got.Shape[0] <= mostExamples {
			want.Shape[0] = got.Shape[0]
		}
		if got.Name != want.Name || !slices.Equal(got.Shape, want.Shape) {
			return fmt.Errorf("it has the tensor %q of the shape %v, expected %q of %v", got.Name, got.Shape, want.Name, want.Shape)
		}
	}
	values := make([][]float32, len(found))
	for i := range found {
		if _, err := file.Next(); err != nil {
			return err
		}
		var err error
		if values[i], err = file.Float32s(); err != nil {
			return err
		}
	}
	if _, err := file.Next(); err != io.EOF {
		return err
	}
	next := 2
	for i := range s.Classes {
		c := &s.Classes[i]
		c.Row = Row{Weights: values[0][i*s.Width:][:s.Width], Bias: values[1][i]}
		for j := range c.Lessons {
			c.Lessons[j].Yes, c.Lessons[j].No = values[next], values[next+1]
			next += 2
		}
	}
	return nil
}

// Open reads a file for a model.
func Open(r io.Reader, m *modelfile.Model) (*Set, error) {
	s, err := Read(r)
	if err != nil {
		return nil, err
	}
	return s, s.Fits(m.EncoderID(), m.Architecture.Width)
}
