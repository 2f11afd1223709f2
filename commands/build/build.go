// Package build says what this program was built from.
package build

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// Info is what is known of the build. Its JSON names are those of barb version --json.
type Info struct {
	Version  string `json:"version"`            // of the module, or dev
	Commit   string `json:"commit,omitempty"`   // in hex; "" where the build had no repository
	Date     string `json:"date,omitempty"`     // of the commit, RFC 3339
	Modified bool   `json:"modified,omitempty"` // the sources differed from the commit
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

// Read returns the build of this program, under the version that it calls itself.
func Read(version string) Info {
	built, _ := debug.ReadBuildInfo()
	return from(version, built)
}

// from takes the commit and its date out of what Go has written into the program, which may be nil.
func from(version string, built *debug.BuildInfo) Info {
	info := Info{Version: version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if built == nil {
		return info
	}
	for _, s := range built.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Commit = s.Value
		case "vcs.time":
			info.Date = s.Value
		case "vcs.modified":
			info.Modified = s.Value == "true"
		}
	}
	return info
}

// String returns the line of barb version.
func (i Info) String() string {
	parts := []string{"barb " + i.Version}
	if i.Commit != "" {
		commit := "commit " + i.Commit[:min(12, len(i.Commit))]
		if i.Modified {
			commit += " (modified)"
		}
		parts = append(parts, commit)
	}
	if i.Date != "" {
		parts = append(parts, i.Date)
	}
	return strings.Join(append(parts, i.Go+" "+i.OS+"/"+i.Arch), "  ")
}
