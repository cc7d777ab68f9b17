package site

import (
	"io/fs"
	"net/http"
	"time"
)

// Server serves a built site to a network of which nothing good is assumed:
// who sends slowly, or too much, is cut off; who reads slowly gets the model
// even so.
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
