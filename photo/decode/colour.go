package decode

import "math"

// A curve maps a channel, 0 to 1, to linear light, 0 to 1.
type curve func(v float64) float64

func power(gamma float64) curve {
	return func(v float64) float64 { return math.Pow(v, gamma) }
}

// sRGBCurve is the curve of sRGB (IEC 61966-2-1).
func sRGBCurve(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// A matrix maps linear colours; matrix[i][j] is what channel j adds to output i.
type matrix [3][3]float64

func (a matrix) times(b matrix) (c matrix) {
	for i := range 3 {
		for j := range 3 {
			c[i][j] = a[i][0]*b[0][j] + a[i][1]*b[1][j] + a[i][2]*b[2][j]
		}
	}
	return c
}

// inverse returns the inverse; of a singular matrix, infinities and NaNs.
func (a matrix) inverse() (b matrix) {
	minor := func(i, j int) float64 {
		return a[(i+1)%3][(j+1)%3]*a[(i+2)%3][(j+2)%3] - a[(i+1)%3][(j+2)%3]*a[(i+2)%3][(j+1)%3]
	}
	det := a[0][0]*minor(0, 0) + a[0][1]*minor(0, 1) + a[0][2]*minor(0, 2)
	for i := range 3 {
		for j := range 3 {
			b[j][i] = minor(i, j) / det
		}
	}
	return b
}

// chromaticities are xy of white, red, green and blue.
type chromaticities [8]float64

// toPCS returns the matrix from linear RGB to XYZ relative to D50, the connection
// space of ICC profiles.
func (c chromaticities) toPCS() matrix {
	xyz := func(i int) [3]float64 { // with Y = 1
		x, y := c[2*i], c[2*i+1]
		return [3]float64{x / y, 1, (1 - x - y) / y}
	}
	var m matrix // columns: XYZ of the primaries
	for j := range 3 {
		for i, v := range xyz(j + 1) {
			m[i][j] = v
		}
	}
	// Scale the primaries so that they add up to white.
	white, inverse := xyz(0), m.inverse()
	for j := range 3 {
		scale := inverse[j][0]*white[0] + inverse[j][1]*white[1] + inverse[j][2]*white[2]
		for i := range 3 {
			m[i][j] *= scale
		}
	}
	// Adapt white to D50, by Bradford's cones (ICC.1:2022, annex E).
	cones := matrix{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}
	d50 := [3]float64{0.9642, 1, 0.8249}
	var adapt matrix
	for i := range 3 {
		var from, to float64
		for j := range 3 {
			from += cones[i][j] * white[j]
			to += cones[i][j] * d50[j]
		}
		adapt[i][i] = to / from
	}
	return cones.inverse().times(adapt).times(cones).times(m)
}

var (
	sRGBPrimaries = chromaticities{0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06}
	fromPCS       = sRGBPrimaries.toPCS().inverse()
)

// conversion converts colours to sRGB. Colours that sRGB lacks are clipped, channel
// by channel, as browsers do.
type conversion struct {
	toPCS  matrix
	curves [3]curve
	bytes  mixture // for channels of 8 bits
	deep   mixture // for channels of 16 bits; made when it is first needed
}

// mixture holds, for each value of each channel, what it adds to linear red, green
// and blue of sRGB. The unit is 1/linearOne.
type mixture [3][][3]int32

const (
	encodeBits = 14 // of linear light: at the dark end, a fifth of a level of sRGB
	extraBits  = 12
	linearOne  = (1<<encodeBits - 1) << extraBits
)

// newConversion returns the conversion from linear RGB relative to D50 after the
// channels' curves. It returns nil if that changes no channel of any colour by more
// than one level: such pictures are sRGB, and reading them costs nothing. It also
// returns nil if the matrix is unusable.
func newConversion(toPCS matrix, red, green, blue curve) *conversion {
	for _, row := range fromPCS.times(toPCS) {
		for _, v := range row {
			const most = 10 // more would overflow the sums; no real profile comes near
			if !(math.Abs(v) <= most) {
				return nil
			}
		}
	}
	c := &conversion{toPCS: toPCS, curves: [3]curve{red, green, blue}}
	c.bytes = c.mix(256)
	for r := 0; r < 256; r += 15 {
		for g := 0; g < 256; g += 15 {
			for b := 0; b < 256; b += 15 {
				r2, g2, b2 := c.bytes.convert(r, g, b)
				if max(absolute(int(r2)-r), absolute(int(g2)-g), absolute(int(b2)-b)) > 1 {
					return c
				}
			}
		}
	}
	return nil
}

func absolute(v int) int { return max(v, -v) }

// mix makes the tables for channels of so many values.
func (c *conversion) mix(values int) (m mixture) {
	toLinear := fromPCS.times(c.toPCS)
	for channel, curve := range c.curves {
		m[channel] = make([][3]int32, values)
		for v := range values {
			light := curve(float64(v) / float64(values-1))
			if !(light > 0) { // also NaN
				light = 0
			}
			light = min(light, 1)
			for i := range 3 {
				m[channel][v][i] = int32(math.Round(light * toLinear[i][channel] * linearOne))
			}
		}
	}
	return m
}

// levels maps linear light to the levels of sRGB.
var levels = func() (table [1 << encodeBits]uint8) {
	for i := range table {
		v := float64(i) / float64(len(table)-1)
		if v <= 0.0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - 0.055
		}
		table[i] = uint8(math.Round(255 * v))
	}
	return table
}()

// convert converts one colour.
func (m *mixture) convert(r, g, b int) (uint8, uint8, uint8) {
	red, green, blue := &m[0][r], &m[1][g], &m[2][b]
	return level(red[0] + green[0] + blue[0]), level(red[1] + green[1] + blue[1]), level(red[2] + green[2] + blue[2])
}

// level returns the level of sRGB for linear light.
func level(light int32) uint8 {
	light = (light + 1<<(extraBits-1)) >> extraBits
	return levels[max(0, min(light, 1<<encodeBits-1))]
}

// row converts a row of RGB in place.
func (c *conversion) row(row []byte) {
	for i := 0; i+3 <= len(row); i += 3 {
		row[i], row[i+1], row[i+2] = c.bytes.convert(int(row[i]), int(row[i+1]), int(row[i+2]))
	}
}

// colour16 converts a colour of 16 bits per channel.
func (c *conversion) colour16(r, g, b uint16) (uint8, uint8, uint8) {
	if c.deep[0] == nil {
		c.deep = c.mix(1 << 16)
	}
	return c.deep.convert(int(r), int(g), int(b))
}

// codedSpace returns the conversion for code points of ITU-T H.273, as in a PNG.
// Brightness beyond white (PQ, HLG) is not mapped; such pictures stay as they are.
func codedSpace(primaries, transfer uint8) *conversion {
	var curve curve
	switch transfer {
	case 1, 6, 13, 14, 15: // BT.709 and its relatives are shown with sRGB's curve
		curve = sRGBCurve
	case 4:
		curve = power(2.2)
	case 5:
		curve = power(2.8)
	case 8:
		curve = power(1)
	default:
		return nil
	}
	c := sRGBPrimaries
	switch primaries {
	case 9: // BT.2020
		copy(c[2:], []float64{0.708, 0.292, 0.170, 0.797, 0.131, 0.046})
	case 12: // Display P3
		copy(c[2:], []float64{0.680, 0.320, 0.265, 0.690, 0.150, 0.060})
	}
	return newConversion(c.toPCS(), curve, curve, curve)
}
