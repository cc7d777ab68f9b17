package train

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"time"

	"segmenter/modelfile/safetensors"
)

// The metadata keys of a checkpoint.
const (
	keyStep   = "step"
	keyRecipe = "recipe"
)

// A stored tensor of a checkpoint is a parameter's value, or as many values of the average
// or the optimiser's memory.
type stored struct {
	safetensors.Tensor
	values []float32
}

// state lists everything that a run changes, under the names "kind.parameter".
func (r *Run) state() (list []stored) {
	kinds := r.Optimiser.State(r.Parameters)
	if r.Recipe.Average > 0 {
		kinds["average"] = r.average.values.of(r.Parameters)
	}
	values := make([][]float32, len(r.Parameters))
	for i, p := range r.Parameters {
		values[i] = p.Values
	}
	kinds["value"] = values
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		for i, p := range r.Parameters {
			t := p.Tensor(safetensors.F32)
			t.Name = kind + "." + p.Name
			list = append(list, stored{t, kinds[kind][i]})
		}
	}
	return list
}

// saveError means that the state could not be saved, so trying again is of no use.
type saveError struct{ error }

func (e saveError) Unwrap() error { return e.error }

// Save writes the checkpoint to a new file, then puts it in the place of the old one: a
// crash leaves one of them whole.
func (r *Run) Save() error {
	r.saved = time.Now()
	if r.Checkpoint == "" {
		return nil
	}
	f, err := os.Create(r.Checkpoint + ".new")
	if err != nil {
		return saveError{err}
	}
	buffer := bufio.NewWriterSize(f, 1<<20)
	err = cmp.Or(r.write(buffer), buffer.Flush(), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), r.Checkpoint)
	}
	if err != nil {
		os.Remove(f.Name())
		return saveError{fmt.Errorf("cannot save the state of the training, the last one is kept: %w", err)}
	}
	return nil
}

func (r *Run) write(dst io.Writer) error {
	recipe, err := json.Marshal(r.Recipe)
	if err != nil {
		return err
	}
	state := r.state()
	tensors := make([]safetensors.Tensor, len(state))
	for i, s := range state {
		tensors[i] = s.Tensor
	}
	w, err := safetensors.NewWriter(dst, map[string]string{keyStep: strconv.Itoa(r.step), keyRecipe: string(recipe)}, tensors)
	if err != nil {
		return err
	}
	for _, s := range state {
		if err := w.WriteFloat32s(s.values); err != nil {
			return err
		}
	}
	return w.Close()
}

// ReadRecipe returns the recipe and the next step of a checkpoint.
func ReadRecipe(path string) (recipe Recipe, step int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return recipe, 0, err
	}
	defer f.Close()
	file, err := safetensors.NewReader(bufio.NewReader(f))
	if err != nil {
		return recipe, 0, fmt.Errorf("%s: %w", path, err)
	}
	return recipeOf(path, file)
}

func recipeOf(path string, file *safetensors.Reader) (recipe Recipe, step int, err error) {
	step, err = strconv.Atoi(file.Metadata()[keyStep])
	if err == nil {
		err = json.Unmarshal([]byte(file.Metadata()[keyRecipe]), &recipe)
	}
	if err != nil || step < 0 {
		err = fmt.Errorf("%s is not the state of a training: it states no step and recipe", path)
	}
	return recipe, step, err
}

// Resume takes over the state of a checkpoint. The run must have the same parameters and
// optimiser.
func (r *Run) Resume(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	file, err := safetensors.NewReader(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if r.Recipe, r.step, err = recipeOf(path, file); err != nil {
		return err
	}
	missing := map[string]stored{}
	for _, s := range r.state() {
		missing[s.Name] = s
	}
	for {
		t, err := file.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		s, ok := missing[t.Name]
		if !ok || !slices.Equal(t.Shape, s.Shape) {
			return fmt.Errorf("%s has the tensor %q %v, which this training lacks: it belongs to another model or optimiser", path, t.Name, t.Shape)
		}
		values, err := file.Float32s()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		copy(s.values, values)
		delete(missing, t.Name)
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s lacks the tensor %q: it belongs to another model or optimiser", path, slices.Min(slices.Collect(maps.Keys(missing))))
	}
	r.Training.Update()
	return nil
}

// Log returns a function for [Run.Report] that appends a line of JSON for each step.
func Log(w io.Writer) func(Step) error {
	e := json.NewEncoder(w)
	return func(s Step) error { return e.Encode(s) }
}

// OpenLog opens a log to append to. It removes the lines of the given step and later ones,
// and a line that a crash left incomplete: a resumed run writes them again.
func OpenLog(path string, step int) (*os.File, error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	kept := 0
	for line := range bytes.Lines(text) {
		var s Step
		if !bytes.HasSuffix(line, []byte("\n")) || json.Unmarshal(line, &s) != nil || s.Step >= step {
			break
		}
		kept += len(line)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(int64(kept)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	_, err = f.Seek(int64(kept), io.SeekStart)
	return f, err
}
