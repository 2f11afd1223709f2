package commands

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zalando/go-keyring"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/sign"
)

// learning is where a listener keeps the secret that a handshake brings: the reference of --learn, "" for nowhere.
type learning struct{ ref string }

// into reads --learn. It refuses what is there already, before anything is received.
func (l *learning) into(ref string) error {
	kind, name, _ := strings.Cut(ref, ":")
	l.ref = ref
	switch {
	case ref == "":
		return nil
	case name == "" || kind != "file" && kind != "keyring":
		return fail.Usage("--learn %q is neither keyring:NAME nor file:PATH", ref).Hint("--learn keyring:asana")
	case kind == "file":
		return checkNewFile(name)
	}
	_, err := keyring.Get(keyringOf, name)
	switch {
	case err == nil:
		return fail.Usage("--learn %s is in the keyring already", ref).Hintf("--secret %s uses it", ref)
	case errors.Is(err, keyring.ErrNotFound):
		return nil
	}
	return fail.Unsupported("the keyring cannot be used: %w", err).Hint("--learn file:PATH")
}

func checkNewFile(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fail.Usage("--learn file:%s is there already", path).Hintf("--secret file:%s uses it", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fail.Usage("--learn file:%s: there is no such folder", path)
	}
	return nil
}

// keep writes a secret to where --learn says.
func (l *learning) keep(secret sign.Secret) error {
	kind, name, _ := strings.Cut(l.ref, ":")
	if kind == "keyring" {
		return keyring.Set(keyringOf, name, string(secret.Key))
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(slices.Clone(secret.Key), '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(name)
	}
	return err
}
