// Command segmenter serves the built site on this machine:
//
//	go run . [-dir DIR] [-addr localhost:8080]
//
// The program embeds the site that ./build.sh build left, so it works without a
// network and without other files. ./build.sh serve builds and serves in one
// step. Package site/serve does the work, also for the command segment serve.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"segmenter/site/serve"
)

func main() {
	var options serve.Options
	options.Register(flag.CommandLine)
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve.Run(ctx, options, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "segmenter:", err)
		os.Exit(1)
	}
}
