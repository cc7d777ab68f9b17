package e2e

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/chromedp/chromedp"

	"segmenter/e2e/browser"
)

// withInsecureHost starts a browser that knows this machine by another name.
func withInsecureHost(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel, err := browser.Start(context.Background(),
		chromedp.Flag("host-resolver-rules", "MAP "+insecureHost+" 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cancel)
	return ctx
}

// saysWhy holds the only message of a page that cannot start against a part of the
// sentence, and looks for buttons that do nothing.
func (v *visit) saysWhy(part string) {
	v.Helper()
	v.waitFor("error")
	if message := evaluate[string](v, `document.getElementById("messages").textContent`); !strings.Contains(message, part) {
		v.Errorf("the page says %q, expected %q", message, part)
	}
	if n := evaluate[int](v, `document.querySelectorAll("#messages > *").length`); n != 1 {
		v.Errorf("the page has %d messages, expected one", n)
	}
	if dead := evaluate[[]string](v, `[...document.querySelectorAll("button, main a, .bottom [hreflang]")].filter((element) => element.checkVisibility()).map(({ textContent }) => textContent)`); len(dead) > 0 {
		v.Errorf("the page offers %q, which do nothing", dead)
	}
}

// inChinese gives the browser's language to pages.
const inChinese = `Object.defineProperty(navigator, "language", { get: () => "zh-CN" });`

// TestFromFile opens the page's file instead of its address: browsers give such a page
// no modules.
func TestFromFile(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.allowed = []string{"CORS", "ERR_FAILED", "Cross origin requests"}
	file := "file://" + v.absolute(dist+"/index.html")
	v.do(chromedp.Navigate(file))
	v.saysWhy("cannot run from a file")
	v.screenshot("from-file")
	v.first(inChinese)
	v.do(chromedp.Navigate(file))
	v.saysWhy("不能直接从文件运行")
}

// TestUnstarted opens pages of which a module is missing, or cannot be read by the
// browser.
func TestUnstarted(t *testing.T) {
	missing := changed(t, "index.html", "", "").(fstest.MapFS)
	delete(missing, "page/legend.js")
	for _, test := range []struct {
		name             string
		files            fstest.MapFS
		english, chinese string
	}{
		{"a missing module", missing, "could not be loaded: check the connection", "无法加载"},
		{"a module of later browsers", changed(t, "page/legend.js", "export class", "export later class").(fstest.MapFS), "too old for Segmenter", "浏览器太旧"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := newVisit(t, "/", nil)
			v.allowed = []string{"404", "SyntaxError"}
			v.deploy(test.files)
			v.open("")
			v.saysWhy(test.english)
			v.first(inChinese)
			v.open("")
			v.saysWhy(test.chinese)
		})
	}
	// Without the part that keeps the page for later, it works.
	v := newVisit(t, "/", nil)
	v.allowed = []string{"404"}
	without := changed(t, "index.html", "", "").(fstest.MapFS)
	delete(without, "page/offline.js")
	v.deploy(without)
	v.open("?size=256&photo=samples/chelsea.png")
	v.waitFor("done")
}

// TestInsecure opens the page at an address of plain http: it works on one thread, and
// says why it gets no camera.
func TestInsecure(t *testing.T) {
	v := newVisitIn(t, withInsecureHost(t), "/", nil)
	v.allowed = []string{"Cross-Origin-Opener-Policy"} // which browsers ignore there
	v.url = strings.Replace(v.url, "127.0.0.1", insecureHost, 1)
	v.open("?size=256&photo=samples/chelsea.png")
	v.waitFor("done")
	if evaluate[bool](v, `isSecureContext`) {
		t.Fatal("the page is in a secure context, so this tests nothing")
	}
	if facts := v.facts(); !strings.HasSuffix(facts, "1 thread") {
		t.Errorf("the facts are %q, expected one thread", facts)
	}
	if offline := evaluate[bool](v, `!document.getElementById("offline").hidden`); offline {
		t.Error("the page says that it is kept on this device")
	}
	v.click("[data-camera]")
	v.waitFor("error")
	v.screenshot("insecure")
	if message := v.message(); !strings.Contains(message, "only to pages of https or localhost") {
		t.Errorf("for the camera, the page says %q", message)
	}
	v.click("#language")
	v.eventually(func() bool { return strings.Contains(v.message(), "https或localhost") })
	if evaluate[bool](v, `document.querySelector("[data-screen]").checkVisibility()`) {
		t.Error("the page offers to share the screen, which is refused to it")
	}
	v.dismiss()
	v.waitFor("done")
	v.open("?live=camera")
	v.waitFor("error")
	if message := v.message(); !strings.Contains(message, "https") {
		t.Errorf("for the camera of the address, the page says %q", message)
	}
	v.open("examples/blur-background.html")
	v.click("button")
	v.eventually(func() bool { return strings.Contains(v.output(), "https") })
}

// output returns what an example page says.
func (v *visit) output() string {
	return evaluate[string](v, `document.querySelector("output").textContent`)
}
