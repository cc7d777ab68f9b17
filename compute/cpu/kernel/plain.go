package kernel

import "math"

// The kernels as plain loops. They define the results of the fast ones, and run
// where there are none.

// plainMatMul multiplies rows of bytes by panels of weights:
//
//	c[r][o] = (Σ a[r][i]·w[o][i] + row.Offset·Σ w[o][i])·row.Scale·scale[o] + bias[o]
//
// With add, it adds that to c. The number of rows is a multiple of TileRows. Rows
// of a are lda bytes apart, and have inputs bytes each. MatMul also gets what [Run] says of
// the panels, or 0: it is faster then on many CPUs.
func plainMatMul(c []float32, ldc int, a []byte, lda int, info []Row, panels []byte, inputs int, add bool) {
	size := PanelBytes(inputs)
	for r, row := range info {
		x := a[r*lda:][:inputs]
		for p := range len(panels) / size {
			panel := panels[p*size:][:size]
			words, weights := Words(panel[:panelHeader]), panel[panelHeader:]
			y := c[r*ldc+p*PanelWidth:][:PanelWidth]
			for o := range y {
				sum := row.Offset * int32(words[o])
				for i, v := range x {
					sum += int32(v) * int32(int8(weights[(i/4*PanelWidth+o)*4+i%4]))
				}
				scale := row.Scale * math.Float32frombits(words[PanelWidth+o])
				value := float32(sum)*scale + math.Float32frombits(words[2*PanelWidth+o])
				if add {
					value += y[o]
				}
				y[o] = value
			}
		}
	}
}

// plainAttend adds weighted values to sums, rows × width:
//
//	sums[r][c] = sums[r][c]·blend.Shrink + blend.Factor·Σ weights[r][k]·values[k][c]
//
// values is [keys/4][width][4]; rows of weights are ldw bytes apart.
func plainAttend(sums []float32, width int, weights []byte, ldw int, blend []Blend, values []byte, keys int) {
	for r, b := range blend {
		w := weights[r*ldw:][:keys]
		y := sums[r*width:][:width]
		for c := range y {
			sum := int32(0)
			for k, v := range w {
				sum += int32(v) * int32(int8(values[(k/4*width+c)*4+k%4]))
			}
			y[c] = y[c]*b.Shrink + float32(sum)*b.Factor
		}
	}
}

// plainSoftmax turns the scores of a block of keys (base 2; n per row, rows lds
// apart) into weights, the bytes 127·2^(score − highest of the block). It sets
// blend, by which Attend joins the block's sums to those before, and updates state.
// Weight k counts inverse[k] times in the sum of weights.
func plainSoftmax(weights []byte, ldw int, scores []float32, lds int, inverse []float32, n int, state []SoftmaxState, blend []Blend) {
	for r := range state {
		s, w := scores[r*lds:][:n], weights[r*ldw:][:n]
		highest := s[0]
		for _, v := range s {
			highest = max(highest, v)
		}
		total := float32(0)
		for k, v := range s {
			p := 127 * power(v-highest)
			total += p * inverse[k]
			w[k] = byte(math.Float32bits(p + magic))
		}
		state[r], blend[r] = state[r].add(highest, total)
	}
}

// add adds a block of keys to the state.
func (s SoftmaxState) add(highest, weight float32) (SoftmaxState, Blend) {
	all := max(s.Highest, highest)
	shrink, factor := power(s.Highest-all), power(highest-all)
	return SoftmaxState{all, s.Weight*shrink + weight*factor}, Blend{shrink, factor}
}

// power returns 2^x for x ≤ 0, at least 2⁻¹²⁶.
func power(x float32) float32 {
	x = max(x, -126)
	shifted := x + magic
	f := x - (shifted - magic)
	p := (exp2*f+exp1)*f + exp0
	return math.Float32frombits(math.Float32bits(p) + math.Float32bits(shifted)<<23)
}

// plainNormalise applies layer normalisation (Ba et al. 2016) to rows as long as
// weight and bias. It computes the variance from the differences to the mean: the
// one-pass formula cancels badly in float32.
func plainNormalise(dst, x, weight, bias []float32, eps float32) {
	n := len(weight)
	for r := range len(x) / n {
		row, out := x[r*n:][:n], dst[r*n:][:n]
		mean, variance := float32(0), float32(0)
		for _, v := range row {
			mean += v
		}
		mean /= float32(n)
		for _, v := range row {
			variance += (v - mean) * (v - mean)
		}
		scale := 1 / float32(math.Sqrt(float64(variance/float32(n)+eps)))
		for i, v := range row {
			out[i] = (v-mean)*scale*weight[i] + bias[i]
		}
	}
}

// plainQuantise quantises rows of n values, ldx apart, in 126 steps from the lowest
// to the highest. The range always includes 0, which becomes a byte exactly.
func plainQuantise(dst []byte, ldd int, x []float32, ldx, n int, info []Row) {
	for r := range info {
		row, out := x[r*ldx:][:n], dst[r*ldd:][:n]
		low, high := float32(0), float32(0)
		for _, v := range row {
			low, high = min(low, v), max(high, v)
		}
		var inverse, zero float32
		info[r], inverse, zero = between(low, high)
		for i, v := range row {
			out[i] = byte(math.Float32bits(v*inverse + (zero + magic)))
		}
	}
}

// between says how to quantise values from low to high, a range that includes 0:
// byte = v·inverse + zero, rounded.
func between(low, high float32) (row Row, inverse, zero float32) {
	scale := max((high-low)/126, 1e-30)
	inverse = 1 / scale
	// Rounding the zero point up keeps every byte within 0…127 without a check:
	// low becomes 0 to 1, and high 126 steps more.
	zero = (0.5 - low*inverse + magic) - magic
	return Row{-int32(zero), scale}, inverse, zero
}

// plainQuantiseSigned quantises rows of n values, ldx apart, to −127…127. The
// largest magnitude of a row becomes 127.
func plainQuantiseSigned(dst []int8, ldd int, x []float32, ldx, n int, scales []float32) {
	for r := range scales {
		row, out := x[r*ldx:][:n], dst[r*ldd:][:n]
		largest := float32(0)
		for _, v := range row {
			largest = max(largest, v, -v)
		}
		scales[r] = max(largest/127, 1e-12)
		inverse := 1 / scales[r]
		for i, v := range row {
			out[i] = int8(math.Float32bits(v*inverse + magic))
		}
	}
}

// plainPackPanels packs Group rows of signed bytes, ldk apart, as the weights of
// two panels, with their sums. It leaves the panels' scales alone.
func plainPackPanels(panels []byte, keys []int8, ldk, inputs int) {
	for r := range Group {
		panel := panels[r/PanelWidth*PanelBytes(inputs):][:PanelBytes(inputs)]
		i, sum := r%PanelWidth, int32(0)
		for k, v := range keys[r*ldk:][:inputs] {
			sum += int32(v)
			panel[panelHeader+(k/4*PanelWidth+i)*4+k%4] = byte(v)
		}
		Words(panel[:panelHeader])[i] = uint32(sum)
	}
}

// plainPackValues packs Group rows of width signed bytes, ldv apart, as
// [Group/4][width][4].
func plainPackValues(dst []byte, values []int8, ldv, width int) {
	for r := range Group {
		for c, v := range values[r*ldv:][:width] {
			dst[(r/4*width+c)*4+r%4] = byte(v)
		}
	}
}

// plainGELU replaces x by x·Φ(x).
func plainGELU(x []float32) {
	for i, v := range x {
		c := min(max(v, -phiEnd), phiEnd)
		s := c * c
		p := ((((((phi6*s+phi5)*s+phi4)*s+phi3)*s+phi2)*s+phi1)*s + phi0) * c
		x[i] = v * (p + 0.5)
	}
}
