package e2e

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/draw"
)

// The fake camera loops a video: a cat moves back and forth before a temple.
const (
	cameraRate   = 60
	cameraFrames = 120
)

// writeCamera writes the fake camera's video in the format that Chromium expects:
// uncompressed YUV4MPEG2, 4:2:0.
func writeCamera(t testing.TB, width, height int) (path string) {
	t.Helper()
	background := scaled(t, "china.jpg", width, height)
	cat := scaled(t, "chelsea.png", width*2/5, height*2/5)
	path = filepath.Join(t.TempDir(), "camera.y4m")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	fmt.Fprintf(w, "YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 C420jpeg\n", width, height, cameraRate)
	for i := range cameraFrames {
		frame := image.NewRGBA(background.Bounds())
		draw.Draw(frame, frame.Bounds(), background, image.Point{}, draw.Src)
		at := catAt(i, width, height)
		draw.Draw(frame, cat.Bounds().Add(at), cat, image.Point{}, draw.Src)
		fmt.Fprintln(w, "FRAME")
		writeYUV(w, frame)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return path
}

// catAt returns the top left corner of the cat in a frame.
func catAt(frame, width, height int) image.Point {
	half := cameraFrames / 2
	distance := min(frame%cameraFrames, cameraFrames-frame%cameraFrames)
	return image.Pt(width*3/5*distance/half, height/2)
}

func scaled(t testing.TB, name string, width, height int) *image.RGBA {
	t.Helper()
	file, err := os.Open(filepath.Join(samples, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, _, err := image.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(out, out.Bounds(), picture, picture.Bounds(), draw.Src, nil)
	return out
}

// writeYUV writes a picture of even size: the luma of all pixels, then the chroma
// of every second pixel of every second row.
func writeYUV(w *bufio.Writer, picture *image.RGBA) {
	var planes [3][]byte
	for y := range picture.Rect.Max.Y {
		for x := range picture.Rect.Max.X {
			c := picture.RGBAAt(x, y)
			luma, cb, cr := color.RGBToYCbCr(c.R, c.G, c.B)
			planes[0] = append(planes[0], luma)
			if x%2 == 0 && y%2 == 0 {
				planes[1], planes[2] = append(planes[1], cb), append(planes[2], cr)
			}
		}
	}
	for _, plane := range planes {
		w.Write(plane)
	}
}
