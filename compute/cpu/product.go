//go:build !js

package cpu

// Products of float matrices for training, where both operands change from photo to
// photo and either may be transposed.
//
// A tile of the result, tileHeight × tileWidth, stays in registers while the sums
// grow. The right operand is packed in panels as wide as a tile, the layout of
// linear.panels; a transposed left operand is packed in rows. Both go in blocks of
// depthBlock products, so that a block of a panel stays in the L1 cache while the
// tiles of all rows pass over it.
//
//	go test -run - -bench Product ./compute/cpu

// maxTile is the largest tileHeight·tileWidth.
const maxTile = 6 * 64

// operand is a matrix, or some columns of one: rows are stride values apart.
type operand struct {
	data               []float32
	rows, cols, stride int
}

// dense is a matrix of adjacent rows.
func dense(data []float32, cols int) operand {
	return operand{data, len(data) / cols, cols, cols}
}

// columns returns the columns [from, to).
func (m operand) columns(from, to int) operand {
	if m.rows > 0 {
		m.data = m.data[from:]
	}
	m.cols = to - from
	return m
}

// rowsFrom returns n rows.
func (m operand) rowsFrom(first, n int) operand {
	m.data, m.rows = m.data[first*m.stride:], n
	return m
}

func (m operand) row(i int) []float32 { return m.data[i*m.stride:][:m.cols] }

// panels is a right operand, packed: [cols/tileWidth][depth][tileWidth]. Zeros pad
// the last panel.
type panels struct {
	depth, cols int
	data        []float32
}

func panelLength(depth, cols int) int { return depth * pad(cols, tileWidth) }

// pack packs the right operand m (depth, cols).
func pack(data []float32, m operand) panels {
	for p := 0; p < m.cols; p += tileWidth {
		width := min(tileWidth, m.cols-p)
		for k := range m.rows {
			row := data[p*m.rows+k*tileWidth:][:tileWidth]
			clear(row[copy(row, m.row(k)[p:][:width]):])
		}
	}
	return panels{m.rows, m.cols, data}
}

// packTransposed packs the right operand mᵀ, where m is (cols, depth).
func packTransposed(data []float32, m operand) panels {
	for p := 0; p < m.rows; p += tileWidth {
		panel := data[p*m.cols:][:m.cols*tileWidth]
		if m.rows-p < tileWidth {
			clear(panel)
		}
		transpose(panel, tileWidth, m.rowsFrom(p, min(tileWidth, m.rows-p)))
	}
	return panels{m.cols, m.rows, data}
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
	left scratch          // a block of a left operand, transposed
}

// add computes c += a·b.
func (s *products) add(c, a operand, b panels) {
	for k := 0; k < b.depth; k += depthBlock {
		s.addBlock(c, a.columns(k, min(k+depthBlock, b.depth)), b, k)
	}
}

// addTransposed computes c += aᵀ·b.
func (s *products) addTransposed(c, a operand, b panels) {
	left := s.left.get(a.cols * depthBlock)
	for k := 0; k < b.depth; k += depthBlock {
		depth := min(depthBlock, b.depth-k)
		transpose(left, depth, a.rowsFrom(k, depth))
		s.addBlock(c, dense(left[:a.cols*depth], depth), b, k)
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
				productTile(c.data[r*c.stride+p:], c.stride, a.data[r*a.stride:], a.stride, panel, a.cols)
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
	last := s.last.get(tileHeight * a.cols)
	for r := range tileHeight {
		row := last[r*a.cols:][:a.cols]
		if first+r < a.rows {
			copy(row, a.row(first+r))
		} else {
			clear(row)
		}
	}
	return dense(last, a.cols)
}

// addEdge adds to c, which is smaller than a tile.
func (s *products) addEdge(c, a operand, panel []float32) {
	tile := s.edge[:tileHeight*tileWidth]
	clear(tile)
	productTile(tile, tileWidth, a.data, a.stride, panel, a.cols)
	for r := range c.rows {
		add(c.row(r), tile[r*tileWidth:])
	}
}
