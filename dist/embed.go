// Package dist is the built site inside a program. ./build.sh build puts it
// into the folder site, from where go build embeds it; before that, the folder
// is empty.
package dist

import (
	"embed"
	"io/fs"
)

//go:embed all:site
var files embed.FS

// Site returns the site's files; none if there were none when this was compiled.
func Site() fs.FS {
	site, err := fs.Sub(files, "site")
	if err != nil {
		panic(err) // the folder's name is no path
	}
	return site
}
