package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// isShown tells whether the page shows an element.
func (v *visit) isShown(selector string) bool {
	v.Helper()
	return evaluate[bool](v, fmt.Sprintf(`document.querySelector(%q)?.checkVisibility() ?? false`, selector))
}

// TestBadVideoKeepsPhoto opens videos that cannot be played while a photo is shown:
// the photo stays, with its result.
func TestBadVideoKeepsPhoto(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.allowed = []string{"AudioContext was not allowed to start", "ERR_REQUEST_RANGE_NOT_SATISFIABLE"} // silence will do; of the empty file
	v.open("library.html")
	sound := evaluate[struct{ Bytes []byte }](v, `(async () => {
		const context = new AudioContext();
		const stream = context.createMediaStreamDestination();
		const tone = context.createOscillator();
		tone.connect(stream);
		tone.start();
		const recorder = new MediaRecorder(stream.stream, { mimeType: "audio/webm" });
		const part = new Promise((resolve) => (recorder.ondataavailable = ({ data }) => resolve(data)));
		recorder.start();
		setTimeout(() => recorder.stop(), 500);
		return { Bytes: (await (await part).bytes()).toBase64() };
	})()`)
	folder := t.TempDir()
	v.open("?size=256&device=cpu")
	v.waitFor("ready")
	if state := v.after(func() { v.choose(samples + "/chelsea.png") }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	want := v.result()
	for name, content := range map[string][]byte{"damaged.mp4": []byte("no video"), "empty.webm": nil, "sound.webm": sound.Bytes} {
		path := filepath.Join(folder, name)
		v.must(os.WriteFile(path, content, 0o666))
		v.choose(path)
		v.waitFor("error")
		v.screenshot("bad-video")
		if message := v.message(); !strings.Contains(message, "cannot play the video") {
			t.Errorf("%s: the page says %q", name, message)
		}
		if !v.isShown("#photo") || !v.isShown("#classes") || v.isShown("canvas.live") {
			t.Errorf("%s: the photo and its classes are no longer shown", name)
		}
		v.dismiss()
		v.waitFor("done")
		if got := v.result(); string(got.Mask) != string(want.Mask) {
			t.Errorf("%s: the result is another", name)
		}
		if evaluate[bool](v, `document.getElementById("save-mask").disabled`) || v.facts() == "" {
			t.Errorf("%s: the result cannot be saved", name)
		}
	}
	v.set("decoder", "linear")
	v.eventually(func() bool { return string(v.result().Mask) != string(want.Mask) })
}

// TestFailedSaves has the browser fail to record and to make a picture: the page says
// so, and saves no empty file.
func TestFailedSaves(t *testing.T) {
	chromium := withCamera(t, 320, 240)
	for _, test := range []struct{ name, script string }{
		{"refuses", `globalThis.MediaRecorder = class extends MediaRecorder { start() { throw new DOMException("of the test", "NotSupportedError"); } };`},
		{"gives nothing", `globalThis.MediaRecorder = class extends MediaRecorder {
			addEventListener(type, listener, options) {
				super.addEventListener(type, type === "dataavailable" ? () => listener({ data: new Blob() }) : listener, options);
			}
		};`},
		{"gives up", `globalThis.MediaRecorder = class extends MediaRecorder {
			addEventListener(type, listener, options) {
				if (type !== "dataavailable") super.addEventListener(type, listener, options);
			}
			start(...args) {
				super.start(...args);
				setTimeout(() => this.dispatchEvent(new Event("error")), 500);
			}
		};`},
		{"never ends", `globalThis.MediaRecorder = class extends MediaRecorder {
			addEventListener() {}
		};`},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := newVisitIn(t, chromium, "/", nil)
			v.first(test.script + `HTMLCanvasElement.prototype.toBlob = (then) => setTimeout(then, 10, null);`)
			folder := v.downloads()
			v.open("?device=cpu&live=camera&detail=128")
			v.waitFor("live")
			v.moreFrames()
			v.click("#live-record")
			if test.name == "gives nothing" || test.name == "never ends" {
				v.moreFrames()
				v.click("#live-record")
			}
			v.eventually(func() bool { return strings.Contains(v.message(), "The recording failed") })
			if evaluate[bool](v, `document.getElementById("live-record").hasAttribute("data-recording")`) {
				t.Error("the button says that it records")
			}
			v.screenshot("failed-recording")
			v.dismiss()
			v.click("#live-snapshot")
			v.eventually(func() bool { return strings.Contains(v.message(), "The snapshot failed") })
			v.click("#language")
			v.eventually(func() bool { return strings.Contains(v.message(), "拍照失败") })
			v.moreFrames()
			time.Sleep(300 * time.Millisecond)
			if files, _ := os.ReadDir(folder); len(files) > 0 {
				t.Errorf("the page saved %q", files[0].Name())
			}
		})
	}
}

// TestCancelSlowPhoto cancels photos that take long: the first on the GPU, and one
// that waits while the library compares the devices.
func TestCancelSlowPhoto(t *testing.T) {
	for _, device := range []string{"webgpu", "auto"} {
		t.Run(device, func(t *testing.T) {
			v := newVisitIn(t, withWebGPU(t), "/", nil)
			if device == "auto" { // hides that the GPU is emulated
				v.first(`if (navigator.gpu) {
					const request = navigator.gpu.requestAdapter.bind(navigator.gpu);
					navigator.gpu.requestAdapter = async (...args) => {
						await request(...args);
						return { info: {} };
					};
				}`)
			}
			v.open("?device=" + device)
			v.waitFor("ready")
			isSlow := v.chooseUntilSlow(samples + "/china.jpg")
			// The library compares once the engine of WebGPU is there, unless the next photo waits.
			for start := time.Now(); !isSlow && device == "auto" && time.Since(start) < patience; {
				time.Sleep(3 * time.Second)
				isSlow = v.chooseUntilSlow(samples + "/china.jpg")
			}
			if !isSlow {
				t.Fatal("no photo takes long, so this tests nothing")
			}
			v.click("#cancel")
			start := time.Now()
			v.eventually(func() bool { return strings.Contains(v.notices(), "Cancelled") })
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("the page takes %v to cancel", took)
			}
			if v.isShown("#progress") {
				t.Error("the page still shows progress")
			}
			v.dismiss()
			if state := evaluate[string](v, `document.documentElement.dataset.state`); state != "ready" && state != "done" {
				t.Errorf("the page's state is %s", state)
			}
			v.choose(samples + "/chelsea.png")
			v.waitFor("working") // until the GPU is done with the other, which takes long here
		})
	}
}

// chooseUntilSlow chooses a photo and tells whether the page offers to cancel it
// before it is done.
func (v *visit) chooseUntilSlow(path string) bool {
	v.Helper()
	start := time.Now()
	v.choose(path)
	v.waitFor("working")
	for {
		if v.isShown("#cancel") {
			v.Logf("the page offers to cancel after %v", time.Since(start))
			return true
		}
		if state := evaluate[string](v, `document.documentElement.dataset.state`); state != "working" {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestSamplesOffline opens samples that the page does not keep, without a network.
func TestSamplesOffline(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.allowed = []string{"ERR_FAILED", "Failed to load resource", "ERR_INTERNET_DISCONNECTED", "FetchEvent"}
	v.open("?size=256&device=cpu")
	line := v.waitOffline()
	if state := v.after(func() { v.click(`[data-sample="samples/chelsea.png"]`) }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	t.Log(line)

	// The server does not answer, which the page cannot know.
	v.down.Store(true)
	v.open("?size=256&device=cpu")
	v.waitFor("ready")
	v.waitOffline()
	v.click(`[data-sample="samples/coffee.png"]`)
	v.waitFor("error")
	v.screenshot("sample-offline")
	if message := v.message(); !strings.Contains(message, "not kept on this device") {
		t.Errorf("for a sample that is not kept, the page says %q", message)
	}
	v.click("#language")
	v.eventually(func() bool {
		return strings.Contains(v.message(), "没有保存在本设备") || strings.Contains(v.message(), "未保存")
	})
	v.click("#language")
	v.dismiss()
	if state := v.after(func() { v.click(`[data-sample="samples/chelsea.png"]`) }); state != "done" {
		t.Errorf("a sample that was opened before: %s: %s", state, v.message())
	}

	// The browser knows.
	_, err := chromedp.Call(v.tab, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: true})
	v.must(err)
	v.open("?size=256&device=cpu")
	v.waitFor("ready")
	v.waitOffline()
	v.eventually(func() bool { return v.isShown("#samples-offline") })
	v.screenshot("samples-offline")
	missing := evaluate[[]string](v, `[...document.querySelectorAll("[data-missing]")].map(({ dataset }) => dataset.sample)`)
	if len(missing) != 4 || strings.Contains(fmt.Sprint(missing), "chelsea") {
		t.Errorf("the page marks %q as missing, expected all but chelsea", missing)
	}
	v.click(`[data-sample="samples/coffee.png"]`)
	v.eventually(func() bool { return strings.Contains(v.notices(), "only samples that were opened before") })
	if state := v.after(func() { v.click(`[data-sample="samples/chelsea.png"]`) }); state != "done" {
		t.Errorf("a sample that was opened before: %s: %s", state, v.message())
	}
}

// TestNoMediaDevices visits with a browser that gives pages no cameras at all: the
// page does not blame its address, which is secure.
func TestNoMediaDevices(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.first(`delete Navigator.prototype.mediaDevices;`)
	v.open("?device=cpu")
	v.waitFor("ready")
	if v.isShown("[data-screen]") {
		t.Error("the page offers to share the screen")
	}
	v.click("[data-camera]")
	v.waitFor("error")
	v.screenshot("no-media-devices")
	if message := v.message(); strings.Contains(message, "https") || !strings.Contains(message, "This browser gives pages no camera") {
		t.Errorf("the page says %q", message)
	}
	v.click("#language")
	v.eventually(func() bool { return strings.Contains(v.message(), "这个浏览器不向网页提供摄像头") })
	if v.isShown(".message button + button") {
		t.Error("the page offers to try again, which cannot help")
	}
	v.open("examples/blur-background.html")
	v.click("button")
	v.eventually(func() bool { return strings.Contains(v.output(), "gives pages no camera") })
}

// TestExampleWithoutCamera refuses a camera to the live example.
func TestExampleWithoutCamera(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("examples/blur-background.html")
	for name, want := range map[string]string{
		"OverconstrainedError": "No camera was found",
		"NotFoundError":        "No camera was found",
		"NotAllowedError":      "allow it for this page",
		"NotReadableError":     "close the program that uses it",
		"AbortError":           "The camera gives no picture",
		"TypeError":            "The camera gives no picture",
	} {
		evaluate[bool](v, fmt.Sprintf(`(navigator.mediaDevices.getUserMedia = async () => { throw Object.assign(new Error("Invalid constraint"), { name: %q }); }, true)`, name))
		v.click("button")
		v.eventually(func() bool { return !evaluate[bool](v, `document.querySelector("button").disabled`) })
		if got := v.output(); !strings.Contains(got, want) || strings.Contains(got, "constraint") {
			t.Errorf("%s: the example says %q", name, got)
		}
	}
}

// TestPartsUnreachable asks for parts of the page that are loaded when they are
// needed, without a server.
func TestPartsUnreachable(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.allowed = []string{"ERR_"}
	v.first(`delete Navigator.prototype.serviceWorker;`)
	v.open("?size=256&device=cpu&photo=samples/chelsea.png")
	v.waitFor("done")
	v.down.Store(true)
	for _, button := range []string{"[data-camera]", "#save-mask"} {
		v.click(button)
		v.waitFor("error")
		if message := v.message(); !strings.Contains(message, "A part of the page could not be downloaded") {
			t.Errorf("%s: the page says %q", button, message)
		}
		v.dismiss()
		v.waitFor("done")
	}
	folder := v.downloads()
	v.click("#save-mask")
	v.waitFor("error")
	v.down.Store(false)
	v.click(".message.error button")
	v.downloaded(folder, "png")
}

// TestWaitingForLive asks for the camera on a server that does not send the parts of
// the live picture: the visitor can cancel, or open a photo instead.
func TestWaitingForLive(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.withheld = "live-picture.js"
	v.first(`delete Navigator.prototype.serviceWorker;`)
	v.open("?size=256&device=cpu")
	v.waitFor("ready")
	v.click(".welcome [data-camera]")
	v.eventually(func() bool { return v.isShown("#cancel") })
	v.click("#cancel")
	if v.isShown("#progress") || evaluate[string](v, `document.documentElement.dataset.state`) != "ready" {
		t.Error("the page still waits for the camera")
	}
	v.click(".welcome [data-camera]")
	if state := v.after(func() { v.choose(samples + "/chelsea.png") }); state != "done" {
		t.Errorf("a photo meanwhile: %s: %s", state, v.message())
	}
	if v.isShown("#progress") {
		t.Error("the page still waits for the camera")
	}
}
