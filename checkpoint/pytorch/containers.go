package pytorch

import (
	"errors"
	"slices"
)

// container carries out the operations that make or fill tuples, lists and dictionaries.
func (m *machine) container(op byte) (done bool, err error) {
	switch op {
	case opEmptyTuple:
		return true, m.push(Tuple{})
	case opEmptyList, opEmptySet:
		return true, m.push(new(List))
	case opEmptyDict:
		return true, m.push(new(Dict))
	case opTuple1, opTuple2, opTuple3:
		n := int(op-opTuple1) + 1
		if len(m.stack)-n < m.floor() {
			return true, errStack
		}
		tuple := Tuple(slices.Clone(m.stack[len(m.stack)-n:]))
		m.stack = m.stack[:len(m.stack)-n]
		return true, m.push(tuple)
	case opTuple, opList, opFrozenSet, opDict:
		return true, m.fromMark(op)
	case opAppend:
		v, err := m.pop()
		if err != nil {
			return true, err
		}
		return true, m.fill([]any{v}, false)
	case opAppends, opAddItems:
		values, err := m.popMark()
		if err != nil {
			return true, err
		}
		return true, m.fill(values, false)
	case opSetItem:
		if len(m.stack)-2 < m.floor() {
			return true, errStack
		}
		pair := m.stack[len(m.stack)-2:]
		m.stack = m.stack[:len(m.stack)-2]
		return true, m.fill(pair, true)
	case opSetItems:
		values, err := m.popMark()
		if err != nil {
			return true, err
		}
		return true, m.fill(values, true)
	}
	return false, nil
}

// fromMark makes a container of the values above the last mark.
func (m *machine) fromMark(op byte) error {
	values, err := m.popMark()
	if err != nil {
		return err
	}
	switch op {
	case opTuple:
		return m.push(Tuple(slices.Clone(values)))
	case opDict:
		d := new(Dict)
		if err := d.setAll(values); err != nil {
			return err
		}
		return m.push(d)
	}
	return m.push(&List{slices.Clone(values)})
}

// fill adds values, or pairs of a key and a value, to the container on the stack. An
// [Object] takes and drops them.
func (m *machine) fill(values []any, pairs bool) error {
	container, err := m.top()
	if err != nil {
		return err
	}
	switch c := container.(type) {
	case *Object:
		return nil
	case *List:
		if !pairs {
			c.Items = append(c.Items, values...)
			return nil
		}
	case *Dict:
		if pairs {
			return c.setAll(values)
		}
	}
	return errors.New("the file's pickle fills a value that is no container: the file is damaged")
}

// setAll sets keys and values, which alternate.
func (d *Dict) setAll(pairs []any) error {
	if len(pairs)%2 != 0 {
		return errStack
	}
	for i := 0; i < len(pairs); i += 2 {
		d.set(pairs[i], pairs[i+1])
	}
	return nil
}
