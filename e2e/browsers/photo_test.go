package browsers

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"segmenter/e2e/native"
	"segmenter/model"
)

var (
	chelsea = filepath.Join(samples, "chelsea.png")
	china   = filepath.Join(samples, "china.jpg")
)

// testPhoto drops photos on the page.
func testPhoto(v *visit) {
	v.open("?size=256")
	v.waitFor("ready")
	if !evaluate[bool](v, `crossOriginIsolated`) {
		v.Error("the page is not cross-origin isolated")
	}
	for _, path := range []string{chelsea, china} {
		v.dropPhoto(path)
		v.agrees(path, model.Options{Decoder: model.Mask, Size: 256}, native.Int8Agreement)
		v.screenshot(filepath.Base(path))
		if path == chelsea {
			if legend := evaluate[string](v, `document.getElementById("legend").textContent`); !strings.Contains(legend, "cat") {
				v.Errorf("the legend does not name the cat: %q", legend)
			}
		}
	}
}

// testFloat has the page compute as the native program does.
func testFloat(v *visit) {
	v.open("?size=256&arithmetic=float")
	v.waitFor("ready")
	v.dropPhoto(chelsea)
	v.agrees(chelsea, model.Options{Decoder: model.Mask, Size: 256}, native.FloatAgreement)
}

// testHiddenPixels drops a photo where the browser gives pages noise for pixels
// until the visitor allows them the pixels: the page says so and shows no mask.
func testHiddenPixels(v *visit) {
	v.open("?size=256")
	v.waitFor("ready")
	v.drop(chelsea, "image/png")
	v.eventually("the page says what hides the pixels", func() bool {
		return strings.Contains(v.messages(), "This browser hides the pixels of photos")
	})
	v.screenshot("said")
	if evaluate[bool](v, `segmenterPage.result != null`) {
		v.Error("there is a mask of pixels that the page cannot see")
	}
}

// testThreads compares the masks of one thread and of several, byte by byte.
func testThreads(v *visit) {
	v.open("test/bare.html")
	var want []byte
	for _, threads := range []int{1, 2, 3} {
		got := call[struct {
			Threads int
			Mask    []byte
		}](v, "photos.js", "segmentInThreads", threads)
		used := threads
		if !v.state.shares {
			used = 1
		}
		if got.Threads != used {
			v.Errorf("of %d threads, %d are used, expected %d", threads, got.Threads, used)
		}
		if want == nil {
			want = got.Mask
		}
		if !slices.Equal(got.Mask, want) {
			v.Errorf("the mask of %d threads is not that of one", threads)
		}
	}

	// One thread a core, unless the page asks for another number.
	expected := 1
	if v.state.shares {
		expected = evaluate[int](v, `Math.min(navigator.hardwareConcurrency, 8)`)
	}
	if got := call[int](v, "photos.js", "threadsByDefault"); got != expected {
		v.Errorf("without a wish there are %d threads, expected %d", got, expected)
	}

	v.open("?size=256&threads=3")
	v.waitFor("ready")
	v.dropPhoto(chelsea)
	said := "1 thread"
	if v.state.shares {
		said = "3 threads"
	}
	if facts := v.facts(); !strings.HasSuffix(facts, said) {
		v.Errorf("the page says %q, expected %q at the end", facts, said)
	}
}

// testWorker uses the library in a worker of a page.
func testWorker(v *visit) {
	v.open("test/bare.html")
	if largest := call[string](v, "photos.js", "segmentInWorker"); largest != "cat" {
		v.Errorf("in a worker, the largest class of the cat's portrait is %q", largest)
	}
}

// corner is a colour of the videos' quarters.
var quarters = map[string][3]int{"red": {208, 32, 32}, "green": {32, 160, 32}, "blue": {32, 32, 208}, "yellow": {208, 192, 32}}

// videos are those of quarters, with what they show, row by row.
var videos = []struct {
	name          string
	width, height int
	quarters      []string
}{
	{"upright.mp4", 192, 128, []string{"red", "green", "blue", "yellow"}},
	{"rotated-90.mp4", 128, 192, []string{"blue", "red", "yellow", "green"}},
	{"rotated-180.mp4", 192, 128, []string{"yellow", "blue", "green", "red"}},
	{"wide.webm", 384, 128, []string{"red", "green", "blue", "yellow"}},
}

// picture is the size of something that was drawn, and the colours in the
// middle of its quarters, row by row.
type picture struct {
	Width, Height int
	Quarters      [][]int
}

// names are the names of the quarters' colours, "" where it is none of them.
func (p picture) names() []string {
	var names []string
	for _, colour := range p.Quarters {
		found := ""
		for name, want := range quarters {
			if near(colour, want[:], 40) {
				found = name
			}
		}
		names = append(names, found)
	}
	return names
}

func near(a, b []int, tolerance int) bool {
	for i := range b {
		if max(a[i]-b[i], b[i]-a[i]) > tolerance {
			return false
		}
	}
	return true
}

// shows holds a picture against a video.
func (v *visit) shows(what string, got picture, width, height int, quarters []string) {
	v.Helper()
	if got.Width != width || got.Height != height || !slices.Equal(got.names(), quarters) {
		v.Errorf("%s: %d×%d with %v %v, expected %d×%d with %v", what, got.Width, got.Height, got.names(), got.Quarters, width, height, quarters)
	}
}

// testVideoAsPhoto gives video elements that were never played to the library.
func testVideoAsPhoto(v *visit) {
	v.open("test/bare.html")
	for _, video := range videos {
		decoded := call[picture](v, "videos.js", "decodeFirst", video.name)
		v.shows(video.name, decoded, video.width, video.height, video.quarters)
	}
	size := call[[]int](v, "videos.js", "segmentFirst", "rotated-90.mp4")
	if fmt.Sprint(size) != "[128 192 24576]" {
		v.Errorf("the mask of a rotated video is %v, expected 128, 192 and their product", size)
	}
}
