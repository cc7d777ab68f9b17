package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"segmenter/dataset"
)

// photoFolder has three photos, one of them in a folder below, and a damaged one.
func photoFolder(t *testing.T) string {
	folder := t.TempDir()
	for name, source := range map[string]string{"cat.png": cat, "sub/rocket.jpg": "../../web/samples/rocket.jpg", "z.PNG": cat} {
		content, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(folder, name), content)
	}
	writeFile(t, filepath.Join(folder, "damaged.jpg"), []byte("no photo"))
	return folder
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
}

// records reads logs, without their headers.
func records(t *testing.T, logs ...string) (list []record) {
	for _, path := range logs {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
			var r record
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			list = append(list, r)
		}
	}
	return list
}

func namesOf(list []record) (names []string) {
	for _, r := range list {
		names = append(names, r.Photo)
	}
	slices.Sort(names)
	return names
}

var allNames = []string{"cat.png", "damaged.jpg", "sub/rocket.jpg", "z.PNG"}

func TestBatch(t *testing.T) {
	photos, out := photoFolder(t), filepath.Join(t.TempDir(), "out")
	status, _, stderr := call(photos, "-o", out, "-size", "64") // flags may follow
	if status != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "damaged.jpg") {
		t.Errorf("status %d, %q: expected 1 and the damaged photo", status, stderr)
	}
	list := records(t, filepath.Join(out, "log.jsonl"))
	if names := namesOf(list); !slices.Equal(names, allNames) {
		t.Errorf("the log has %v, expected %v", names, allNames)
	}
	for _, name := range []string{"cat.png", "sub/rocket.png", "z.png"} {
		readPNG(t, filepath.Join(out, name))
	}

	// As after the end of the program: the last line is cut, and a photo is not done.
	log := filepath.Join(out, "log.jsonl")
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	kept := bytes.Join(slices.DeleteFunc(lines, func(l []byte) bool { return bytes.Contains(l, []byte(`"z.PNG"`)) }), nil)
	writeFile(t, log, append(kept, `{"photo":"z.P`...))
	if err := os.Remove(filepath.Join(out, "z.png")); err != nil {
		t.Fatal(err)
	}
	call("-o", out, "-size", "64", photos)
	readPNG(t, filepath.Join(out, "z.png"))
	again := records(t, log)
	if names := namesOf(again); !slices.Equal(names, []string{"cat.png", "damaged.jpg", "damaged.jpg", "sub/rocket.jpg", "z.PNG"}) {
		t.Errorf("after going on, the log has %v", names)
	}
	if status, _, stderr := call("-o", out, "-size", "96", photos); status != 1 || !strings.Contains(stderr, "other flags") {
		t.Errorf("other flags: status %d, %q", status, stderr)
	}
}

func TestShards(t *testing.T) {
	photos, out := photoFolder(t), t.TempDir()
	t.Setenv("JOB_COMPLETION_INDEX", "1")
	t.Setenv("SLURM_ARRAY_TASK_ID", "9")
	t.Setenv("SLURM_ARRAY_TASK_COUNT", "3")
	t.Setenv("SLURM_ARRAY_TASK_MIN", "5")
	t.Setenv("SLURM_ARRAY_TASK_STEP", "2")
	for _, shard := range []string{"0/3", "kubernetes/3", "slurm"} {
		call("-o", out, "-size", "64", "-format", "coco", "-shard", shard, photos)
	}
	logs, err := filepath.Glob(filepath.Join(out, "log-?-of-3.jsonl"))
	if err != nil || len(logs) != 3 {
		t.Fatalf("the logs are %v, %v", logs, err)
	}
	if names := namesOf(records(t, logs...)); !slices.Equal(names, allNames) {
		t.Errorf("the logs have %v, expected each photo once", names)
	}
	files, _ := filepath.Glob(filepath.Join(out, "annotations-?-of-3.json"))
	if len(files) != 3 {
		t.Errorf("the annotations are %v", files)
	}
}

// TestBatchTrains loads what -format coco writes as labels.
func TestBatchTrains(t *testing.T) {
	photos := photoFolder(t)
	call("-o", filepath.Join(photos, "labels"), "-size", "64", "-format", "coco", photos)
	set, err := dataset.Load(photos, dataset.Options{Layout: "coco"})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Samples) != 3 || !slices.Contains(set.Classes.Names, "cat") {
		t.Errorf("%d photos with the classes %v", len(set.Samples), set.Classes.Names)
	}
}

func TestStandardInput(t *testing.T) {
	f, err := os.Open(cat)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	old := os.Stdin
	defer func() { os.Stdin = old }()
	os.Stdin = f
	if out := succeed(t, "-size", "64", "-"); !strings.Contains(out, "451×300") {
		t.Errorf("printed %q", out)
	}
}

func TestBatchMisuse(t *testing.T) {
	photos := photoFolder(t)
	t.Setenv("JOB_COMPLETION_INDEX", "")
	t.Setenv("SLURM_ARRAY_TASK_ID", "")
	for _, c := range []struct {
		arguments string
		want      string
	}{
		{"-format coco " + cat, "-o DIR"},
		{"-shard 1/2 " + cat, "-o DIR"},
		{"-o out -json " + cat, "without them"},
		{"-o out -jobs 0 " + cat, "-jobs"},
		{"-o out -format tiff " + cat, "expected png"},
		{"-o out -format class " + cat, `class ""`},
		{"-o out -shard 2/2 " + cat, "I from 0"},
		{"-o out -shard half " + cat, "I from 0"},
		{"-o out -shard slurm " + cat, "job array"},
		{"-o out -shard kubernetes/2 " + cat, "Indexed"},
		{"-o " + photos + " " + photos, "among the photos"},
		{"-o out " + cat + " elsewhere/chelsea.jpg", "same name"},
	} {
		status, _, stderr := call(strings.Fields(c.arguments)...)
		if status != 2 || !strings.Contains(stderr, c.want) {
			t.Errorf("segment %s: status %d, %q; expected 2 and %q", c.arguments, status, stderr, c.want)
		}
	}
	if _, err := os.Stat("out"); err == nil {
		t.Error("a refused command made a folder")
		os.RemoveAll("out")
	}
	empty := t.TempDir()
	if status, _, stderr := call(empty); status != 1 || !strings.Contains(stderr, "holds no photos") {
		t.Errorf("an empty folder: status %d, %q", status, stderr)
	}
}

// Results below the folder of photos are no photos when the same command goes on.
func TestResultsAmongPhotos(t *testing.T) {
	photos := photoFolder(t)
	out := filepath.Join(photos, "out")
	writeFile(t, filepath.Join(out, "cat.png"), nil)
	list, err := inputs([]string{photos}, out)
	if err != nil || len(list) != len(allNames) {
		t.Errorf("%v, %v: expected the %d photos outside %s", list, err, len(allNames), out)
	}
}

func TestLinkToFolder(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(photoFolder(t), link); err != nil {
		t.Skip(err)
	}
	list, err := inputs([]string{link}, "")
	if err != nil || len(list) != len(allNames) || list[0].name != allNames[0] {
		t.Errorf("%v, %v: expected the photos behind the link", list, err)
	}
}

// TestLocked has two runs in one folder: the second is refused, and what the first does stays.
func TestLocked(t *testing.T) {
	photos, out := photoFolder(t), t.TempDir()
	held, err := lockFolder(out, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"-o", out, "-size", "64", photos}, {"train", "-resume", out}} {
		if command[0] == "train" {
			writeFile(t, filepath.Join(out, optionsFile), []byte(`{"data": "`+filepath.ToSlash(photos)+`"}`))
			writeFile(t, filepath.Join(out, stateFile), nil)
		}
		if status, _, stderr := call(command...); status != 1 || !strings.Contains(stderr, "another run") {
			t.Errorf("%v: status %d, %q", command, status, stderr)
		}
	}
	held.Close()
	call("-o", out, "-size", "64", photos)
	readPNG(t, filepath.Join(out, "cat.png"))
}

// TestNoUTF8 segments a photo once whose name JSON cannot hold.
func TestNoUTF8(t *testing.T) {
	photos, out := t.TempDir(), t.TempDir()
	content, err := os.ReadFile(cat)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(photos, "a\xff\xfe.png"), content, 0o666); err != nil {
		t.Skip(err) // of systems whose names are Unicode
	}
	for range 2 {
		succeed(t, "-o", out, "-size", "64", photos)
	}
	if list := records(t, filepath.Join(out, "log.jsonl")); len(list) != 1 {
		t.Errorf("the photo was segmented %d times", len(list))
	}
}

// TestFewerPhotos goes on in a folder that has results of photos that are gone: they do not count.
func TestFewerPhotos(t *testing.T) {
	photos, out := photoFolder(t), t.TempDir()
	call("-o", out, "-size", "64", photos)
	for _, gone := range []string{"z.PNG", "sub/rocket.jpg"} {
		if err := os.Remove(filepath.Join(photos, gone)); err != nil {
			t.Fatal(err)
		}
	}
	var shown bytes.Buffer
	b := batch{folder: out, done: map[string]bool{}, bar: &bar{w: &shown}, stderr: &bytes.Buffer{}}
	list, err := inputs([]string{photos}, out)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	b.log, b.done["z.PNG"], b.done["sub/rocket.jpg"] = log, true, true
	for _, in := range list {
		if err := b.record(in, record{}, nil, len(list)); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(shown.String(), "2 of 2 photos") {
		t.Errorf("the bar shows %q", shown.String())
	}
}
