package secret

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zalando/go-keyring"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/disk"
)

// Sink is where a listener keeps the secret that a handshake brings: the reference of --learn, "" for nowhere.
type Sink struct{ Ref string }

// CheckNew reads --learn. It refuses what is there already, before anything is received.
func (l *Sink) CheckNew(ref string) error {
	kind, name, _ := strings.Cut(ref, ":")
	l.Ref = ref
	switch {
	case ref == "":
		return nil
	case name == "" || kind != "file" && kind != "keyring":
		return fail.Usage("invalid --learn %q: choose keyring:NAME or file:PATH", ref).Hint("--learn keyring:asana")
	case kind == "file":
		return checkNewFile(name)
	}
	_, err := keyring.Get(Service, name)
	switch {
	case err == nil:
		return fail.Usage("--learn %s is in the keyring already", ref).Hintf("--secret %s uses it", ref)
	case errors.Is(err, keyring.ErrNotFound):
		return nil
	}
	return fail.Unsupported("the keyring cannot be used: %w", plain(err)).Hint("--learn file:PATH")
}

func checkNewFile(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fail.Usage("--learn file:%s: the file already exists", path).Hintf("--secret file:%s uses it", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fail.Usage("--learn file:%s: no such folder", path)
	}
	return nil
}

// Keep writes a secret to where --learn says.
func (l *Sink) Keep(brought sign.Secret) error {
	kind, name, _ := strings.Cut(l.Ref, ":")
	if kind == "keyring" {
		_, err := Set(name, string(brought.Key)) // it is there, listed or not
		return err
	}
	return disk.Create(name, append(slices.Clone(brought.Key), '\n'))
}
