package model

import "segmenter/compute"

// The sliding window of the official implementation (segm/model/utils.py):
// a photo whose short side is below the window is scaled up to it; windows
// start every stride pixels, and the last one ends with the picture.

// upscale is the size of a picture whose short side is made size pixels. The
// long side is truncated.
func upscale(height, width, size int) (h, w int) {
	if height < width {
		return size, int(float64(width) / float64(height) * float64(size))
	}
	return int(float64(height) / float64(width) * float64(size)), size
}

// countAnchors is the number of windows along an axis: those that start at
// 0, stride, 2·stride, … < length − window, and one at length − window.
func countAnchors(length, window, stride int) int {
	return (max(length-window, 0)+stride-1)/stride + 1
}

// windows appends the places of all windows.
func windows(list []compute.Point, s shape, stride int) []compute.Point {
	if s.windows == 1 {
		return append(list, compute.Point{})
	}
	for y := range countAnchors(s.frameHeight, s.windowHeight, stride) {
		for x := range countAnchors(s.frameWidth, s.windowWidth, stride) {
			list = append(list, compute.Point{
				Top:  min(y*stride, s.frameHeight-s.windowHeight),
				Left: min(x*stride, s.frameWidth-s.windowWidth),
			})
		}
	}
	return list
}
