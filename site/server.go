package site

import (
	"io/fs"
	"net/http"
	"time"
)

// Server returns a server of a built site for an untrusted network: it disconnects
// clients that send slowly or too much, but lets slow readers finish the model.
func Server(files fs.FS) *http.Server {
	return &http.Server{
		Handler:           Handler(files),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}
