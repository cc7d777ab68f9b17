package classes

import (
	"strings"
	"testing"
)

func TestClasses(t *testing.T) {
	counts := map[string]int{"ade20k": 150, "cityscapes": 19, "pascal_context": 60}
	for _, d := range All {
		list := d.Classes()
		if len(list) != counts[d.ID] {
			t.Errorf("%s has %d classes, expected %d", d.Title, len(list), counts[d.ID])
		}
		seen := map[string]bool{}
		for _, c := range list {
			if c.Name == "" || seen[c.Name] {
				t.Errorf("%s has the class %q twice, or without a name", d.Title, c.Name)
			}
			if strings.Contains(c.Name, ",") {
				t.Errorf("%s names a class %q, expected one name", d.Title, c.Name)
			}
			seen[c.Name] = true
		}
	}
}
