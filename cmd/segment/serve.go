package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"segmenter/site/serve"
)

// version is that of the release; the linker fills it in.
var version = "built from its sources"

// servePage serves the page that is inside, as the program in the root of the
// repository does.
func servePage(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	var options serve.Options
	options.Register(flags)
	if err := parse(flags, arguments, stderr, "serve [flags]"); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return usageError(fmt.Sprintf("%q: expected flags and nothing else", flags.Arg(0)))
	}
	return serve.Run(ctx, options, stdout)
}

func printVersion(_ context.Context, arguments []string, stdout, _ io.Writer) error {
	if len(arguments) > 0 {
		return usageError("version: expected nothing after it")
	}
	_, err := fmt.Fprintln(stdout, "segment,", version)
	return err
}
