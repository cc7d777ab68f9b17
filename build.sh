#!/usr/bin/env bash
# Builds, serves and tests the project. Needs Go 1.21 or later, which fetches
# the version that go.mod names; the tests also need Node.js and Chromium.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
	cat <<-'END'
		usage: ./build.sh COMMAND

		  serve [-addr HOST:PORT]   build the site and serve it on localhost
		  build                     make the static site in dist/
		  test                      run every check and test
	END
}

fail() {
	printf '%s\n' "$*" >&2
	exit 1
}

setup_go() {
	command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin
	command -v go >/dev/null || fail "Go is missing: install it from https://go.dev/dl/ (1.21 or later) or with 'apt install golang-go'."
	export GOTOOLCHAIN=go1.27.4 GOEXPERIMENT=simd
	go version >/dev/null || fail "Go could not fetch the toolchain $GOTOOLCHAIN: check the network and GOPROXY."
}

build_site() {
	go run ./site/build -o dist
}

step() { printf '\n== %s\n' "$*"; }

# has COMMAND… tells whether one of the commands is there. In CI all must be.
has() {
	local name
	for name in "$@"; do
		command -v "$name" >/dev/null && return
	done
	[ "${CI:-}" != true ] || fail "$1 is missing: install it, for example with 'apt install ${1/node/nodejs}'."
	printf 'skipped: %s is missing\n' "$1"
	return 1
}

run_tests() {
	step "format and vet"
	local unformatted
	unformatted=$(gofmt -l .)
	[ -z "$unformatted" ] || fail "gofmt these files: $unformatted"
	go vet ./...
	GOEXPERIMENT='' go vet ./...
	GOOS=js GOARCH=wasm go vet ./compute/... ./model ./photo ./quant ./wasm
	go run honnef.co/go/tools/cmd/staticcheck@2026.1 ./... || fail "staticcheck found the above."

	step "Go tests"
	go test ./...
	step "Go tests without SIMD"
	GOEXPERIMENT='' go test ./compute/... 
	step "Go tests of ranks, with the race detector"
	go test -race -run 'Ranks|Operations|Classify' ./compute/... ./model

	if has node; then
		step "Go tests in WebAssembly, in Node.js"
		GOOS=js GOARCH=wasm go test -exec "$(go env GOROOT)/lib/wasm/go_js_wasm_exec" ./compute/... ./model ./photo ./quant ./wasm
	fi
}

case ${1:-} in
serve)
	setup_go
	build_site
	exec go run . "${@:2}"
	;;
build)
	setup_go
	build_site
	;;
test)
	setup_go
	run_tests
	;;
-h | --help | help)
	usage
	;;
*)
	usage >&2
	exit 2
	;;
esac
