package field

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// In a canonical name nothing is left to replace.
func TestACanonicalNameIsReplacedWhole(t *testing.T) {
	t.Parallel()
	parts := []rune("aZ_.[] 0\x00\té")
	all := strings.NewReplacer(".", "_", " ", "_", "[", "_", "]", "")
	for range 20_000 {
		name := make([]rune, rand.IntN(8))
		for i := range name {
			name[i] = parts[rand.IntN(len(parts))]
		}
		if got := canonical(string(name)); got != all.Replace(got) {
			t.Fatalf("%q is %q", string(name), got)
		}
	}
}
