package config

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
)

func TestTheDocsExplainEveryKeyAndNoOther(t *testing.T) {
	page, err := os.ReadFile("../../docs/schemes.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## The keys")
	table, _, _ = strings.Cut(table, "What can stand in")
	var explained, keys []string
	for _, match := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\|").FindAllStringSubmatch(table, -1) {
		explained = append(explained, match[1])
	}
	for key := range schemeKeys(new(sign.Scheme)) {
		keys = append(keys, key)
	}
	slices.Sort(explained)
	slices.Sort(keys)
	if !slices.Equal(explained, keys) {
		t.Errorf("explained: %v\nthere are: %v", explained, keys)
	}
}
