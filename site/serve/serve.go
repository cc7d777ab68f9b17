// Package serve serves the site on this machine, from a folder or as it lies
// inside of the program (package dist).
package serve

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
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

// Options say what is served, and where.
type Options struct {
	Dir  string // the folder that holds the built site; "" = the one inside
	Addr string // host:port; "" = localhost and the first port that is free from 8080 on
}

// Register adds the flags that choose them.
func (o *Options) Register(flags *flag.FlagSet) {
	flags.StringVar(&o.Dir, "dir", "", "the `folder` that holds the built site, in place of the one inside")
	flags.StringVar(&o.Addr, "addr", "", fmt.Sprintf("the `host:port` to listen on (default %s:%d, or the next port that is free)", defaultHost, defaultPort))
}

// Run serves the site until the context ends. It prints the address.
func Run(ctx context.Context, o Options, stdout io.Writer) error {
	files := dist.Site()
	if o.Dir != "" {
		root, err := os.OpenRoot(o.Dir) // nothing outside can be reached through it
		if err != nil {
			return fmt.Errorf("the site's folder cannot be opened: %w", err)
		}
		defer root.Close()
		files = root.FS()
	}
	return serve(ctx, files, o.Addr, stdout)
}

// serve serves the site's files until the context ends, then lets the downloads
// under way finish for a few seconds.
func serve(ctx context.Context, files fs.FS, addr string, stdout io.Writer) error {
	if _, err := fs.Stat(files, "index.html"); err != nil {
		return fmt.Errorf("there is no built site: run ./build.sh build, then go build or go run this again (%w)", err)
	}
	listener, err := listen(addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "Segmenter is at http://%s/ (Ctrl+C stops it)\n", shown(listener.Addr(), addr))

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
		if isTaken(err) {
			return nil, fmt.Errorf("%s is taken by another program: stop that, or choose another with -addr", addr)
		}
		return listener, err
	}
	for port := defaultPort; ; port++ {
		listener, err := net.Listen("tcp", net.JoinHostPort(defaultHost, strconv.Itoa(port)))
		if !isTaken(err) || port == defaultPort+100 {
			return listener, err
		}
	}
}

// windowsTaken is WSAEADDRINUSE, the number that Windows gives; no other system
// has one as high.
const windowsTaken = syscall.Errno(10048)

func isTaken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, windowsTaken)
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
