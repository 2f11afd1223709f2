package commands

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/zalando/go-keyring"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/handshake"
)

// learning is what a listener does with the secrets that handshakes bring. The first one holds: whoever comes later may be
// anybody, since a handshake is not signed.
type learning struct {
	mu     sync.Mutex
	ref    string // of --learn
	kept   bool   // the secret is where ref says
	learnt map[*lane]string
}

// into reads --learn. It refuses what is there already, before anything is received.
func (l *learning) into(ref string) error {
	kind, name, _ := strings.Cut(ref, ":")
	l.ref, l.learnt = ref, map[*lane]string{}
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

// learn takes a secret: into --learn, and for the checks of the lane when it has none yet.
func (g *gateway) learn(l *lane, id int64, h handshake.Handshake, secret sign.Secret) error {
	if v := l.verifier.Load(); v != nil && !v.Auto {
		if err := v.Scheme.CheckSecret(secret, false); err != nil { // a public key, say, that anybody could then sign with
			return detailOf(err)
		}
	}
	g.learning.mu.Lock()
	defer g.learning.mu.Unlock()
	before, again := g.learning.learnt[l]
	if again {
		if before != string(secret.Key) {
			g.note("warning: %d handshake %s brings another secret than the first one; it is not taken", id, h.Name)
		}
		return nil
	}
	keeps := g.learning.ref != "" && !g.learning.kept
	if keeps {
		if err := g.learning.keep(secret); err != nil {
			return err
		}
		g.learning.kept = true
	}
	g.learning.learnt[l] = string(secret.Key)
	checks := l.takeSecret(h, secret)
	g.tellLearnt(l, id, h, secret, keeps, checks)
	return nil
}

// takeSecret has the lane check with the secret, unless it has another one or does not check this scheme.
func (l *lane) takeSecret(h handshake.Handshake, secret sign.Secret) bool {
	v := l.verifier.Load()
	if v == nil || v.Auto || len(v.Secrets) > 0 || v.Scheme.Handshake != h.Name {
		return false
	}
	with := *v
	with.Secrets = []sign.Secret{secret}
	l.verifier.Store(&with)
	return true
}

// shownOfSecret is how many characters of a learnt secret are shown, for a person to know it again. It has sixteen at least.
const shownOfSecret = 4

func (g *gateway) tellLearnt(l *lane, id int64, h handshake.Handshake, secret sign.Secret, kept, checks bool) {
	what := fmt.Sprintf("%d handshake %s brings the secret %s…", id, h.Name, secret.Key[:shownOfSecret])
	if checks {
		what += ", checked with from now on"
	}
	v := l.verifier.Load()
	switch {
	case kept:
		g.suggest("%s; kept: --secret %s", what, g.learning.ref)
	case !checks && v != nil && v.Scheme.Handshake == h.Name && len(v.Secrets) > 0:
		g.suggest("%s, which is not taken: webhooks are checked with %s", what, v.Secrets[0].Name)
	default:
		g.suggest("%s; it is not in the history and gone when this listener ends. To keep the next one: barb listen %s --learn keyring:%s (or file:PATH)", what, l.flagFor(h), h.Name)
	}
}
