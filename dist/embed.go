// Package dist embeds the built site. ./build.sh build writes the site to the
// folder site; before that, the folder is empty.
package dist

import (
	"embed"
	"io/fs"
)

//go:embed all:site
var files embed.FS

// Site returns the site's files. It is empty if no site had been built when this
// was compiled.
func Site() fs.FS {
	site, err := fs.Sub(files, "site")
	if err != nil {
		panic(err) // the folder's name is not a valid path
	}
	return site
}
