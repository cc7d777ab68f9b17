package checkpoint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"segmenter/modelfile"
	"segmenter/modelfile/safetensors"
)

// maxDepth is more than the blocks of any network that modelfile takes.
const maxDepth = 129

// known has the names of all parameters that any network of modelfile may have.
var known = modelfile.NewTable(modelfile.Architecture{Depth: maxDepth, DecoderDepth: maxDepth, ExtraTokens: 2}, 0, modelfile.Linear, modelfile.Mask)

// match is a network whose parameters have been found.
type match struct {
	network  network
	encoder  found
	decoders []found
	origins  map[string]origin // by the table's name
	tensors  []safetensors.Tensor
	ignored  []string // names that belong to neither part
}

// found is a naming that a network's names follow, after a prefix.
type found struct {
	*naming
	prefix string
}

// otherNetwork refuses a network without an encoder.
type otherNetwork struct{ weights weights }

func (e *otherNetwork) Error() string {
	var looked []string
	for _, n := range encoders {
		looked = append(looked, fmt.Sprintf("%s (%s)", n.mark, n.program))
	}
	names := slices.Sorted(maps.Keys(e.weights))
	shown := names[:min(len(names), 8)]
	return fmt.Sprintf("the file holds another network than a Segmenter. Of the patch embedding it was looked for %s; found were %d tensors, the first of them %.400q",
		strings.Join(looked, ", "), len(names), shown)
}

// matchNetwork finds the parameters of the table in a network.
func matchNetwork(n network) (*match, error) {
	m := &match{network: n, origins: make(map[string]origin)}
	all, err := findNamings(encoders, n.weights)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, &otherNetwork{n.weights}
	}
	if len(all) > 1 {
		return nil, fmt.Errorf("the weights at %q have two encoders, at %q and %q: save the state_dict of one", n.name, all[0].prefix, all[1].prefix)
	}
	m.encoder = all[0]
	if m.decoders, err = findNamings(decoders, n.weights); err != nil {
		return nil, err
	}
	used := make(map[string]bool)
	for p := range known.All() {
		if o, ok := m.origin(p); ok {
			m.origins[p.Name] = o
			m.tensors = append(m.tensors, safetensors.Tensor{Name: p.Name, DType: safetensors.F32, Shape: o.shape})
			for _, name := range o.names {
				used[name] = true
			}
		}
	}
	return m, m.checkRest(used)
}

// findNamings returns the namings that the names follow.
func findNamings(list []naming, w weights) (all []found, err error) {
	for i := range list {
		prefixes := list[i].prefixes(w)
		if len(prefixes) > 1 {
			slices.Sort(prefixes)
			return nil, fmt.Errorf("the file has two networks in one, at %q and %q: save the state_dict of one", prefixes[0], prefixes[1])
		}
		for _, prefix := range prefixes {
			all = append(all, found{&list[i], prefix})
		}
	}
	return all, nil
}

// origin finds where a parameter of the table comes from.
func (m *match) origin(p *modelfile.Parameter) (origin, bool) {
	for _, f := range append([]found{m.encoder}, m.decoders...) {
		if local, ok := strings.CutPrefix(p.Name, f.part); ok {
			return newOrigin(p, f, local, m.network.weights)
		}
	}
	return origin{}, false
}

// checkRest fails if a part of the network has tensors that no Segmenter has: without them it
// would compute something else.
func (m *match) checkRest(used map[string]bool) error {
	var strange []string
	for name := range m.network.weights {
		if used[name] {
			continue
		}
		switch belongs, isKnown := m.belongs(name); {
		case belongs:
			strange = append(strange, name)
		case !isKnown:
			m.ignored = append(m.ignored, name)
		}
	}
	if len(strange) > 0 {
		slices.Sort(strange)
		return fmt.Errorf("a Segmenter has no such parameter as %.200q (%d of the file's %d tensors are none): the network is of another kind, and would not compute the same without them", strange[0], len(strange), len(m.network.weights))
	}
	slices.Sort(m.ignored)
	return nil
}

// belongs reports whether a tensor stands among the parameters of a part; if not, whether it is
// one that programs save beside them.
func (m *match) belongs(name string) (belongs, isKnown bool) {
	for _, f := range append([]found{m.encoder}, m.decoders...) {
		local, ok := strings.CutPrefix(name, f.prefix)
		switch {
		case !ok || f.prefix == "" && m.elsewhere(name):
		case slices.ContainsFunc(f.ignored, func(start string) bool { return strings.HasPrefix(local, start) }):
			isKnown = true
		default:
			return true, false
		}
	}
	return false, isKnown
}

// elsewhere reports whether a name stands under the prefix of a decoder, which an encoder
// without a prefix would claim too.
func (m *match) elsewhere(name string) bool {
	return slices.ContainsFunc(m.decoders, func(f found) bool { return f.prefix != "" && strings.HasPrefix(name, f.prefix) })
}
