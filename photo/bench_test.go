package photo

import "testing"

func BenchmarkResize(b *testing.B) {
	for _, c := range []struct {
		name          string
		height, width int
		h, w          int
		filter        Filter
	}{
		{"camera 640×480 to 352×256", 480, 640, 256, 352, Cubic},
		{"camera 1280×720 to 912×512", 720, 1280, 512, 912, Cubic},
		{"photo 4000×3000 to 688×512", 3000, 4000, 512, 688, Cubic},
		{"twice as large", 256, 256, 512, 512, Bilinear},
	} {
		b.Run(c.name, func(b *testing.B) {
			src := &Image{Height: c.height, Width: c.width, Pix: make([]byte, 3*c.height*c.width)}
			dst := &Image{Height: c.h, Width: c.w}
			var r Resizer
			b.ReportAllocs()
			for b.Loop() {
				if err := r.Resize(dst, src, c.filter); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
