//go:build js

package main

import "syscall/js"

func main() {
	e := new(engine)
	js.Global().Call("onSegmenterEngine", e.object())
	select {}
}
