package browsers

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"segmenter/e2e/browser"
)

// testLiveUpright plays videos that are stored otherwise than they are shown.
func testLiveUpright(v *visit) {
	v.open("test/bare.html")
	for _, video := range videos {
		got := call[struct{ Seen, Shown, Cut picture }](v, "videos.js", "playUpright", video.name)
		v.shows(video.name+", as the segmenter sees it", got.Seen, video.width, video.height, video.quarters)
		v.shows(video.name+", as people see it", got.Shown, video.width, video.height, video.quarters)
		// The mask keeps the first quarter.
		v.shows(video.name+", cut out", got.Cut, video.width, video.height, []string{video.quarters[0], "", "", ""})
	}
}

// testLiveAligned plays a video whose frames are numbered: a mask lies over the
// frame that it was found in.
func testLiveAligned(v *visit) {
	v.open("test/bare.html")
	got := call[struct {
		Frames, Numbers int
		Wrong           []string
	}](v, "videos.js", "playNumbered")
	if got.Frames < 10 || got.Numbers < 3 {
		v.Errorf("%d frames were shown, of %d numbers: no test", got.Frames, got.Numbers)
	}
	for _, wrong := range got.Wrong {
		v.Error(wrong)
	}
}

// spot is a part of a picture: the range of each channel, and how much
// neighbours differ.
type spot struct {
	Low, High []int
	Contrast  float64
	// Original counts pixels that look as in the video without an effect.
	Original int
}

// testEffects looks at the pixels of effects, of a mask that is known: the left
// half is kept.
func testEffects(v *visit) {
	v.open("test/bare.html")
	for _, source := range []string{"video", "mirrored", "stream"} {
		for _, effect := range []string{"none", "tint", "blur", "colour", "picture", "cut", "grey"} {
			got := call[struct{ Kept, Background spot }](v, "videos.js", "effect", source, effect)
			kept, background := got.Kept, got.Background
			fail := func(what string) {
				v.Helper()
				v.Errorf("%s, %s: %s: kept %+v, background %+v", source, effect, what, kept, background)
			}
			if effect != "tint" && !(near(kept.Low, []int{192, 48, 48, 255}, 40) && near(kept.High, []int{192, 48, 48, 255}, 40)) {
				fail("what is kept is not as it was")
			}
			switch effect {
			case "none", "tint": // a tint of one class leaves the others alone
				if background.Original == 0 || background.Contrast < 30 {
					fail("the background is not as it was: no test")
				}
				if effect == "tint" && !near(kept.Low, []int{96, 24, 152, 255}, 40) {
					fail("what is kept has no tint")
				}
				continue
			case "blur":
				if background.Contrast > 4 || background.Low[3] < 255 {
					fail("the background is not blurred")
				}
			case "colour":
				if !near(background.Low, []int{0, 177, 64, 255}, 3) || !near(background.High, []int{0, 177, 64, 255}, 3) {
					fail("the background is not the colour")
				}
			case "picture":
				if !near(background.Low, []int{255, 0, 255, 255}, 12) || !near(background.High, []int{255, 0, 255, 255}, 12) {
					fail("the background is not the picture")
				}
			case "cut":
				if background.High[3] > 0 {
					fail("the background is not cut")
				}
			case "grey":
				if background.Contrast < 20 || background.Low[3] < 255 {
					fail("the background is not the picture without colour")
				}
			}
			if background.Original > 0 {
				fail("the background shows")
			}
		}
	}
}

// checkEffects goes through the effects of the page's live picture of the cat
// before the temple.
func (v *visit) checkEffects() {
	v.Helper()
	look := func() (sky, temple, cat spot) {
		v.Helper()
		got := call[struct{ Sky, Temple, Cat spot }](v, "page.js", "lookAtLive")
		return got.Sky, got.Temple, got.Cat
	}
	v.choose("effect", "none")
	v.moreFrames()
	_, plainTemple, plainCat := look()
	for _, effect := range []string{"blur", "colour", "cut", "grey"} {
		v.choose("effect", effect)
		v.moreFrames()
		v.screenshot(effect)
		sky, temple, cat := look()
		fail := func(what string) {
			v.Helper()
			v.Errorf("%s: %s: sky %+v, temple %+v, cat %+v", effect, what, sky, temple, cat)
		}
		if cat.Contrast < plainCat.Contrast*0.8 || cat.Low[3] < 255 {
			fail("the cat is not as it was")
		}
		switch effect {
		case "blur":
			if temple.Contrast > plainTemple.Contrast/4 {
				fail("the temple is not blurred")
			}
		case "colour":
			if !near(sky.Low, []int{0, 177, 64}, 3) || !near(temple.High, []int{0, 177, 64}, 3) {
				fail("the background is not the colour")
			}
		case "cut":
			if sky.High[3] > 0 || temple.High[3] > 0 {
				fail("the background is not cut")
			}
		case "grey":
			if grey := call[int](v, "page.js", "colourOfTemple"); grey > 8 {
				fail(fmt.Sprintf("channels of the temple differ by %d", grey))
			}
		}
	}
}

// moreFrames waits until the live picture has shown a few more.
func (v *visit) moreFrames() {
	v.Helper()
	frames := func() int { return evaluate[int](v, `segmenterPage.live?.frames ?? 0`) }
	before := frames()
	v.eventually("more frames", func() bool { return frames() >= before+4 })
}

// testLiveFile drops a video on the page, and takes effects.
func testLiveFile(v *visit) {
	v.open("?size=256&detail=192&device=cpu")
	v.waitFor("ready")
	if !evaluate[bool](v, `document.getElementById("loop").checked`) {
		v.click("#loop")
	}
	v.drop("testdata/cat.webm", "video/webm")
	v.waitFor("live")
	v.moreFrames()
	v.screenshot("live")
	v.eventually("the legend names the cat", func() bool {
		return evaluate[bool](v, `document.getElementById("legend").textContent.includes("cat")`)
	})
	v.checkEffects()

	// A video that is sought while it is paused shows the frame that it is at.
	v.click("#live-pause")
	v.eventually("it is paused", func() bool {
		return evaluate[bool](v, `document.getElementById("live-pause").textContent === "Go on"`)
	})
	time.Sleep(500 * time.Millisecond) // what was under way is shown
	before := evaluate[int](v, `segmenterPage.live.frames`)
	v.choose("seek", "300")
	v.eventually("the frame sought is shown", func() bool { return evaluate[int](v, `segmenterPage.live.frames`) > before })

	v.dropPhoto(chelsea)
	if evaluate[bool](v, `document.querySelector("canvas.live") !== null`) {
		v.Error("the photo does not take the place of the video")
	}

	v.click("#loop") // see testdata/make.sh
	for _, video := range videos {
		if strings.HasSuffix(video.name, ".webm") {
			continue
		}
		evaluate[bool](v, `(segmenterPage.live = null, true)`)
		v.drop("testdata/"+video.name, "video/mp4")
		v.waitFor("live")
		v.choose("effect", "none")
		v.moreFrames()
		v.shows(video.name+" on the page", call[picture](v, "page.js", "quartersOfLive"), video.width, video.height, video.quarters)
		v.click("#live-stop")
	}
}

// testLiveStream gives the page a camera, takes effects, and records.
func testLiveStream(v *visit) {
	v.open("?detail=192&device=cpu&mirror=0")
	v.waitFor("ready")
	call[bool](v, "page.js", "pretendCamera")
	v.click(".welcome [data-camera]")
	v.waitFor("live")
	v.moreFrames()
	if evaluate[bool](v, `document.querySelector("[name=mirror]").checked`) {
		v.click("[name=mirror]")
	}
	v.checkEffects()

	call[bool](v, "page.js", "catchDownloads")
	v.click("#live-snapshot")
	v.eventually("the snapshot is saved", func() bool { return call[int](v, "page.js", "sizeOfDownload", "png") > 1000 })
	if evaluate[bool](v, `document.getElementById("live-record").closest("[hidden]") !== null || document.getElementById("live-record").hidden`) {
		v.Log("the page offers no recording")
	} else {
		v.click("#live-record")
		v.moreFrames()
		v.moreFrames()
		v.click("#live-record")
		size := 0
		v.eventually("the recording is saved, or the page says why not", func() bool {
			size = call[int](v, "page.js", "sizeOfDownload", "webm", "mp4")
			return size >= 0 || v.messages() != ""
		})
		v.Logf("a recording of %d bytes, and the page says %q", size, v.messages())
		if size == 0 || size < 0 && v.messages() == "" {
			v.Error("an empty recording is saved")
		}
	}
	v.click("#live-stop")
}

// testBrokenVideo drops what no browser plays: the photo before it stays.
func testBrokenVideo(v *visit) {
	v.open("?size=256")
	v.waitFor("ready")
	v.dropPhoto(chelsea)
	legend := `document.getElementById("legend").textContent`
	before := evaluate[string](v, legend)
	v.dropBytes("broken.webm", "video/webm", []byte("no video"))
	v.eventually("the page says that it cannot play it", func() bool { return strings.Contains(v.messages(), "cannot play the video") })
	v.screenshot("said")
	v.eventually("the photo is shown again", func() bool {
		return evaluate[bool](v, `document.querySelector("canvas.live") === null`) && evaluate[string](v, legend) == before
	})
}

// testLowWindow turns a phone: the legend keeps some height, and what does not
// fit can be scrolled to.
func testLowWindow(v *visit) {
	defer v.resize(1280, 900)
	v.open("?size=256")
	v.waitFor("ready")
	v.dropPhoto(china)
	for _, size := range [][2]int{{932, 430}, {915, 412}, {1280, 600}, {390, 844}} {
		if v.state.kind == browser.WebKit && size[0] == 390 {
			continue // MiniBrowser's window is 447 pixels wide at least
		}
		v.resize(size[0], size[1])
		v.screenshot(fmt.Sprint(size[0], "x", size[1]))
		height := evaluate[float64](v, `document.getElementById("legend").clientHeight`)
		if height < 80 {
			v.Errorf("%d×%d: the legend is %.0f pixels high", size[0], size[1], height)
		}
		hidden := call[[]string](v, "page.js", "outOfReach")
		if len(hidden) > 0 {
			slices.Sort(hidden)
			v.Errorf("%d×%d: nobody can scroll to %v", size[0], size[1], hidden)
		}
	}
}
