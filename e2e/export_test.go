package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tap touches the middle of an element, as a finger does.
func (v *visit) tap(selector string) {
	v.Helper()
	at := evaluate[struct{ X, Y float64 }](v, fmt.Sprintf(`((element) => {
		element.scrollIntoView({ block: "center" });
		const { left, top, width, height } = element.getBoundingClientRect();
		return { X: left + width / 2, Y: top + height / 2 };
	})(document.querySelector(%q))`, selector))
	for _, step := range []input.DispatchTouchEventParams{
		{Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: []*input.TouchPoint{{X: at.X, Y: at.Y}}},
		{Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}},
	} {
		_, err := chromedp.Call(v.tab, input.DispatchTouchEvent, step)
		v.must(err)
	}
}

// presser returns a function that presses an element as visitors do: by the keyboard, or with a finger.
func (v *visit) presser(byTouch bool) func(selector string) {
	v.Helper()
	if byTouch {
		_, err := chromedp.Call(v.tab, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
		v.must(err)
		return v.tap
	}
	return func(selector string) {
		v.Helper()
		evaluate[bool](v, fmt.Sprintf(`(document.querySelector(%q).focus(), true)`, selector))
		v.press(kb.Enter)
	}
}

// points returns how many points the page says that polygons have, or 0.
func (v *visit) points() int {
	v.Helper()
	text := v.text("#export .facts")
	if n := regexp.MustCompile(`^\d+`).FindString(text); n != "" && regexp.MustCompile(`points$|点$`).MatchString(text) {
		points, _ := strconv.Atoi(n)
		return points
	}
	return 0
}

// TestExport exports a photo's mask from the studio: by keyboard on a desktop, by touch on a phone.
func TestExport(t *testing.T) {
	source := readAxe(t)
	for _, test := range []struct {
		lang, scheme  string
		width, height int64
	}{{"en", "light", 1280, 800}, {"zh", "dark", 390, 844}} {
		t.Run(test.lang, func(t *testing.T) {
			v := newVisit(t, "/", nil)
			folder := v.downloads()
			v.emulate("prefers-color-scheme", test.scheme, "prefers-reduced-motion", "reduce")
			v.do(chromedp.EmulateViewport(test.width, test.height))
			isPhone := test.lang == "zh"
			press := v.presser(isPhone)
			v.open("?device=cpu&size=256&photo=samples/chelsea.png&lang=" + test.lang)
			v.waitFor("done")
			press("#studio-open")
			v.eventually(func() bool { return v.text("#studio-export") != "" })
			press("#studio-export")
			v.eventually(func() bool { return v.text("#export") != "" })
			saved := func(format, extension string) []byte {
				t.Helper()
				v.setField("export-format", format)
				press("#export-save")
				path, content := v.downloaded(folder, extension)
				t.Logf("%s is saved as %s", format, filepath.Base(path))
				os.Remove(path)
				return content
			}
			check := func(state string) {
				t.Helper()
				v.axe(source, state)
				v.screenshot(fmt.Sprintf("export-%s-%s", test.lang, state))
				if isPhone {
					v.checkChinese(state)
				}
				if n := evaluate[int](v, `document.documentElement.scrollWidth - innerWidth`); n > 0 {
					t.Errorf("%s: the page is %d pixels wider than the window", state, n)
				}
			}
			v.setField("export-format", "coco")
			v.eventually(func() bool { return v.points() > 0 })
			fine := v.points()
			check("polygons")
			v.setField("export-tolerance", "5")
			v.eventually(func() bool { points := v.points(); return points > 0 && points < fine })
			v.setField("export-tolerance", "1")

			var coco struct {
				Images []struct {
					FileName string `json:"file_name"`
				}
				Annotations []struct{ Segmentation [][]int }
			}
			v.must(json.Unmarshal(saved("coco", "json"), &coco))
			if len(coco.Images) != 1 || coco.Images[0].FileName != "chelsea.png" || len(coco.Annotations) == 0 {
				t.Errorf("COCO has %+v and %d annotations", coco.Images, len(coco.Annotations))
			}
			if got := names(unzip(t, saved("yolo", "zip"))); got != "data.yaml labels/chelsea.txt" {
				t.Errorf("YOLO's archive has %s", got)
			}
			if svg := string(saved("svg", "svg")); !strings.Contains(svg, "<title>cat</title>") {
				t.Errorf("the drawing begins with %.200s", svg)
			}
			v.setField("export-class", "cat")
			v.setField("export-format", "class")
			check("class")
			picture, err := png.Decode(bytes.NewReader(saved("class", "png")))
			v.must(err)
			grey, want := picture.(*image.Gray), v.result()
			cat := evaluate[int](v, `segmenterPage.result.classes.find(({ name }) => name === "cat").id`)
			for i, id := range want.Mask {
				if (int(id) == cat) != (grey.Pix[i] == 255) {
					t.Fatalf("pixel %d of class %d is %d", i, id, grey.Pix[i])
				}
			}
		})
	}
}
