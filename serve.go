// Command segmenter serves the built site on this machine:
//
//	go run . [-dir DIR] [-addr localhost:8080]
//
// The site is inside, as ./build.sh build left it when this was compiled, so
// that the program alone is enough where there is no network. ./build.sh serve
// does it all.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"segmenter/dist"
	"segmenter/site"
)

const (
	defaultHost = "localhost"
	defaultPort = 8080
)

func main() {
	dir := flag.String("dir", "", "the `folder` that holds the built site, in place of the one inside")
	addr := flag.String("addr", "", fmt.Sprintf("the `host:port` to listen on (default %s:%d, or the next port that is free)", defaultHost, defaultPort))
	flag.Parse()

	if err := run(*dir, *addr); err != nil {
		fmt.Fprintln(os.Stderr, "segmenter:", err)
		os.Exit(1)
	}
}

func run(dir, addr string) error {
	files := dist.Site()
	if dir != "" {
		root, err := os.OpenRoot(dir) // nothing outside can be reached through it
		if err != nil {
			return fmt.Errorf("the site's folder cannot be opened: %w", err)
		}
		defer root.Close()
		files = root.FS()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return serve(ctx, files, addr)
}

// serve serves the site's files until the context ends, then lets the downloads
// under way finish for a few seconds.
func serve(ctx context.Context, files fs.FS, addr string) error {
	if _, err := fs.Stat(files, "index.html"); err != nil {
		return fmt.Errorf("there is no built site: run ./build.sh build, then go build or go run this again (%w)", err)
	}
	listener, err := listen(addr)
	if err != nil {
		return err
	}
	fmt.Printf("Segmenter is at http://%s/ (Ctrl+C stops it)\n", shown(listener.Addr(), addr))

	server := site.Server(files)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err = server.Shutdown(patience)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}

// listen listens on addr, or where that is empty on the first free port from
// the default one on.
func listen(addr string) (net.Listener, error) {
	if addr != "" {
		listener, err := net.Listen("tcp", addr)
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("%s is taken by another program: stop that, or choose another with -addr", addr)
		}
		return listener, err
	}
	for port := defaultPort; ; port++ {
		listener, err := net.Listen("tcp", net.JoinHostPort(defaultHost, strconv.Itoa(port)))
		if !errors.Is(err, syscall.EADDRINUSE) || port == defaultPort+100 {
			return listener, err
		}
	}
}

// shown is the address that the visitor types: the host as it was asked for,
// with the port that it became.
func shown(actual net.Addr, asked string) string {
	host, _, err := net.SplitHostPort(asked)
	if err != nil || host == "" {
		host = defaultHost
	}
	_, port, _ := net.SplitHostPort(actual.String())
	return net.JoinHostPort(host, port)
}
