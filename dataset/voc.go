package dataset

// VOCThings returns the 20 classes of Pascal VOC 2012 by the names that the
// project's models use. Class i of the list has the id i+1 in VOC's own labels;
// 0 is the background.
func VOCThings() []string {
	return []string{
		"aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
		"dining table", "dog", "horse", "motorbike", "person", "potted plant", "sheep", "sofa", "train", "tv monitor",
	}
}
