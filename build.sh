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

# in_wasm RUNNER PACKAGE… tests packages in WebAssembly.
in_wasm() {
	GOOS=js GOARCH=wasm go test -exec "$1" "${@:2}"
}

run_tests() {
	step "Format, vet, staticcheck"
	local unformatted
	unformatted=$(gofmt -l .)
	[ -z "$unformatted" ] || fail "These files are not as gofmt writes them: $unformatted"
	go vet ./...
	GOEXPERIMENT='' go vet ./...
	GOOS=js GOARCH=wasm go vet ./compute/... ./model ./photo ./quant ./wasm
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

	step "Go tests"
	# shellcheck disable=SC2046 # package paths hold no spaces
	go test $(go list ./... | grep -v /e2e)
	GOEXPERIMENT='' go test ./compute/...
	go test -race -run 'Ranks|Operations|Classify' ./compute/cpu ./model

	if has node; then
		step "Go tests in WebAssembly, in Node.js"
		in_wasm "$(go env GOROOT)/lib/wasm/go_js_wasm_exec" ./compute/cpu ./model ./photo ./quant ./wasm
	fi
	if has chromium chromium-browser google-chrome; then
		step "The page, in Chromium"
		go test -timeout 15m ./e2e/...

		step "Go tests in WebAssembly, in Chromium"
		local folder
		folder=$(mktemp -d)
		# shellcheck disable=SC2064 # the folder of now
		trap "rm -r '$folder'" EXIT
		go build -o "$folder/wasmbrowser" ./e2e/wasmbrowser
		in_wasm "$folder/wasmbrowser" ./compute/cpu ./quant ./photo
		in_wasm "$folder/wasmbrowser" -run 'Golden|Quantised' ./model
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
