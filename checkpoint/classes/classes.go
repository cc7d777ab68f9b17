// Package classes has the classes of the data sets that Segmenter was published with, and the
// colours in which they are painted: those of the official code's lists
// (github.com/rstrudel/segmenter, segm/data/config/*.yml), which are those of the data sets. Where
// those lists give a class several names ("building, edifice"), as ADE20K's does, only the first
// stands here: a legend has no room for more, and no two classes share their first.
package classes

import (
	_ "embed"
	"strings"

	"segmenter/modelfile"
)

// A DataSet is a published set of labelled photos.
type DataSet struct {
	ID    string // of the official code
	Title string
	list  string // lines of a colour and a name
}

//go:embed ade20k.txt
var ade20k string

//go:embed cityscapes.txt
var cityscapes string

//go:embed pascal_context.txt
var pascalContext string

// All are the data sets.
var All = []DataSet{
	{"ade20k", "ADE20K", ade20k},
	{"cityscapes", "Cityscapes", cityscapes},
	{"pascal_context", "Pascal Context", pascalContext},
}

// Classes returns the classes by id.
func (d DataSet) Classes() []modelfile.Class {
	var list []modelfile.Class
	for line := range strings.Lines(d.list) {
		colour, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		c, err := modelfile.ParseColour(colour)
		if err != nil {
			panic(err) // a test reads all lists
		}
		list = append(list, modelfile.Class{Name: name, Colour: c})
	}
	return list
}
