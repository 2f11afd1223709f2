package flags_test

import (
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/flags"
)

func TestAHintRepeatsTheCommandLineWithoutItsSecret(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"verify a.json":                                  "barb verify a.json -s github",
		"verify -s auto a.json":                          "barb verify a.json -s github",
		"verify -sauto a.json":                           "barb verify a.json -s github",
		"verify --scheme=auto --scheme stripe":           "barb verify -s github",
		"verify --secret env:A --secret=literal":         "barb verify --secret env:A --secret env:NAME -s github",
		"send --secret literal --secret - $x":            "barb send --secret env:NAME --secret - '$x' -s github",
		"listen --scheme":                                "barb listen -s github",
		"sign " + strings.Repeat("x", 240):               "barb sign … -s github",
		"--config " + strings.Repeat("x", 240) + " send": "barb send … -s github",
	} {
		if got := flags.Retyped(strings.Fields(line), "github"); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}
