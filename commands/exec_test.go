package commands

import (
	"slices"
	"testing"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/shell"
)

// A barb in the command finds the settings and the history of the listener, and no secret.
func TestACommandInheritsTheSettingsAndNoSecret(t *testing.T) {
	sh := &shell.Shell{File: &config.File{}}
	newRoot(sh, []string{"version"})
	sh.Finder.Getenv = func(string) string { return "s3cret" }
	if _, err := sh.Finder.Find(t.Context(), []string{"env:BARB_TIMEOUT"}); err != nil {
		t.Fatal(err)
	}
	sh.Environ = []string{"PATH=/bin", "BARB_SCHEME=stripe", "BARB_CONFIG=/barb.toml", "BARB_TRUST=1",
		"BARB_SECRET=s3cret",
		"BARB_TIMEOUT=s3cret", "BARB_TOKEN=s3cret", "BARB_DB=/before.db", "BARB_HOOK_ID=1", "BARB_EXEC_RUN=1 x"}
	want := []string{"PATH=/bin", "BARB_SCHEME=stripe", "BARB_CONFIG=/barb.toml", "BARB_TRUST=1", "BARB_DB=/before.db"}
	if got := sh.Inherited(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
