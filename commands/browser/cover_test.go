//go:build unix

package browser_test

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/browser"
)

func TestACoveredAddressIsInAFileOfTheUser(t *testing.T) {
	t.Parallel()
	for range 2 { // the second replaces the first
		shown, err := browser.Cover(t.TempDir(), `http://127.0.0.1:1/w/1?code=SECRET&q="><script>`)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(shown, "SECRET") || !strings.HasPrefix(shown, "file:///") {
			t.Errorf("the arguments have %s", shown)
		}
		at, err := url.Parse(shown)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(at.Path)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%v %v", info.Mode(), err)
		}
		text, _ := os.ReadFile(at.Path)
		want := `url=http://127.0.0.1:1/w/1?code=SECRET&amp;q=&#34;&gt;&lt;script&gt;"`
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}
