// Package networktest holds the tests that all exporters share.
package networktest

import (
	"testing"

	"segmenter/bench/network"
)

// weights is the project's float model, relative to bench/network and to the
// exporters' folders beside it.
const weights = "../../model/testdata/everyday.f32.safetensors"

// Open reads the project's float model.
func Open(t *testing.T) *network.Network {
	t.Helper()
	n, err := network.Open(weights)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Export exports the project's float model for pictures of 64×64 pixels.
func Export(t *testing.T, export network.Exporter, p network.Precision) []byte {
	t.Helper()
	file, err := export(Open(t), 64, p)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestExporter checks sizes: int8 makes small files, and the exporter refuses
// pictures that are not a multiple of a patch.
func TestExporter(t *testing.T, export network.Exporter) {
	if float, int8 := len(Export(t, export, network.Float)), len(Export(t, export, network.Int8)); int8*3 > float {
		t.Errorf("%d bytes with int8 weights, %d with float", int8, float)
	}
	if _, err := export(Open(t), 100, network.Float); err == nil {
		t.Error("a size that is not a multiple of a patch was accepted")
	}
}
