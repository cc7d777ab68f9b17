#!/usr/bin/env bash
# Builds, serves and tests the project. Needs Go 1.21 or later, which fetches
# the version that go.mod names; the tests also need Node.js, npm and Chromium.
set -euo pipefail
cd "$(dirname "$0")"

# What is tested in WebAssembly too: everything that the engine is made of.
engine_packages=(./compute/... ./model ./modelfile/... ./photo ./quant ./wasm)
# What is tested on Cloudflare's runtime too: first visits, threads, what is kept
# offline, other hosts, and the camera.
served_tests='^Test(FirstView|FirstPaint|DropPhoto|SubPath|ExamplePage|ThreadsOfPage|Offline|Repair|Free|BareHost|ForeignRequests|LiveExample)$'
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

usage() {
	cat <<-'END'
		usage: ./build.sh COMMAND

		  serve [-addr HOST:PORT]   build the site and serve it on localhost
		  build                     make the static site in dist/site/; after that,
		                            'go build -o segmenter .' makes one program that holds it
		  release [-check]          make what people install in dist/release/: the site, the
		                            library for npm, and the command line for six platforms;
		                            -check makes it twice, the second time without anything
		                            that is left of the first, and compares
		  worker                    make the worker for Cloudflare in dist/worker/, and fetch what
		                            deploys it (docs/deploy.md)
		  test                      run every check and test
		  bench [FLAGS]             time this project against onnxruntime-web and LiteRT.js
		                            in Chromium; writes docs/benchmarks.md (-h lists the flags)
		  bench gpu                 test and time the GPU without a browser

		With CI=true, tests fail rather than skip where Node.js, npm, Chromium, nginx, Caddy,
		Pillow or cjpeg is missing.
	END
}

fail() {
	printf '%s\n' "$*" >&2
	exit 1
}

setup_go() {
	command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin
	command -v go >/dev/null ||
		fail "Go is missing: install 1.21 or later from https://go.dev/dl/, which unpacks to /usr/local/go."
	export GOTOOLCHAIN=go1.27.4 GOEXPERIMENT=simd
	go version >/dev/null || fail "Go could not fetch the toolchain $GOTOOLCHAIN: check the network and GOPROXY." \
		"Go before 1.21 cannot fetch any: see https://go.dev/dl/."
}

build_site() {
	go run ./site/build
}

# build_release FOLDER [FLAGS] builds the site anew, so that nothing of an
# earlier one is left, and packs it.
build_release() {
	find dist/site -mindepth 1 ! -name .keep -delete
	build_site
	go run ./site/release -o "$@"
}

check_release() {
	again=$(mktemp -d)
	trap 'rm -rf "$again"' EXIT
	step "Again, with an empty build cache"
	(export GOCACHE=$again/cache && build_release "$again/release")
	diff -r dist/release "$again/release" ||
		fail "The second release is not the first: something in it depends on when or where it was made."
	step "Both are the same"
}

step() { printf '\n== %s\n' "$*"; }

# has NAME PACKAGE COMMAND… tells whether one of the commands is there.
has() {
	local name=$1 package=$2 command
	shift 2
	for command in "$@"; do
		[ -z "$command" ] || ! command -v "$command" >/dev/null || return 0
	done
	[ "${CI:-}" != true ] || fail "$name is missing: install it, on Debian with 'apt install $package'."
	printf "skipped: %s is missing; on Debian, 'apt install %s' adds it\n" "$name" "$package"
	return 1
}

has_node() { has Node.js nodejs node; }
has_npm() { has_node && has npm npm npm; }
has_chromium() { has Chromium chromium "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable chrome; }

wasm() { GOOS=js GOARCH=wasm "$@"; }

check_sources() {
	local unformatted
	unformatted=$(gofmt -l .)
	[ -z "$unformatted" ] || fail "gofmt these files: $unformatted"
	go vet ./...
	GOEXPERIMENT='' go vet ./...
	wasm go vet "${engine_packages[@]}" ./bench/gpu ./worker
	GOBIN=$tools go install $staticcheck
	"$tools/staticcheck" ./...
	wasm "$tools/staticcheck" "${engine_packages[@]}" ./bench/gpu ./worker
	wasm go vet -tags webgpu ./wasm
	wasm "$tools/staticcheck" -tags webgpu ./wasm
}

# The wasm runtime of Go has 8 kB for arguments and variables together, so it
# gets only the variables that it needs.
# What takes longest and has the same kernels in Chromium is left to that.
test_in_node() {
	wasm go test -exec "env -i PATH=$PATH $(command -v node || command -v nodejs) $PWD/e2e/wasmnode/run.mjs $(go env GOROOT)" -skip "^Test(Golden|Smoothing)$" "${engine_packages[@]}"
}

test_in_chromium() {
	go build -o "$tools/wasmbrowser" ./e2e/wasmbrowser
	wasm go test -run '^(Test|Fuzz)' -exec "$tools/wasmbrowser" "${engine_packages[@]}"
	wasm go test -run GPU -tags webgpu -exec "$tools/wasmbrowser" ./wasm
}

# end_to_end is everything under e2e/, one package after the other, since each
# starts a browser. What is tested is the site, which the go command does not
# know to have changed: hence -count=1.
end_to_end() { go test -v -p 1 -count=1 $(go list ./e2e/... | grep -v /edge); }

# on_cloudflare holds the worker against the server of this machine, and has the
# page use it: the tests in which what the server sends matters.
on_cloudflare() {
	go test -v -count=1 ./e2e/edge
	if has_chromium; then
		E2E_UPSTREAM=worker go test -v -count=1 -run "$served_tests" ./e2e
	fi
}

run_tests() {
	tools=$(mktemp -d)
	trap 'rm -rf "$tools"' EXIT

	step "Format, vet, staticcheck"
	check_sources
	step "Go tests"
	go test $(go list ./... | grep -v /e2e)
	step "Go tests without SIMD"
	GOEXPERIMENT='' go test ./compute/...
	step "Go tests of what runs at the same time, with the race detector"
	go test -race -short -run 'Ranks|Operations|Classify' ./compute/... ./model
	go test -race ./site/...
	step "Go tests in WebAssembly, in Node.js"
	if has_node; then test_in_node; fi
	step "Go tests in WebAssembly, in Chromium"
	if has_chromium; then test_in_chromium; fi
	step "The site in Chromium"
	if has_chromium; then
		if has_npm; then (fetch_packages e2e) || [ "${CI:-}" != true ] || exit 1; fi
		end_to_end
	fi
	step "The site on Cloudflare's runtime"
	if has_npm; then
		(fetch_packages worker) || [ "${CI:-}" != true ] || exit 1
		if [ -d worker/node_modules ]; then on_cloudflare; fi
	fi
	step "All passed"
}

# fetch_packages DIRECTORY has npm fetch what its package.json names. It does so
# again only when others are pinned.
fetch_packages() {
	has_npm || exit 1
	[ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] ||
		(cd "$1" && npm ci --ignore-scripts --no-audit --no-fund) ||
		fail "npm could not fetch what $1/package.json names: check the network and npm's registry."
}

# bench_gpu runs the engine's Go and shaders under Node.js with Dawn: first the
# operations' tests, then a frame.
bench_gpu() {
	program=$(mktemp)
	trap 'rm -f "$program"' EXIT
	local -a node=(env -i "PATH=$PATH" "DAWN_OPTIONS=${DAWN_OPTIONS:-}")
	local variable
	for variable in VK_ICD_FILENAMES VK_DRIVER_FILES LD_LIBRARY_PATH XDG_RUNTIME_DIR; do
		[ -z "${!variable:-}" ] || node+=("$variable=${!variable}")
	done
	node+=("$(command -v node || command -v nodejs)" --import "$PWD/bench/gpu/dawn.mjs" "$PWD/e2e/wasmnode/run.mjs" "$(go env GOROOT)")
	step "The operations, against the reference"
	wasm go test -count=1 -exec "${node[*]}" ./compute/webgpu
	step "A frame"
	wasm go build -o "$program" ./bench/gpu
	"${node[@]}" "$program"
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
	echo "The site is in dist/site/; 'go build -o segmenter .' makes one program that holds and serves it."
	;;
release)
	setup_go
	build_release dist/release
	if [ "${2:-}" = -check ]; then check_release; fi
	;;
worker)
	setup_go
	build_site
	go run ./worker/build
	fetch_packages worker
	echo "The worker is in dist/worker/; docs/deploy.md says how to deploy it."
	;;
test)
	setup_go
	run_tests
	;;
bench)
	setup_go
	if [ "${2:-}" = gpu ]; then
		fetch_packages bench/gpu
		bench_gpu
		exit
	fi
	has_chromium || exit 1
	fetch_packages bench
	build_site
	exec go run ./bench "${@:2}"
	;;
-h | --help | help)
	usage
	;;
*)
	usage >&2
	exit 2
	;;
esac
