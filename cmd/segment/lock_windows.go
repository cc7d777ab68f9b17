package main

import (
	"os"
	"syscall"
	"unsafe"
)

var lockFileEx = syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")

// lock locks the file's first byte.
func lock(f *os.File) error {
	const exclusive, immediately = 2, 1
	var at syscall.Overlapped
	if ok, _, err := lockFileEx.Call(f.Fd(), exclusive|immediately, 0, 1, 0, uintptr(unsafe.Pointer(&at))); ok == 0 {
		return err
	}
	return nil
}
