package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"segmenter/photo"
	"segmenter/photo/decode"
)

// standardInput is the argument that stands for the photo on standard input.
const standardInput = "-"

// input is a photo to segment.
type input struct {
	path string
	name string // for what is made of it: with slashes, below the folder that was named
}

// photoExtensions are the ends of names of photos in folders.
var photoExtensions = []string{".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"}

// inputs lists photos: files, the photos below folders, and standard input. It leaves out the
// folder of results, which may lie below one of photos; "" is none.
func inputs(arguments []string, results string) ([]input, error) {
	var list []input
	for _, path := range arguments {
		if path == standardInput {
			list = append(list, input{path, "stdin"})
			continue
		}
		if !isFolder(path) {
			list = append(list, input{path, filepath.Base(path)})
			continue
		}
		before := len(list)
		root := path + string(filepath.Separator) // a link is followed
		err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
			if err == nil && results != "" && file != root && entry.IsDir() && sameFile(file, results) {
				return fs.SkipDir
			}
			if err != nil || entry.IsDir() || !slices.Contains(photoExtensions, strings.ToLower(filepath.Ext(file))) {
				return err
			}
			name, err := filepath.Rel(path, file)
			list = append(list, input{file, filepath.ToSlash(name)})
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(list) == before {
			return nil, fmt.Errorf("%s holds no photos: expected files that end in %s", path, strings.Join(photoExtensions, ", "))
		}
	}
	return list, nil
}

// distinct refuses photos whose results would have the same name.
func distinct(list []input) error {
	paths := map[string]string{}
	for _, in := range list {
		stem := strings.TrimSuffix(in.name, filepath.Ext(in.name))
		if other, ok := paths[stem]; ok {
			return usageError(fmt.Sprintf("the results for %s and %s would have the same name: segment them into different folders", other, in.path))
		}
		paths[stem] = in.path
	}
	return nil
}

func (in input) open() (photo.Source, error) {
	if in.path == standardInput {
		return decode.Decode(os.Stdin)
	}
	return decode.Open(in.path)
}

// shard is one of several parts of the photos, each for a machine of its own. Photos belong to
// parts by turns, in the order of the list.
type shard struct{ index, count int }

// parseShard reads I/N, or slurm or kubernetes/N for the index of that scheduler's job.
func parseShard(text string) (shard, error) {
	if text == "slurm" {
		return slurmShard()
	}
	index, count, ok := strings.Cut(text, "/")
	if index == "kubernetes" {
		if index = os.Getenv("JOB_COMPLETION_INDEX"); index == "" {
			return shard{}, usageError("-shard kubernetes: JOB_COMPLETION_INDEX is not set: expected a Job with completionMode Indexed")
		}
	}
	i, err := strconv.Atoi(index)
	n, err2 := strconv.Atoi(count)
	if !ok || err != nil || err2 != nil || i < 0 || i >= n {
		return shard{}, usageError(fmt.Sprintf("-shard %s: expected I/N with I from 0 to N-1, slurm, or kubernetes/N", text))
	}
	return shard{i, n}, nil
}

// slurmShard is the place of a task in its array, whose ids need not start at 0
// (https://slurm.schedmd.com/job_array.html).
func slurmShard() (shard, error) {
	var values [4]int
	for i, name := range []string{"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP"} {
		text := os.Getenv(name)
		if text == "" && name == "SLURM_ARRAY_TASK_STEP" {
			text = "1"
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return shard{}, usageError(fmt.Sprintf("-shard slurm: %s is %q: expected a job array, sbatch --array=0-63", name, text))
		}
		values[i] = n
	}
	id, count, first, step := values[0], values[1], values[2], values[3]
	if index := (id - first) / max(step, 1); (id-first)%max(step, 1) == 0 && index >= 0 && index < count {
		return shard{index, count}, nil
	}
	return shard{}, usageError(fmt.Sprintf("-shard slurm: the task %d is not one of %d from %d on in steps of %d: expected an array of a single range, such as --array=0-63", id, count, first, step))
}

// of returns the photos of the part.
func (s shard) of(list []input) (part []input) {
	for i := s.index; i < len(list); i += s.count {
		part = append(part, list[i])
	}
	return part
}

// String tells the part's files from those of others.
func (s shard) String() string {
	if s.count == 1 {
		return ""
	}
	return fmt.Sprintf("%d-of-%d", s.index, s.count)
}
