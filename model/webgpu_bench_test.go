//go:build js

package model

import (
	"context"
	"fmt"
	"testing"

	"segmenter/compute"
	"segmenter/photo"
)

// BenchmarkFrameWebGPU segments a photo on the graphics processor:
//
//	go build -o wasmbrowser ./e2e/wasmbrowser
//	GOOS=js GOARCH=wasm go test -run - -bench FrameWebGPU -benchtime 3x -exec "$PWD/wasmbrowser" ./model
//
// There, the processor computes in its place (SwiftShader): only ratios mean
// anything.
func BenchmarkFrameWebGPU(b *testing.B) {
	m := openModel(b, int8Weights)
	for _, size := range []int{256, 512} {
		for name, a := range map[string]compute.Arithmetic{"bytes": compute.Int8, "float": compute.Float32} {
			b.Run(fmt.Sprint(size, "/", name), func(b *testing.B) {
				_, device := openGPU(b, a)
				s := newSegmenter(b, m, []compute.Device{device})
				src := &photo.Image{Height: size, Width: size, Pix: make([]byte, 3*size*size)}
				for i := range src.Pix {
					src.Pix[i] = byte(i * i >> 8)
				}
				r := new(Result)
				frame := func() {
					if err := s.SegmentInto(context.Background(), r, src, Options{}); err != nil {
						b.Fatal(err)
					}
				}
				frame()
				for b.Loop() {
					frame()
				}
				b.ReportMetric(r.Times.Classify.Seconds()*1000, "classify-ms")
			})
		}
	}
}
