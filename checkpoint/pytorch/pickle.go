package pytorch

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The limits of a pickle beside its bytes. A checkpoint of ViT-L with its optimiser has some
// ten thousand values and is nested five deep.
const (
	maxValues  = 2 << 20
	maxNesting = 1000 // open marks
)

// machine carries out a pickle.
type machine struct {
	in     *input
	stack  []any
	marks  []int // heights of the stack
	memo   map[uint64]any
	values int // made so far

	storage func(Tuple) (any, error) // finds what a persistent id names
}

// run carries out the pickle from the input's place to its end, and returns its value.
func (m *machine) run() (any, error) {
	m.stack, m.marks, m.memo = nil, nil, make(map[uint64]any)
	for {
		op, err := m.in.byte()
		if err != nil {
			return nil, err
		}
		if op == opStop {
			return m.pop()
		}
		if err := m.do(op); err != nil {
			return nil, err
		}
	}
}

func (m *machine) do(op byte) error {
	switch op {
	case opProto:
		version, err := m.in.byte()
		if err == nil && version > 5 {
			err = fmt.Errorf("the file's pickle has the version %d: this program reads up to 5", version)
		}
		return err
	case opFrame:
		_, err := m.in.number(8)
		return err
	case opMark:
		if len(m.marks) == maxNesting {
			return fmt.Errorf("the file's pickle is nested more than %d deep: the file is damaged", maxNesting)
		}
		m.marks = append(m.marks, len(m.stack))
		return nil
	case opPop:
		if n := len(m.marks); n > 0 && m.marks[n-1] == len(m.stack) {
			m.marks = m.marks[:n-1]
			return nil
		}
		_, err := m.pop()
		return err
	case opPopMark:
		_, err := m.popMark()
		return err
	case opDup:
		v, err := m.top()
		if err != nil {
			return err
		}
		return m.push(v)
	}
	if done, err := m.literal(op); done {
		return err
	}
	if done, err := m.container(op); done {
		return err
	}
	if done, err := m.remember(op); done {
		return err
	}
	return m.construct(op)
}

// literal carries out the operations that push a value of their own.
func (m *machine) literal(op byte) (done bool, err error) {
	var v any
	switch op {
	case opNone:
	case opNewTrue:
		v = true
	case opNewFalse:
		v = false
	case opBinInt:
		n, e := m.in.number(4)
		v, err = int64(int32(n)), e
	case opBinInt1, opBinInt2:
		n, e := m.in.number(1 + int(op-opBinInt1)/2)
		v, err = int64(n), e
	case opBinFloat:
		var p []byte
		if p, err = m.in.bytes(8); err == nil {
			bits := uint64(0)
			for _, b := range p {
				bits = bits<<8 | uint64(b)
			}
			v = math.Float64frombits(bits)
		}
	case opLong1:
		v, err = m.long(1)
	case opLong4:
		v, err = m.long(4)
	case opInt, opLong, opFloat, opString, opUnicode:
		var line string
		if line, err = m.in.line(); err == nil {
			v, err = textLiteral(op, line)
		}
	case opShortBinString, opShortBinUnicode:
		v, err = m.text(1)
	case opBinString, opBinUnicode:
		v, err = m.text(4)
	case opBinUnicode8:
		v, err = m.text(8)
	case opShortBinBytes:
		v, err = m.rawBytes(1)
	case opBinBytes:
		v, err = m.rawBytes(4)
	case opBinBytes8:
		v, err = m.rawBytes(8)
	default:
		return false, nil
	}
	if err != nil {
		return true, err
	}
	return true, m.push(v)
}

// long reads a whole number whose length takes so many bytes.
func (m *machine) long(lengthBytes int) (any, error) {
	n, err := m.in.number(lengthBytes)
	if err != nil {
		return nil, err
	}
	p, err := m.in.bytes(n)
	if err != nil {
		return nil, err
	}
	if n > 8 {
		return bigInt(p), nil
	}
	value := int64(0)
	for i := len(p) - 1; i >= 0; i-- {
		if i == len(p)-1 {
			value = int64(int8(p[i]))
			continue
		}
		value = value<<8 | int64(p[i])
	}
	return value, nil
}

func (m *machine) text(lengthBytes int) (any, error) {
	n, err := m.in.number(lengthBytes)
	if err != nil {
		return nil, err
	}
	p, err := m.in.bytes(n)
	return string(p), err
}

func (m *machine) rawBytes(lengthBytes int) (any, error) {
	text, err := m.text(lengthBytes)
	if err != nil {
		return nil, err
	}
	return Bytes(text.(string)), nil
}

// textLiteral reads the operand of the oldest operations, a line.
func textLiteral(op byte, line string) (v any, err error) {
	switch op {
	case opInt, opLong:
		if op == opInt && (line == "00" || line == "01") {
			return line == "01", nil
		}
		v, err = strconv.ParseInt(strings.TrimSuffix(line, "L"), 10, 64)
	case opFloat:
		v, err = strconv.ParseFloat(line, 64)
	case opString:
		return strings.Trim(line, `'"`), nil
	default:
		return line, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the file's pickle has %q where a number belongs: the file is damaged", line)
	}
	return v, nil
}

// remember carries out the operations on the memo.
func (m *machine) remember(op byte) (done bool, err error) {
	var key uint64
	switch op {
	case opPut, opGet:
		var line string
		if line, err = m.in.line(); err == nil {
			key, err = strconv.ParseUint(line, 10, 32)
		}
	case opBinPut, opBinGet:
		key, err = m.in.number(1)
	case opLongBinPut, opLongBinGet:
		key, err = m.in.number(4)
	case opMemoize:
		key = uint64(len(m.memo))
	default:
		return false, nil
	}
	if err != nil {
		return true, err
	}
	if op == opGet || op == opBinGet || op == opLongBinGet {
		v, ok := m.memo[key]
		if !ok {
			return true, fmt.Errorf("the file's pickle refers to a value %d that it has not made: the file is damaged", key)
		}
		return true, m.push(v)
	}
	v, err := m.top()
	if err == nil {
		m.memo[key] = v
		err = m.count(1)
	}
	return true, err
}

var (
	errTooMany = fmt.Errorf("the file's pickle holds more than %d values: save the network's state_dict alone", maxValues)
	errStack   = errors.New("the file's pickle takes values that it has not made: the file is damaged")
)

func (m *machine) push(v any) error {
	m.stack = append(m.stack, v)
	return m.count(1)
}

// count counts values that were made, and fails if they are too many.
func (m *machine) count(n int) error {
	if m.values += n; m.values > maxValues {
		return errTooMany
	}
	return nil
}

// floor is the height of the stack below which operations may not reach.
func (m *machine) floor() int {
	if n := len(m.marks); n > 0 {
		return m.marks[n-1]
	}
	return 0
}

func (m *machine) top() (any, error) {
	if len(m.stack) <= m.floor() {
		return nil, errStack
	}
	return m.stack[len(m.stack)-1], nil
}

func (m *machine) pop() (any, error) {
	v, err := m.top()
	if err == nil {
		m.stack = m.stack[:len(m.stack)-1]
	}
	return v, err
}

// popMark returns the values above the last mark, a part of the stack that the next push
// overwrites.
func (m *machine) popMark() ([]any, error) {
	n := len(m.marks)
	if n == 0 {
		return nil, errStack
	}
	from := m.marks[n-1]
	m.marks = m.marks[:n-1]
	values := m.stack[from:]
	m.stack = m.stack[:from]
	return values, nil
}
