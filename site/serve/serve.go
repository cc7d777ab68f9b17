// Package serve serves the site on this machine, from a folder or from the program
// itself (package dist).
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

// Options say which site to serve, and at which address.
type Options struct {
	Dir  string // folder of the built site; "" = the site in the program
	Addr string // host:port; "" = localhost and the first free port from 8080 on
}

// Register adds the flags that set the options.
func (o *Options) Register(flags *flag.FlagSet) {
	flags.StringVar(&o.Dir, "dir", "", "serve the built site in this `folder` instead of the one in the program")
	flags.StringVar(&o.Addr, "addr", "", fmt.Sprintf("listen on this `host:port` (default %s:%d, or the next free port)", defaultHost, defaultPort))
}

// Run serves the site until the context ends, and prints its address.
func Run(ctx context.Context, o Options, stdout io.Writer) error {
	files := dist.Site()
	if o.Dir != "" {
		root, err := os.OpenRoot(o.Dir) // no path or link leads out of it
		if err != nil {
			return fmt.Errorf("cannot open the site's folder: %w", err)
		}
		defer root.Close()
		files = root.FS()
	}
	return serve(ctx, files, o.Addr, stdout)
}

// serve serves the site's files until the context ends, then gives running downloads
// a few seconds to finish.
func serve(ctx context.Context, files fs.FS, addr string, stdout io.Writer) error {
	if _, err := fs.Stat(files, "index.html"); err != nil {
		return fmt.Errorf("there is no built site: run ./build.sh build, then build or run this program again (%w)", err)
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

// listen listens on addr, or if it is empty, on the first free port from the default
// one on.
func listen(addr string) (net.Listener, error) {
	if addr != "" {
		listener, err := net.Listen("tcp", addr)
		if isTaken(err) {
			return nil, fmt.Errorf("another program uses %s: stop it, or choose another address with -addr", addr)
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

// windowsTaken is WSAEADDRINUSE on Windows. No other system has an error number as
// high.
const windowsTaken = syscall.Errno(10048)

func isTaken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, windowsTaken)
}

// shown returns the address for visitors: the requested host with the actual port.
func shown(actual net.Addr, requested string) string {
	host, _, err := net.SplitHostPort(requested)
	if err != nil || host == "" {
		host = defaultHost
	}
	_, port, _ := net.SplitHostPort(actual.String())
	return net.JoinHostPort(host, port)
}
