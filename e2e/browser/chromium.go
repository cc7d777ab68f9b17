package browser

import (
	"context"
	"strings"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

type chromium struct {
	tab     context.Context
	cancel  context.CancelFunc
	version string
}

func launchChromium(ctx context.Context, options Options) (Driver, error) {
	var flags []chromedp.ExecAllocatorOption
	for _, argument := range options.Arguments {
		name, value, hasValue := strings.Cut(strings.TrimLeft(argument, "-"), "=")
		if hasValue {
			flags = append(flags, chromedp.Flag(name, value))
		} else {
			flags = append(flags, chromedp.Flag(name, true))
		}
	}
	tab, cancel, err := Start(context.WithoutCancel(ctx), flags...)
	if err != nil {
		return nil, err
	}
	version, err := chromedp.CallBrowser(tab, cdpbrowser.GetVersion, cdp.Empty{})
	if err == nil && options.Before != "" {
		_, err = chromedp.Call(tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: options.Before})
	}
	if err != nil {
		cancel()
		return nil, err
	}
	_, number, _ := strings.Cut(version.Product, "/")
	return &chromium{tab, cancel, number}, nil
}

// within is the tab's context, which ends with another too.
func (c *chromium) within(ctx context.Context) (context.Context, context.CancelFunc) {
	tab, cancel := context.WithCancelCause(c.tab)
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	return tab, func() {
		stop()
		cancel(nil)
	}
}

func (c *chromium) do(ctx context.Context, action chromedp.Action[chromedp.Void]) error {
	tab, cancel := c.within(ctx)
	defer cancel()
	return chromedp.Do(tab, action)
}

func (c *chromium) Version() string { return c.version }

func (c *chromium) Open(ctx context.Context, url string) error {
	return c.do(ctx, chromedp.Navigate(url))
}

func (c *chromium) Resize(ctx context.Context, width, height int) error {
	return c.do(ctx, chromedp.EmulateViewport(int64(width), int64(height)))
}

func (c *chromium) Screenshot(ctx context.Context) ([]byte, error) {
	tab, cancel := c.within(ctx)
	defer cancel()
	return chromedp.Run(tab, chromedp.CaptureScreenshot())
}

func (c *chromium) evaluate(ctx context.Context, body string) (string, error) {
	tab, cancel := c.within(ctx)
	defer cancel()
	return chromedp.Run(tab, chromedp.Evaluate[string]("(async () => {"+body+"})()", chromedp.EvalAwaitPromise))
}

func (c *chromium) Close() { c.cancel() }
