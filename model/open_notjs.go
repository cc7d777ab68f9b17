//go:build !js

package model

import "segmenter/modelfile"

// Open reads a model file, see [Read].
func Open(path string) (*Model, error) { return modelfile.Open(path) }
