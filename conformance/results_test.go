package conformance

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write RESULTS.md instead of comparing it")

// results is what a whole run found.
type results struct {
	rows    []row
	unknown []adapter // SDKs of providers that are not in barb's catalogue
}

// row is how one SDK judged.
type row struct {
	adapter
	cases int
	notes []string
}

// providers are those that at least one SDK judged in at least one case.
func (r *results) providers() int {
	seen := map[string]bool{}
	for _, row := range r.rows {
		if row.cases > 0 {
			seen[row.Provider] = true
		}
	}
	return len(seen)
}

func (r *results) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# What the providers' own SDKs say

Written by `+"`make conformance UPDATE=1`"+`, and compared with what a run finds by `+"`make conformance`"+`: each SDK judged what the built barb
binary signed at that moment (valid, stale, from the future, tampered with, under a wrong secret, without a signature, in
rotation), and barb judged what the SDK signed where it can sign. Every verdict is the expected one but for the differences named.

%d providers judged by an SDK, with %d SDKs, in %d cases.

| provider | SDK | version | asked | cases | verdict |
|---|---|---|---|---|---|
`, r.providers(), len(r.rows), r.cases())
	slices.SortFunc(r.rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.SDK, b.SDK))
	})
	for _, row := range r.rows {
		fmt.Fprintf(&b, "| %s | %s | %s | `%s` | %d | %s |\n", row.Provider, row.SDK, row.Version, row.Function, row.cases, row.verdict())
	}
	if len(r.unknown) > 0 {
		b.WriteString("\nNot judged, since barb does not know the provider yet: " + strings.Join(names(r.unknown), ", ") + ".\n")
	}
	return b.String()
}

func (r *results) cases() int {
	n := 0
	for _, row := range r.rows {
		n += row.cases
	}
	return n
}

func (r row) verdict() string {
	return strings.Join(append([]string{"agrees"}, r.notes...), "; ")
}

func names(list []adapter) []string {
	var out []string
	for _, a := range list {
		out = append(out, a.Provider)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// check compares RESULTS.md with what was found, or writes it.
func (r *results) check(t *testing.T) {
	const file = "RESULTS.md"
	found := r.markdown()
	if *update {
		if err := os.WriteFile(file, []byte(found), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	committed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(committed) != found {
		t.Errorf("%s is not what this run found; make conformance UPDATE=1 and commit it\n%s", file, firstDifference(string(committed), found))
	}
}

func firstDifference(have, want string) string {
	old, now := strings.Split(have, "\n"), strings.Split(want, "\n")
	for i := range min(len(old), len(now)) {
		if old[i] != now[i] {
			return fmt.Sprintf("line %d\n- %s\n+ %s", i+1, old[i], now[i])
		}
	}
	return fmt.Sprintf("%d lines instead of %d", len(old), len(now))
}
