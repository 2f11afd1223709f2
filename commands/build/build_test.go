package build

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestABuildSaysItsCommitAndDate(t *testing.T) {
	info := from("v1.2.3", &debug.BuildInfo{Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.time", Value: "2026-01-20T14:32:00Z"},
		{Key: "vcs.modified", Value: "true"}}})
	want := "barb v1.2.3  commit 0123456789ab (modified)  2026-01-20T14:32:00Z  go"
	if !strings.HasPrefix(info.String(), want) {
		t.Errorf("%s, want %s…", info, want)
	}
}

func TestABuildWithoutARepositoryHasNoCommit(t *testing.T) {
	for _, built := range []*debug.BuildInfo{nil, {}} {
		if text := from("dev", built).String(); !strings.HasPrefix(text, "barb dev  go") {
			t.Error(text)
		}
	}
}
