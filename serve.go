// Command segmenter serves the built site on this machine:
//
//	go run . [-dir DIR] [-addr localhost:8080]
//
// The site is inside, as ./build.sh build left it when this was compiled, so
// that the program alone is enough where there is no network. ./build.sh serve
// does it all. What serves is package site/serve; segment serve is the same.
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
