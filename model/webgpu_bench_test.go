//go:build js

package model

import (
	"fmt"
	"testing"

	"segmenter/compute"
)

// BenchmarkFrameWebGPU segments a photo on the GPU:
//
//	go build -o wasmbrowser ./e2e/wasmbrowser
//	GOOS=js GOARCH=wasm go test -run - -bench FrameWebGPU -benchtime 3x -exec "$PWD/wasmbrowser" ./model
//
// That browser emulates the GPU on the CPU (SwiftShader), so only ratios mean
// anything.
func BenchmarkFrameWebGPU(b *testing.B) {
	m := openModel(b, int8Weights)
	for _, size := range []int{256, 512} {
		for name, a := range map[string]compute.Arithmetic{"bytes": compute.Int8, "float": compute.Float32} {
			b.Run(fmt.Sprint(size, "/", name), func(b *testing.B) {
				_, device := openGPU(b, a)
				s := newSegmenter(b, m, []compute.Device{device})
				frame, r := benchFrame(b, s, size)
				frame()
				for b.Loop() {
					frame()
				}
				b.ReportMetric(r.Times.Classify.Seconds()*1000, "classify-ms")
			})
		}
	}
}
