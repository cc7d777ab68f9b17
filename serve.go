// Command segmenter serves the built site on this machine:
//
//	go run . [-dir dist] [-addr localhost:8080]
//
// ./build.sh build makes the site first; ./build.sh serve does both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"segmenter/site"
)

const (
	defaultHost = "localhost"
	defaultPort = 8080
)

func main() {
	dir := flag.String("dir", "dist", "the `folder` that holds the built site")
	addr := flag.String("addr", "", fmt.Sprintf("the `host:port` to listen on (default %s:%d, or the next port that is free)", defaultHost, defaultPort))
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *dir, *addr); err != nil {
		fmt.Fprintln(os.Stderr, "segmenter:", err)
		os.Exit(1)
	}
}

// serve serves the site in dir until the context ends, then lets the downloads
// under way finish for a few seconds.
func serve(ctx context.Context, dir, addr string) error {
	root, err := openSite(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	listener, err := listen(addr)
	if err != nil {
		return err
	}
	fmt.Printf("Segmenter is at http://%s/ (Ctrl+C stops it)\n", shown(listener.Addr(), addr))

	server := &http.Server{
		Handler:           site.Handler(root.FS()),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Minute, // the model over a very slow line
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
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

// openSite opens the folder of a built site; nothing outside it can be
// reached through what it returns.
func openSite(dir string) (*os.Root, error) {
	root, err := os.OpenRoot(dir)
	if err == nil {
		if _, err = root.Stat("index.html"); err == nil {
			return root, nil
		}
		root.Close()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no built site in %s: run ./build.sh build first", dir)
	}
	return nil, err
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
