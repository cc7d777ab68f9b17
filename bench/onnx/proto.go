package onnx

import (
	"encoding/binary"
	"math"
)

// message is an encoded protobuf message; its methods append fields. A field is
// its number and wire type, then the value.
type message []byte

const (
	wireVarint = 0
	wireBytes  = 2
	wireFixed4 = 5
)

func (m *message) key(field, wire int) {
	*m = binary.AppendUvarint(*m, uint64(field<<3|wire))
}

func (m *message) int(field int, value int64) {
	m.key(field, wireVarint)
	*m = binary.AppendUvarint(*m, uint64(value))
}

func (m *message) float(field int, value float32) {
	m.key(field, wireFixed4)
	*m = binary.LittleEndian.AppendUint32(*m, math.Float32bits(value))
}

func (m *message) bytes(field int, value []byte) {
	m.key(field, wireBytes)
	*m = binary.AppendUvarint(*m, uint64(len(value)))
	*m = append(*m, value...)
}

func (m *message) string(field int, value string) { m.bytes(field, []byte(value)) }

// sub appends a nested message.
func (m *message) sub(field int, fill func(*message)) {
	var inner message
	fill(&inner)
	m.bytes(field, inner)
}
