// Package cases holds the fixtures that tests in Go and in JavaScript share, for
// rules that exist in both languages.
//
//	fit.json       photo.Fit and fit in web/library/photo.js
//	options.json   model.Options and segmentOptions in web/library/options.js
//	colours.json   colours of classes: modelfile, masks as PNG, palettes
//	painting.json  web/library/painting.js and the shader of compute/webgpu
package cases

import (
	"embed"
	"encoding/json"
	"testing"
)

//go:embed *.json
var files embed.FS

// Read reads the cases of NAME.json.
func Read[T any](t testing.TB, name string) T {
	t.Helper()
	var cases T
	text, err := files.ReadFile(name + ".json")
	if err == nil {
		err = json.Unmarshal(text, &cases)
	}
	if err != nil {
		t.Fatal(err)
	}
	return cases
}
