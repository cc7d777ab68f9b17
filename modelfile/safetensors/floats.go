package safetensors

import (
	"encoding/binary"
	"unsafe"
)

// isLittleEndian: a float in memory has the bytes that it has in a file.
var isLittleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// memory returns the bytes of the values, in the order of this machine.
func memory(values []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), 4*len(values))
}

// ReadFloats fills dst with values of a float type that lie one after the other from a byte on.
// read fills p with the bytes at a place.
func ReadFloats(dst []float32, d DType, at int64, read func(p []byte, at int64) error) error {
	if d == F32 && isLittleEndian {
		return read(memory(dst), at)
	}
	size := d.Size()
	p := make([]byte, min(chunk, len(dst)*size))
	for len(dst) > 0 {
		n := min(len(dst), len(p)/size)
		if err := read(p[:n*size], at); err != nil {
			return err
		}
		Decode(dst[:n], p[:n*size], d)
		dst, at = dst[n:], at+int64(n*size)
	}
	return nil
}
