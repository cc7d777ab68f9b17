package pytorch

import "math"

// Values of a pickle are nil, bool, int64, float64, string, [Bytes], [Tuple], *[List], *[Dict],
// *[Tensor], and *[Object] for all that is nothing but a part of its surroundings.

// Bytes are Python's bytes.
type Bytes string

// Tuple is a tuple or a torch.Size.
type Tuple []any

// List is a list or a set.
type List struct{ Items []any }

// Dict is a dictionary, in the order of its keys.
type Dict struct {
	Items  []Item
	places map[string]int // of the keys that are strings
}

// Item is an entry of a dictionary.
type Item struct{ Key, Value any }

// Object stands for a value that is no part of a network: a data type, an option, a record of
// a training. Its contents are dropped.
type Object struct{ Class string }

// bigInt is a whole number of more than 64 bits, little-endian.
type bigInt string

func (d *Dict) set(key, value any) {
	text, isText := key.(string)
	if isText {
		if i, ok := d.places[text]; ok {
			d.Items[i].Value = value
			return
		}
		if d.places == nil {
			d.places = make(map[string]int)
		}
		d.places[text] = len(d.Items)
	}
	d.Items = append(d.Items, Item{key, value})
}

// Get returns the value of a key, or nil.
func (d *Dict) Get(key string) any {
	if i, ok := d.places[key]; ok {
		return d.Items[i].Value
	}
	return nil
}

// Strings returns the texts of a list or tuple of texts, or nil.
func Strings(v any) (texts []string) {
	for _, item := range Sequence(v) {
		text, ok := item.(string)
		if !ok {
			return nil
		}
		texts = append(texts, text)
	}
	return texts
}

// Sequence returns the items of a list or a tuple, or nil.
func Sequence(v any) []any {
	switch v := v.(type) {
	case Tuple:
		return v
	case *List:
		return v.Items
	}
	return nil
}

// Number returns a whole number from 0 to 2⁵³.
func Number(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, v >= 0 && v <= 1<<53
	case float64:
		return int64(v), v >= 0 && v <= 1<<53 && v == math.Trunc(v)
	}
	return 0, false
}
