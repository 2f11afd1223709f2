package discover_test

import (
	"flag"
	"os"
	"testing"

	_ "pgregory.net/rapid" // whose flag it is
)

// TestMain has rapid check 25 recipes, each a search; -rapid.checks and make soak say more.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
