package host

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// picture reads a mask from rows of letters.
func picture(rows ...string) (mask []uint8, width int) {
	return []byte(strings.Join(rows, "")), len(rows[0])
}

func TestRemoveSpecks(t *testing.T) {
	for _, c := range []struct {
		name  string
		least int
		rows  []string
		want  []string
	}{
		{"one pixel", 2,
			[]string{"aaaa", "abaa", "aaaa"},
			[]string{"aaaa", "aaaa", "aaaa"}},
		{"large enough", 2,
			[]string{"aaaa", "abba", "aaaa"},
			[]string{"aaaa", "abba", "aaaa"}},
		{"corners do not touch", 3,
			[]string{"aaaaa", "abaaa", "aabaa", "aaaba"},
			[]string{"aaaaa", "aaaaa", "aaaaa", "aaaaa"}},
		{"most of the border wins", 3,
			[]string{"aabbbb", "aacbbb", "aacbbb", "aabbbb"},
			[]string{"aabbbb", "aabbbb", "aabbbb", "aabbbb"}},
		{"of equal borders, the lowest class", 2,
			[]string{"bbbb", "bbca", "aaaa"},
			[]string{"bbbb", "bbaa", "aaaa"}},
		{"areas that turn back", 7,
			[]string{"abab", "abab", "abbb", "aaaa"},
			[]string{"abbb", "abbb", "abbb", "aaaa"}},
		{"specks among specks", 4,
			[]string{"aaaaaa", "abcdea", "aaaaaa"},
			[]string{"aaaaaa", "aaaaaa", "aaaaaa"}},
		{"a speck in a speck", 9,
			[]string{"aaaaa", "abbba", "abcba", "abbba", "aaaaa"},
			[]string{"aaaaa", "aaaaa", "aaaaa", "aaaaa", "aaaaa"}},
		{"nothing but specks", 9,
			[]string{"ab", "cd"},
			[]string{"ab", "cd"}},
		{"one row", 2, []string{"aaabaaa"}, []string{"aaaaaaa"}},
		{"one column", 2, []string{"a", "a", "b", "a"}, []string{"a", "a", "a", "a"}},
	} {
		mask, width := picture(c.rows...)
		want, _ := picture(c.want...)
		new(Specks).Remove(mask, width, c.least)
		if !slices.Equal(mask, want) {
			t.Errorf("%s: %s, expected %s", c.name, mask, want)
		}
	}
}

// TestSpecksPlainly compares random masks with a search pixel by pixel.
func TestSpecksPlainly(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var specks Specks
	for range 300 {
		width, height, least := 1+random.IntN(17), 1+random.IntN(13), 1+random.IntN(9)
		mask := make([]uint8, width*height)
		for i := range mask {
			mask[i] = uint8(random.IntN(3))
			if i > 0 && random.IntN(3) > 0 {
				mask[i] = mask[i-1]
			}
		}
		want := slices.Clone(mask)
		removePlainly(want, width, least)
		got := slices.Clone(mask)
		specks.Remove(got, width, least)
		if !slices.Equal(got, want) {
			t.Fatalf("%d wide, least %d: of %v came %v, expected %v", width, least, mask, got, want)
		}
	}
}

func removePlainly(mask []uint8, width, least int) {
	neighbours := func(i int) (all []int) {
		if i%width > 0 {
			all = append(all, i-1)
		}
		if i%width < width-1 {
			all = append(all, i+1)
		}
		if i >= width {
			all = append(all, i-width)
		}
		if i+width < len(mask) {
			all = append(all, i+width)
		}
		return all
	}
	for {
		area := make([]int, len(mask)) // number of each pixel's area
		var areas [][]int
		for i := range mask {
			if area[i] > 0 {
				continue
			}
			found := []int{i}
			area[i] = len(areas) + 1
			for j := 0; j < len(found); j++ {
				for _, n := range neighbours(found[j]) {
					if area[n] == 0 && mask[n] == mask[i] {
						area[n] = len(areas) + 1
						found = append(found, n)
					}
				}
			}
			areas = append(areas, found)
		}
		specks, changed := 0, 0
		next := slices.Clone(mask)
		for _, pixels := range areas {
			if len(pixels) >= least {
				continue
			}
			specks++
			var border [256]int
			for _, i := range pixels {
				for _, n := range neighbours(i) {
					if len(areas[area[n]-1]) >= least {
						border[mask[n]]++
					}
				}
			}
			most := slices.Max(border[:])
			if most == 0 {
				continue
			}
			changed++
			for _, i := range pixels {
				next[i] = uint8(slices.Index(border[:], most))
			}
		}
		copy(mask, next)
		if changed == 0 || changed == specks {
			return
		}
	}
}
