package commands

import (
	"slices"
	"testing"

	"github.com/barbhq/barb/commands/config"
)

// A barb in the command finds the settings and the history of the listener, and no secret.
func TestACommandInheritsTheSettingsAndNoSecret(t *testing.T) {
	sh := &shell{file: &config.File{}}
	newRoot(sh, []string{"version"})
	sh.finder.Getenv = func(string) string { return "s3cret" }
	if _, err := sh.finder.Find(t.Context(), []string{"env:BARB_TIMEOUT"}); err != nil {
		t.Fatal(err)
	}
	sh.Environ = []string{"PATH=/bin", "BARB_SCHEME=stripe", "BARB_CONFIG=/barb.toml", "BARB_TRUST=1",
		"BARB_SECRET=s3cret",
		"BARB_TIMEOUT=s3cret", "BARB_TOKEN=s3cret", "BARB_DB=/before.db", "BARB_HOOK_ID=1", "BARB_EXEC_RUN=1 x"}
	want := []string{"PATH=/bin", "BARB_SCHEME=stripe", "BARB_CONFIG=/barb.toml", "BARB_TRUST=1", "BARB_DB=/before.db"}
	if got := sh.inherited(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
