//go:build !js

package cpu

// Products of float matrices for training, where both operands change from photo to
// photo and either may be transposed.
//
// A tile of the result, tileHeight × tileWidth, stays in registers while the sums
// grow. The right operand is packed in panels as wide as a tile, the layout of
// linear.panels; the left one is read where it is, along its rows or its columns.
// Products go in blocks of depthBlock, so that a block of a panel stays in the L1 cache
// while the tiles of all rows pass over it.
//
//	go test -run - -bench Product ./compute/cpu

const (
	maxTile  = 6 * 64 // the largest tileHeight·tileWidth
	maxDepth = 384    // the largest depthBlock
)

// operand is a matrix, a part of one, or the transpose of that. A value is stride values
// behind that of the row above, and step values behind its left neighbour.
type operand struct {
	data                     []float32
	rows, cols, stride, step int
}

// dense is a matrix of adjacent rows.
func dense(data []float32, cols int) operand {
	return operand{data, len(data) / cols, cols, cols, 1}
}

// transposed returns mᵀ, in the same memory.
func (m operand) transposed() operand {
	return operand{m.data, m.cols, m.rows, m.step, m.stride}
}

// columns returns the columns [from, to).
func (m operand) columns(from, to int) operand {
	if m.rows > 0 {
		m.data = m.data[from*m.step:]
	}
	m.cols = to - from
	return m
}

// rowsFrom returns n rows.
func (m operand) rowsFrom(first, n int) operand {
	m.data, m.rows = m.data[first*m.stride:], n
	return m
}

// row returns a row of a matrix that is not transposed.
func (m operand) row(i int) []float32 { return m.data[i*m.stride:][:m.cols] }

// panels is a right operand, packed: [cols/tileWidth][depth][tileWidth]. Zeros pad
// the last panel.
type panels struct {
	depth, cols int
	data        []float32
}

func panelLength(depth, cols int) int { return depth * pad(cols, tileWidth) }

// pack packs a right operand.
func pack(data []float32, m operand) panels {
	for p := 0; p < m.cols; p += tileWidth {
		panel, part := data[p*m.rows:][:m.rows*tileWidth], m.columns(p, min(p+tileWidth, m.cols))
		if part.cols < tileWidth {
			clear(panel)
		}
		part.copyTo(panel, tileWidth)
	}
	return panels{m.rows, m.cols, data}
}

// copyTo copies a matrix to dst, where rows are stride values apart.
func (m operand) copyTo(dst []float32, stride int) {
	if m.step != 1 {
		transpose(dst, stride, m.transposed())
		return
	}
	for r := range m.rows {
		copy(dst[r*stride:], m.row(r))
	}
}

// transpose writes mᵀ to dst, whose rows are stride values apart. It takes four rows
// of m at a time, which halves the time of one.
func transpose(dst []float32, stride int, m operand) {
	r := 0
	for ; r+4 <= m.rows; r += 4 {
		row0, row1, row2, row3 := m.row(r), m.row(r+1), m.row(r+2), m.row(r+3)
		row1, row2, row3 = row1[:len(row0)], row2[:len(row0)], row3[:len(row0)]
		for i, v := range row0 {
			out := dst[i*stride+r:][:4]
			out[0], out[1], out[2], out[3] = v, row1[i], row2[i], row3[i]
		}
	}
	for ; r < m.rows; r++ {
		for i, v := range m.row(r) {
			dst[i*stride+r] = v
		}
	}
}

// products is the scratch memory of products.
type products struct {
	edge [maxTile]float32 // a tile of the result
	last scratch          // the last rows of a left operand
}

// add computes c += a·b.
func (s *products) add(c, a operand, b panels) {
	for k := 0; k < b.depth; k += depthBlock {
		s.addBlock(c, a.columns(k, min(k+depthBlock, b.depth)), b, k)
	}
}

// addBlock adds the product of a and the rows of b from k on, as many as a has
// columns.
func (s *products) addBlock(c, a operand, b panels, k int) {
	whole := c.rows / tileHeight * tileHeight
	rest := s.padRows(a, whole)
	for p := 0; p < b.cols; p += tileWidth {
		panel := b.data[p*b.depth+k*tileWidth:][:a.cols*tileWidth]
		width := min(tileWidth, b.cols-p)
		for r := 0; r < whole; r += tileHeight {
			if width == tileWidth {
				productTile(c.data[r*c.stride+p:], c.stride, a.data[r*a.stride:], a.stride, a.step, panel, a.cols)
			} else {
				s.addEdge(c.columns(p, p+width).rowsFrom(r, tileHeight), a.rowsFrom(r, tileHeight), panel)
			}
		}
		if whole < c.rows {
			s.addEdge(c.columns(p, p+width).rowsFrom(whole, c.rows-whole), rest, panel)
		}
	}
}

// padRows returns the rows of a from first on, less than a tile, padded to one.
func (s *products) padRows(a operand, first int) operand {
	last := dense(s.last.get(tileHeight*a.cols), a.cols)
	clear(last.data)
	if first < a.rows {
		a.rowsFrom(first, a.rows-first).copyTo(last.data, a.cols)
	}
	return last
}

// addEdge adds to c, which is smaller than a tile.
func (s *products) addEdge(c, a operand, panel []float32) {
	tile := s.edge[:tileHeight*tileWidth]
	clear(tile)
	edgeTile(tile, c.rows, c.cols, a.data, a.stride, a.step, panel, a.cols)
	for r := range c.rows {
		add(c.row(r), tile[r*tileWidth:])
	}
}

// commonTile is productTile with the tile of inference, which reads a by rows.
func commonTile(c []float32, ldc int, a []float32, lda, step int, panel []float32, k int) {
	if step != 1 {
		var rows [tileRows * maxDepth]float32
		operand{a, tileRows, k, lda, step}.copyTo(rows[:], k)
		a, lda = rows[:], k
	}
	tileAdd(c, ldc, a, lda, panel, tileWidth, k)
}
