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

var update = flag.Bool("update", false, "write what the judges say instead of comparing it")

// results are the results of a whole run.
type results struct{ rows []row }

// row is the result of one SDK.
type row struct {
	adapter
	cases       int
	differences []difference
	notes       []string
}

func (row) any() bool { return true }

// own reports whether the SDK was made for the provider, by the provider or by others. The other SDKs are libraries of
// a standard, used according to the provider's documentation.
func (r row) own() bool {
	switch r.SDK {
	case "jose", "http-message-signatures", "svix":
		return r.Provider == "svix"
	case "standardwebhooks", "github.com/standard-webhooks/standard-webhooks/libraries":
		return r.Provider == "standard-webhooks"
	case "github.com/svix/svix-webhooks":
		return r.Provider == "svix"
	case "github.com/google/go-github/v75":
		return strings.HasPrefix(r.Provider, "github")
	case "openai":
		return r.Provider == "openai"
	}
	return true
}

// providers counts the providers with at least one such SDK that judged at least one case.
func (r *results) providers(such func(row) bool) int {
	seen := map[string]bool{}
	for _, row := range r.rows {
		if row.cases > 0 && such(row) {
			seen[row.Provider] = true
		}
	}
	return len(seen)
}

func (r *results) markdown() string {
	var b strings.Builder
	all, own := r.providers(row.any), r.providers(row.own)
	fmt.Fprintf(&b, `# What the providers' own SDKs say

Written by `+"`make conformance UPDATE=1`"+`, and compared with what each run of `+"`make conformance`"+` finds. `+
		`Every SDK judged what the
built barb binary signed at that moment: fresh, stale, from the future, with odd bytes in the body, tampered with, under
a wrong secret, without its signature, and with the signatures of two secrets where the scheme has rotation. `+
		`Where an SDK
signs, barb judged that, as it was and tampered with. All verdicts were the expected ones but for the differences named.

%d providers judged by an SDK, in %d cases by %d adapters: %d by an SDK made for the provider, %d by a library of the
standard that the provider follows, called as its documentation says.

| provider | SDK | version | asked | cases | verdict |
|---|---|---|---|---|---|
`, all, r.cases(), len(r.rows), own, all-own)
	slices.SortFunc(r.rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.SDK, b.SDK))
	})
	for _, row := range r.rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %d | %s |\n", row.Provider, row.SDK, row.Version, row.asked(),
			row.cases, row.verdict())
	}
	return b.String()
}

func (r row) asked() string {
	if r.ByHand == "" {
		return "`" + r.Function + "`"
	}
	return "`" + r.Function + "`; by hand: " + r.ByHand
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

// check compares RESULTS.md with the results, or writes it.
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
		t.Errorf("%s is not what this run found; make conformance UPDATE=1 and commit it\n%s", file,
			firstDifference(string(committed), found))
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
