package e2e

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"

	"segmenter/e2e/browser"
)

// withCamera starts a browser whose camera shows what writeCamera made, and that
// allows it to be used.
func withCamera(t *testing.T, width, height int, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	ctx, cancel, err := browser.Start(context.Background(), append(options,
		chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", writeCamera(t, width, height)))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cancel)
	return ctx
}

// TestLive starts the camera on the page.
func TestLive(t *testing.T) {
	v := newVisitIn(t, withCamera(t, 640, 480), "/", nil)
	v.open("?device=cpu")
	v.waitFor("ready")
	v.screenshot("live-before")
	evaluate[bool](v, `(document.querySelector(".welcome [data-camera]").click(), true)`)
	v.eventually(func() bool { return evaluate[int](v, `segmenterPage.live?.frames ?? 0`) > 30 })
	v.screenshot("live")
}
