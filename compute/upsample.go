package compute

// An Upsampler turns the scores of patches into the scores of a mask's pixels,
// one row of pixels at a time, as [View] describes. It keeps its buffers between
// pictures.
type Upsampler struct {
	view          View
	rows, cols    int       // patches of a window
	scores        []float32 // [window][patch][class]
	classes       int
	height, width int

	columns []Place // the mask's pixels among patches, or among the frame's pixels
	inside  []Place // a window's pixels among patches
	visits  []float32
	merged  [2]mergedRow

	patchRow, frameRow, maskRow []float32
}

// A mergedRow is row y of the frame: the mean of the windows' scores.
type mergedRow struct {
	y      int
	scores []float32
}

// Reset starts a mask of height×width pixels.
func (u *Upsampler) Reset(view View, scores []float32, classes, height, width int) {
	u.view, u.scores, u.classes, u.height, u.width = view, scores, classes, height, width
	u.rows, u.cols = view.Rows(), view.Cols()
	u.patchRow = grow(u.patchRow, u.cols*classes)
	if u.Direct() {
		u.columns = Places(u.columns, width, float32(view.Width)/float32(width*view.Patch), u.cols)
		return
	}
	u.columns = Places(u.columns, width, float32(view.Width)/float32(width), view.Width)
	u.inside = Places(u.inside, view.WindowWidth, 1/float32(view.Patch), u.cols)
	u.visits = grow(u.visits, view.Width)
	for i := range u.merged {
		u.merged[i].y = -1
		u.merged[i].scores = grow(u.merged[i].scores, view.Width*classes)
	}
}

func grow(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}

// Direct reports whether pixels are interpolated straight from patches, because
// the view has one window.
func (u *Upsampler) Direct() bool { return u.view.Windows() == 1 }

// Column returns the columns of [Upsampler.PatchRow] that pixel x of a direct mask
// lies between, t of the way.
func (u *Upsampler) Column(x int) (lo, hi int, t float32) {
	c := u.columns[x]
	return c.Lo, c.Hi, c.T
}

// PatchRow returns the scores of the patches, (columns, classes), interpolated
// to row y of a direct mask. They are valid until the next call.
func (u *Upsampler) PatchRow(y int) []float32 {
	u.interpolatePatches(0, y, float32(u.view.Height)/float32(u.height*u.view.Patch))
	return u.patchRow
}

// interpolatePatches sets patchRow to a window's scores at pixel row y; a pixel is
// scale patches high.
func (u *Upsampler) interpolatePatches(window, y int, scale float32) {
	lo, hi, t := Bilinear(y, scale, u.rows)
	n := u.cols * u.classes
	scores := u.scores[window*u.rows*n:]
	lerp(u.patchRow, scores[lo*n:][:n], scores[hi*n:][:n], t)
}

// Row returns the scores of row y of the mask, (width, classes), valid until
// the next call.
func (u *Upsampler) Row(y int) []float32 {
	if u.Direct() {
		return u.across(u.PatchRow(y))
	}
	if u.height == u.view.Height && u.width == u.view.Width {
		return u.merge(y, y)
	}
	lo, hi, t := Bilinear(y, float32(u.view.Height)/float32(u.height), u.view.Height)
	upper, lower := u.merge(lo, hi), u.merge(hi, lo)
	u.frameRow = grow(u.frameRow, len(upper))
	lerp(u.frameRow, upper, lower, t)
	return u.across(u.frameRow)
}

// across interpolates a row of patches, or of the frame's pixels, to the
// mask's pixels.
func (u *Upsampler) across(row []float32) []float32 {
	C := u.classes
	u.maskRow = grow(u.maskRow, u.width*C)
	for x, c := range u.columns {
		lerp(u.maskRow[x*C:][:C], row[c.Lo*C:][:C], row[c.Hi*C:][:C], c.T)
	}
	return u.maskRow
}

// merge returns row y of the frame. It caches two rows; row keep stays valid.
func (u *Upsampler) merge(y, keep int) []float32 {
	m := &u.merged[0]
	if u.merged[1].y == y || m.y != y && m.y == keep {
		m = &u.merged[1]
	}
	if m.y == y {
		return m.scores
	}
	m.y = y
	clear(m.scores)
	clear(u.visits)
	v, C := u.view, u.classes
	for w := range v.Windows() {
		at := v.Window(w)
		if y < at.Top || y >= at.Top+v.WindowHeight {
			continue
		}
		u.interpolatePatches(w, y-at.Top, 1/float32(v.Patch))
		for x, c := range u.inside {
			addLerp(m.scores[(at.Left+x)*C:][:C], u.patchRow[c.Lo*C:][:C], u.patchRow[c.Hi*C:][:C], c.T)
			u.visits[at.Left+x]++
		}
	}
	for x, n := range u.visits {
		for i := range m.scores[x*C:][:C] {
			m.scores[x*C+i] /= n
		}
	}
	return m.scores
}

// lerp computes dst = a + t·(b − a), rounded as PyTorch does.
func lerp(dst, a, b []float32, t float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i]*(1-t) + b[i]*t
	}
}

func addLerp(dst, a, b []float32, t float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] += a[i]*(1-t) + b[i]*t
	}
}
