package explain_test

import (
	"flag"
	"os"
	"testing"

	_ "pgregory.net/rapid" // whose flag it is
)

// TestMain has rapid check 40 mistakes, each explained; -rapid.checks and make soak say more.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "40"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
