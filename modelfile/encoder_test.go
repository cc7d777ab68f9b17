package modelfile_test

import (
	"os"
	"testing"

	"segmenter/modelfile"
)

// TestEncoderID compares the shipped model with the float model that it was made from, and with
// one of another encoder.
func TestEncoderID(t *testing.T) {
	read := func(path string) *modelfile.Model {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		m, err := modelfile.Read(f)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	int8s := read("../model/weights/everyday.safetensors")
	float := read("../model/testdata/everyday.f32.safetensors")
	if id := float.EncoderID(); id != int8s.EncoderID() || id == "" {
		t.Errorf("the float model's encoder is %q, the quantised one's %q", id, int8s.EncoderID())
	}
	float.Floats(float.Encoder.Norm.Gain)[7] += 0.01
	if float.EncoderID() == int8s.EncoderID() {
		t.Error("another encoder has the same name")
	}
}
