// Package needs skips tests whose programs this machine lacks. With CI=true in the
// environment, such tests fail instead.
package needs

import (
	"fmt"
	"os"
	"testing"
)

// mustRun reports whether tests fail if a program is missing.
func mustRun() bool { return os.Getenv("CI") == "true" }

// Check ends a test if missing is an error, which says what the test lacks.
func Check(t testing.TB, missing error) {
	t.Helper()
	switch {
	case missing == nil:
	case mustRun():
		t.Fatal(missing)
	default:
		t.Skip(missing)
	}
}

// Main is the TestMain of a package whose tests all need the same program. If missing
// is an error, it skips them or fails like [Check]. Otherwise it calls run and exits
// with its status.
func Main(m *testing.M, missing error, run func(m *testing.M) (status int, err error)) {
	if missing != nil && !mustRun() {
		fmt.Println("skipped:", missing)
		return
	}
	status, err := 1, missing
	if err == nil {
		status, err = run(m)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}
