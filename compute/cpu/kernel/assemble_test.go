package kernel

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestAssemble checks a module byte for byte, written by hand from the core
// specification (chapter 5) and the proposal for relaxed SIMD.
func TestAssemble(t *testing.T) {
	f := newFunction("f", 2)
	p, n := local(0), local(1)
	v := f.local(v128)
	f.body = repeat(n,
		set(v, relaxedDot(load128(get(p), 16), splat32(get(p), 0), vectorOf(0x01020304))),
		store1(get(p), 300, get(v)),
		advance(p, constant(-64)),
	)
	want := `
		00 61 73 6d 01 00 00 00
		01 06 01 60 02 7f 7f 00
		02 0b 01 02 67 6f 03 6d 65 6d 02 00 01
		03 02 01 00
		07 05 01 01 66 00 00
		0a 48 01 46 01 01 7b
			03 40
				20 00 fd 00 00 10
				20 00 fd 09 00 00
				fd 0c 04 03 02 01 04 03 02 01 04 03 02 01 04 03 02 01
				fd 93 02 21 02
				20 00 20 02 fd 5a 00 ac 02 00
				20 00 41 40 6a 21 00
				20 01 41 01 6b 21 01
				20 01 0d 00
			0b
		0b`
	if got, want := fmt.Sprintf("% x", assemble([]*function{f})), strings.Join(strings.Fields(want), " "); got != want {
		t.Errorf("assembled\n%s\nexpected\n%s", got, want)
	}
}

// TestGenerated checks that the modules in this folder match module.go.
func TestGenerated(t *testing.T) {
	for name, module := range map[string][]byte{"relaxed.wasm": Module(true), "plain.wasm": Module(false)} {
		file, err := os.ReadFile(name)
		if err != nil || !slices.Equal(file, module) {
			t.Errorf("%s is out of date (%v): run go generate ./compute/cpu/kernel", name, err)
		}
	}
}

func TestSigned(t *testing.T) {
	for n, want := range map[int]string{0: "00", 63: "3f", 64: "c0 00", -1: "7f", -64: "40", -65: "bf 7f", 624485: "e5 8e 26"} {
		if got := fmt.Sprintf("% x", []byte(signed(n))); got != want {
			t.Errorf("signed(%d) = %s, expected %s", n, got, want)
		}
	}
}
