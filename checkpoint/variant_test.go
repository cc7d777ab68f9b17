package checkpoint

import (
	"maps"
	"strings"
	"testing"
)

func variantOf(text string) (variant, error) {
	return readVariant(File{Name: "variant.yml", Size: int64(len(text)), ReaderAt: strings.NewReader(text)})
}

func TestVariant(t *testing.T) {
	got, err := variantOf("%YAML 1.1\n---\n# a comment\nnet_kwargs:\n  backbone: 'vit_tiny'   # of timm\n  decoder:\n    name: \"mask_transformer\"\n  image_size: !!python/tuple\n  - 512\n  - 512\n  n_heads: !!int 3\n\nlr: 1.0e-05\nempty:\nresume: true\r\n")
	want := variant{"net_kwargs.backbone": "vit_tiny", "net_kwargs.decoder.name": "mask_transformer", "net_kwargs.n_heads": "3", "lr": "1.0e-05", "resume": "true"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if got.count("net_kwargs.n_heads") != 3 || got.count("lr") != 0 || got.count("missing") != 0 {
		t.Error("wrong counts")
	}
	for text, want := range map[string]string{
		"just text":                          "line 1",
		strings.Repeat(" ", 2<<20):           "expected the variant.yml",
		"a:\n" + nested(30):                  "nested too deep",
		"<!doctype html>\n<title>No</title>": "line 1",
	} {
		if _, err := variantOf(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: error %v, want it to say %q", text, err, want)
		}
	}
}

func nested(depth int) string {
	var out strings.Builder
	for i := range depth {
		out.WriteString(strings.Repeat(" ", i+1) + "a:\n")
	}
	return out.String()
}

func FuzzVariant(f *testing.F) {
	f.Add("a:\n  b: !!python/tuple\n  - 1\nc: 'd' # e\n")
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := variantOf(text); err == nil {
			v.count("net_kwargs.n_heads")
		}
	})
}
