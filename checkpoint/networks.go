package checkpoint

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"segmenter/checkpoint/pytorch"
)

// Networks are looked for so deep, among so many entries and by so long names. A dictionary may
// contain itself, and stand in many places.
const (
	maxWalk    = 4
	maxEntries = 200_000
	maxName    = 500
)

// findNetworks finds the dictionaries of tensors in what torch.save wrote. A dictionary of such
// dictionaries, as {"encoder": {…}, "decoder": {…}}, is one too, by names that join theirs.
func findNetworks(root any) (saved, error) {
	top, ok := root.(*pytorch.Dict)
	if !ok {
		return saved{}, errors.New("the file holds no dictionary of tensors: save the network's state_dict with torch.save(model.state_dict(), \"weights.pth\")")
	}
	var s saved
	s.meta, _ = top.Get("meta").(*pytorch.Dict)
	walk := walker{left: maxEntries}
	walk.find(top, "", maxWalk)
	s.networks = walk.found
	all := make(weights)
	walk = walker{left: maxEntries}
	walk.join(all, top, "", maxWalk)
	s.networks = append(s.networks, network{"", all})
	return s, nil
}

type walker struct {
	found []network
	left  int // entries
}

// entries yields the entries of a dictionary whose keys are names.
func (w *walker) entries(d *pytorch.Dict, depth int) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		if depth == 0 {
			return
		}
		for _, item := range d.Items {
			if w.left--; w.left < 0 {
				return
			}
			key, ok := item.Key.(string)
			if ok && len(key) <= maxName && !yield(key, item.Value) {
				return
			}
		}
	}
}

// find adds the dictionaries that hold tensors themselves, by their path.
func (w *walker) find(d *pytorch.Dict, path string, depth int) {
	tensors := make(weights)
	for key, value := range w.entries(d, depth) {
		switch v := value.(type) {
		case *pytorch.Tensor:
			tensors[key] = v
		case *pytorch.Dict:
			w.find(v, join(path, key), depth-1)
		}
	}
	if len(tensors) > 0 && path != "" {
		w.found = append(w.found, network{path, tensors})
	}
}

// join adds all tensors, by the names of all keys on the way to them.
func (w *walker) join(all weights, d *pytorch.Dict, path string, depth int) {
	for key, value := range w.entries(d, depth) {
		switch v := value.(type) {
		case *pytorch.Tensor:
			all[join(path, key)] = v
		case *pytorch.Dict:
			w.join(all, v, join(path, key), depth-1)
		}
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// averages are parts of the names that programs give averages of weights.
var averages = []string{"ema", "average", "avg", "swa", "shadow"}

func isAverage(name string) bool {
	return slices.ContainsFunc(averages, func(part string) bool { return strings.Contains(strings.ToLower(name), part) })
}

// choose returns the network of that name, or the one that the file is about: the first that
// has a decoder, before those that have none, and averages last. others are the names of the
// networks that could have been chosen as well.
func (s saved) choose(name string) (chosen *match, others []string, err error) {
	matches, err := s.matches()
	if len(matches) == 0 {
		return nil, nil, err
	}
	rank := func(m *match) (r int) {
		if !hasDecoder(m) {
			r += 2
		}
		if isAverage(m.network.name) {
			r++
		}
		return r
	}
	slices.SortStableFunc(matches, func(a, b *match) int { return rank(a) - rank(b) })
	chosen = matches[0]
	if name != "" {
		i := slices.IndexFunc(matches, func(m *match) bool { return m.network.name == name })
		if i < 0 {
			return nil, nil, fmt.Errorf("the file has no network at %q: expected one of %q", name, names(matches))
		}
		chosen = matches[i]
	}
	matches = slices.DeleteFunc(matches, func(m *match) bool { return m == chosen || hasDecoder(m) != hasDecoder(chosen) })
	return chosen, names(matches), nil
}

// matches returns the networks of the file whose parameters were found, or why there is none.
// All tensors joined count only if no network alone has a decoder.
func (s saved) matches() (list []*match, refusal error) {
	for _, n := range s.networks {
		joined := n.name == ""
		if joined && slices.ContainsFunc(list, hasDecoder) {
			continue
		}
		m, err := matchNetwork(n)
		switch {
		case joined && len(list) > 0 && (err != nil || !hasDecoder(m)):
		case err != nil:
			refusal = firstError(refusal, err)
		default:
			list = append(list, m)
		}
	}
	return list, refusal
}

func names(list []*match) (names []string) {
	for _, m := range list {
		names = append(names, m.network.name)
	}
	return names
}

func hasDecoder(m *match) bool { return len(m.decoders) > 0 }

// firstError keeps the more telling of two refusals: that of a network which was found.
func firstError(a, b error) error {
	var unknown *otherNetwork
	if a == nil || (errors.As(a, &unknown) && !errors.As(b, &unknown)) {
		return b
	}
	return a
}
