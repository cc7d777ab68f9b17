package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"segmenter/site/serve"
)

// version is the release; the linker sets it.
var version = "built from source"

// servePage serves the embedded page, like the program in the root of the
// repository.
func servePage(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	var options serve.Options
	options.Register(flags)
	if err := parse(flags, arguments, stderr, "serve [flags]"); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return usageError(fmt.Sprintf("%q: expected only flags", flags.Arg(0)))
	}
	return serve.Run(ctx, options, stdout)
}

func printVersion(_ context.Context, arguments []string, stdout, _ io.Writer) error {
	if len(arguments) > 0 {
		return usageError("version: expected no arguments")
	}
	_, err := fmt.Fprintln(stdout, "segment,", version)
	return err
}
