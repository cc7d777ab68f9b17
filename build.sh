#!/usr/bin/env bash
# Builds, serves and tests the project. Needs Go 1.21 or later, which fetches the
# version in go.mod. The tests also need Node.js, npm and Chromium.
set -euo pipefail
cd "$(dirname "$0")"

# The engine's packages, which are tested in WebAssembly too.
engine_packages=(./compute/... ./model ./modelfile/... ./photo ./quant ./wasm)
# The e2e tests that also run on Cloudflare's runtime: first visits, threads,
# offline use, other hosts, the camera.
served_tests='^Test(FirstView|FirstPaint|DropPhoto|SubPath|ExamplePage|ThreadsOfPage|Offline|Repair|Free|BareHost|ForeignRequests|LiveExample)$'
# Tests that are slow and rarely break; SLOW=1 has ./build.sh test run them too.
slow_tests='^Test(CancelSlowPhoto|FailedSaves|FramesAreClosed|LiveWebGPU|WidthsWebGPU)$'
[ -z "${SLOW:-}" ] || slow_tests='^$'
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

usage() {
	cat <<-'END'
		usage: ./build.sh COMMAND

		  serve [-addr HOST:PORT]   build the site and serve it on localhost
		  build [-models FOLDER]    build the static site in dist/site/, with more models to choose
		                            from; then 'go build -o segmenter .' makes one program that
		                            contains it
		  release [-check]          build what people install in dist/release/: the site, the
		                            library for npm, and the command line for six platforms;
		                            -check builds it again from scratch and compares
		  worker                    build the worker for Cloudflare in dist/worker/, and fetch the
		                            tools that deploy it (docs/deploy.md)
		  test                      run every check and test; SLOW=1 adds a few that take minutes
		  bench [FLAGS]             time this project against onnxruntime-web and LiteRT.js
		                            in Chromium; writes docs/benchmarks.md (-h lists the flags)
		  bench gpu                 test and time the GPU without a browser

		If Node.js, npm, Chromium, Firefox, WebKitGTK, nginx, Caddy, Pillow or cjpeg is missing,
		the tests that need it are skipped. With CI=true they fail.
	END
}

fail() {
	printf '%s\n' "$*" >&2
	exit 1
}

setup_go() {
	command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin
	command -v go >/dev/null ||
		fail "Go is missing: install 1.21 or later from https://go.dev/dl/ in /usr/local/go, or add it to PATH."
	export GOTOOLCHAIN=go1.27.4 GOEXPERIMENT=simd
	go version >/dev/null || fail "Go could not fetch the toolchain $GOTOOLCHAIN: check the network and GOPROXY." \
		"Go before 1.21 cannot fetch toolchains: install a later one from https://go.dev/dl/."
}

# build_site [FLAGS] builds dist/site/.
build_site() {
	go run ./site/build "$@"
}

# build_release FOLDER [FLAGS] builds the site from scratch and packs it.
build_release() {
	find dist/site -mindepth 1 ! -name .keep -delete
	build_site
	go run ./site/release -o "$@"
}

check_release() {
	again=$(mktemp -d)
	trap 'rm -rf "$again"' EXIT
	step "Build the release again, with an empty build cache"
	(export GOCACHE=$again/cache && build_release "$again/release")
	diff -r dist/release "$again/release" ||
		fail "The two releases differ: something in them depends on when or where they were built."
	step "Both releases are the same"
}

step() { printf '\n== %s\n' "$*"; }

# has NAME PACKAGE COMMAND… checks whether one of the commands exists.
has() {
	local name=$1 package=$2 command
	shift 2
	for command in "$@"; do
		[ -z "$command" ] || ! command -v "$command" >/dev/null || return 0
	done
	[ "${CI:-}" != true ] || fail "$name is missing: install it, on Debian with 'apt install $package'."
	printf "skipped: %s is missing; on Debian, install it with 'apt install %s'\n" "$name" "$package"
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
	wasm go vet "${engine_packages[@]}" ./wasm/annotator ./wasm/importer ./wasm/internal/... ./wasm/teacher ./bench/gpu ./worker
	GOBIN=$tools go install $staticcheck
	"$tools/staticcheck" ./...
	wasm "$tools/staticcheck" "${engine_packages[@]}" ./wasm/annotator ./wasm/importer ./wasm/internal/... ./wasm/teacher ./bench/gpu ./worker
	wasm go vet -tags webgpu ./wasm
	wasm "$tools/staticcheck" -tags webgpu ./wasm
}

test_javascript() { "$(command -v node || command -v nodejs)" --test web/tests/*.test.js; }

# Go's wasm runtime allows 8 kB for arguments and variables together, so env -i
# passes only PATH. The skipped tests are the slowest; Chromium runs them with the
# same kernels.
test_in_node() {
	wasm go test -exec "env -i PATH=$PATH $(command -v node || command -v nodejs) $PWD/e2e/wasmnode/run.mjs $(go env GOROOT)" -skip "^Test(Golden|Smoothing|Taught|Inner|Probabilities|Quantised|Widths)$" "${engine_packages[@]}"
}

test_in_chromium() {
	go build -o "$tools/wasmbrowser" ./e2e/wasmbrowser
	wasm go test -run '^(Test|Fuzz)' -skip "$slow_tests" -exec "$tools/wasmbrowser" "${engine_packages[@]}"
	wasm go test -run GPU -tags webgpu -exec "$tools/wasmbrowser" ./wasm
}

# end_to_end runs the packages under e2e/ one after the other, since each starts a
# browser. -count=1 because Go's test cache does not notice changes of the site.
end_to_end() { go test -v -p 1 -count=1 -timeout 30m -skip "$slow_tests" $(go list ./e2e/... | grep -v /edge); }

# on_cloudflare compares the worker with the Go server, then runs the e2e tests that
# depend on the server against the worker.
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
	step "Go tests of concurrent code, with the race detector"
	go test -race -short -run 'Ranks|Operations|Classify|TrainingRepeats|Resume' ./compute/... ./model ./train
	go test -race ./site/...
	step "JavaScript unit tests"
	if has_node; then test_javascript; fi
	step "Go tests in WebAssembly, in Chromium, and in Node.js meanwhile"
	local node=''
	if has_node; then
		test_in_node >"$tools/node.log" 2>&1 &
		node=$!
	fi
	if has_chromium; then test_in_chromium; fi
	if [ -n "$node" ]; then
		wait "$node" || fail "In Node.js: $(cat "$tools/node.log")"
		cat "$tools/node.log"
	fi
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

# fetch_packages DIRECTORY installs the npm packages of its package.json, unless they
# are newer than the lock file.
fetch_packages() {
	has_npm || exit 1
	[ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] ||
		(cd "$1" && npm ci --ignore-scripts --no-audit --no-fund) ||
		fail "npm could not fetch the packages of $1/package.json: check the network and npm's registry."
}

# bench_gpu runs the engine's Go code and shaders in Node.js with Dawn: first the
# tests of the operations, then a frame.
bench_gpu() {
	program=$(mktemp)
	trap 'rm -f "$program"' EXIT
	local -a node=(env -i "PATH=$PATH" "DAWN_OPTIONS=${DAWN_OPTIONS:-}")
	local variable
	for variable in VK_ICD_FILENAMES VK_DRIVER_FILES LD_LIBRARY_PATH XDG_RUNTIME_DIR; do
		[ -z "${!variable:-}" ] || node+=("$variable=${!variable}")
	done
	node+=("$(command -v node || command -v nodejs)" --import "$PWD/bench/gpu/dawn.mjs" "$PWD/e2e/wasmnode/run.mjs" "$(go env GOROOT)")
	step "The operations, compared with the reference"
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
	build_site "${@:2}"
	echo "The site is in dist/site/; 'go build -o segmenter .' makes one program that contains and serves it."
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
