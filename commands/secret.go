package commands

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign"
)

const (
	maxSecret     = 64 << 10
	keyringOf     = "barb" // the service under which keyring: entries are kept
	commandLimit  = 60 * time.Second
	referenceHelp = "--secret env:NAME, file:PATH, cmd:COMMAND, keyring:NAME or - (stdin)"
)

// isReference reports whether s says where a secret is, not what it is.
func isReference(s string) bool {
	return slices.ContainsFunc([]string{"env:", "file:", "cmd:", "keyring:"}, func(prefix string) bool {
		return strings.HasPrefix(s, prefix) && len(s) > len(prefix)
	})
}

// secretRefs are the references a command uses: its flags, else its route's, else BARB_SECRET.
func (sh *shell) secretRefs(flags []string, r *route.Route) []string {
	switch {
	case len(flags) > 0:
		return flags
	case r != nil && len(r.Secrets) > 0:
		return r.Secrets
	case sh.Getenv("BARB_SECRET") != "":
		return []string{"env:BARB_SECRET"}
	}
	return nil
}

// secrets resolves references. What it returns is the only place where barb holds a secret.
func (sh *shell) secrets(ctx context.Context, refs []string) ([]sign.Secret, error) {
	pending := make([]*resolved, len(refs))
	for i, ref := range refs { // before any is resolved: no secret's command gets the variable of another
		pending[i] = sh.resolving(ref)
	}
	out := make([]sign.Secret, 0, len(refs))
	for i, ref := range refs {
		one, err := pending[i].get(func() (sign.Secret, error) { return sh.resolve(ctx, ref) })
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	if _, err := sh.configuration(); err != nil {
		return nil, err
	}
	sh.redactor.Add(out...)
	return out, nil
}

// secretsSeen are the references that a run has met.
type secretsSeen struct {
	mu    sync.Mutex // held for moments
	all   map[string]*resolved
	named []string // variables that env: references name
}

// resolved is a secret that is resolved once: stdin can be read once, and a command may ask for a password.
type resolved struct {
	mu     sync.Mutex // held while it is resolved, which may take long
	done   bool
	secret sign.Secret
}

// resolving returns the secret of a reference, to be resolved once.
func (sh *shell) resolving(ref string) *resolved {
	sh.seen.mu.Lock()
	defer sh.seen.mu.Unlock()
	if name, ok := strings.CutPrefix(ref, "env:"); ok {
		sh.seen.named = append(sh.seen.named, name)
	}
	r := sh.seen.all[ref]
	if r == nil {
		r = &resolved{}
		if sh.seen.all == nil {
			sh.seen.all = map[string]*resolved{}
		}
		sh.seen.all[ref] = r
	}
	return r
}

// get returns the secret, which resolve finds unless that was done before. Only those wait who need this secret.
func (r *resolved) get(resolve func() (sign.Secret, error)) (secret sign.Secret, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.done {
		if r.secret, err = resolve(); err != nil {
			return secret, err
		}
		r.done = true
	}
	return r.secret, nil
}

// resolve finds a secret by its reference and refuses what can be none.
func (sh *shell) resolve(ctx context.Context, ref string) (sign.Secret, error) {
	key, name, err := sh.secret(ctx, ref)
	switch {
	case err != nil:
		return sign.Secret{}, err
	case len(strings.TrimSpace(string(key))) == 0:
		return sign.Secret{}, fail.Usage("secret %s is empty", name).Hint(referenceHelp)
	case string(key) == "whsec_":
		return sign.Secret{}, fail.Usage("secret %s is only the prefix whsec_; its key is empty", name)
	}
	return sign.Secret{Name: name, Key: key}, nil
}

// secret returns the bytes behind a reference and the name it may be shown by.
func (sh *shell) secret(ctx context.Context, ref string) (key []byte, name string, err error) {
	kind, rest, _ := strings.Cut(ref, ":")
	switch {
	case ref == "":
		return nil, "", fail.Usage("--secret is empty").Hint(referenceHelp)
	case ref == "-":
		key, err = infile.ReadAll(sh.In, maxSecret, "the secret on stdin")
		if err == nil {
			key, err = trimSecret(key, "the secret on stdin")
		}
		return key, "stdin", err
	case !isReference(ref) && slices.Contains([]string{"env", "file", "cmd", "keyring"}, kind) && rest == "":
		return nil, "", fail.Usage("--secret %s names nothing", ref).Hint(referenceHelp)
	case !isReference(ref):
		if !sh.literal {
			sh.literal = true
			sh.warn("a literal --secret can be read by other users in the process list; use env:NAME, file:PATH or cmd:COMMAND")
		}
		return []byte(ref), "literal", nil
	case kind == "env":
		value := sh.Getenv(rest)
		if value == "" {
			return nil, "", fail.Usage("secret env:%s: the variable is not set or empty", rest).Hintf("export %s=…", rest)
		}
		return []byte(value), ref, nil
	case kind == "file":
		key, err = readSecretFile(rest)
		return key, ref, err
	case kind == "keyring":
		value, err := keyring.Get(keyringOf, rest)
		return []byte(value), ref, keyringError(rest, err)
	}
	key, err = sh.secretFromCommand(ctx, rest)
	return key, "cmd:…", err // the command line itself may hold a secret
}

func readSecretFile(path string) ([]byte, error) {
	f, err := infile.Open(path)
	if err != nil {
		return nil, fail.Usage("secret file:%w", err)
	}
	defer f.Close()
	key, err := infile.ReadAll(f, maxSecret, path)
	if err != nil {
		return nil, err
	}
	return trimSecret(key, path)
}

// trimSecret is a secret as it stands in a file: without the byte order mark and the line end of an editor.
func trimSecret(data []byte, what string) ([]byte, error) {
	data, err := infile.PlainText(data, what)
	return trimNewline(data), err
}

// trimNewline takes one trailing newline off, as an editor leaves it, and nothing else.
func trimNewline(key []byte) []byte {
	if trimmed, ok := bytes.CutSuffix(key, []byte("\r\n")); ok {
		return trimmed
	}
	return bytes.TrimSuffix(key, []byte("\n"))
}

func keyringError(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return fail.Usage("secret keyring:%s is not in the keyring", name).
			Hintf("barb secret set %s", name)
	}
	return fail.Unsupported("the keyring cannot be used: %w", err).Hint("use env:, file: or cmd: instead")
}

// secretFromCommand runs the user's own command line in the user's shell and takes its stdout. The command gets the
// environment without the secrets that barb was told of, its stderr is shown, and it has a minute, for a password prompt.
func (sh *shell) secretFromCommand(ctx context.Context, command string) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	cmd := exec.CommandContext(limited, "/bin/sh", "-c", command)
	if runtime.GOOS == "windows" {
		cmd = exec.CommandContext(limited, "cmd", "/c", command)
	}
	cmd.Env = slices.DeleteFunc(slices.Clone(sh.Environ), sh.isSecretVariable)
	out := &boundedBuffer{}
	cmd.Stdout, cmd.Stderr = out, sh.Err
	cmd.WaitDelay = time.Second // what the command has started may outlive it and hold its stdout
	if in, ok := sh.In.(*os.File); ok && sh.InTerminal {
		cmd.Stdin = in
	}
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) { // it succeeded, and all that it printed itself is there
		err = nil
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case out.over:
		return nil, fail.Usage("the secret command printed more than %d bytes", maxSecret)
	case err != nil:
		return nil, fail.Usage("the secret command did not succeed: %w", err).Hint("run it by hand: it must print the secret on stdout")
	}
	return trimSecret(out.data, "the secret that the command printed")
}

// isSecretVariable tells the variables that hold secrets: BARB_SECRET and those that env: references of this run name.
func (sh *shell) isSecretVariable(kv string) bool {
	sh.seen.mu.Lock()
	defer sh.seen.mu.Unlock()
	name, _, _ := strings.Cut(kv, "=")
	if name == "BARB_SECRET" || slices.Contains(sh.seen.named, name) {
		return true
	}
	return sh.file != nil && slices.ContainsFunc(sh.file.routes, func(r route.Route) bool { return slices.Contains(r.Secrets, "env:"+name) })
}

// boundedBuffer keeps what fits and notes when more came.
type boundedBuffer struct {
	data []byte
	over bool
}

// Write takes everything, so that the command does not fail on a closed pipe.
func (b *boundedBuffer) Write(p []byte) (int, error) {
	b.over = b.over || len(b.data)+len(p) > maxSecret
	if !b.over {
		b.data = append(b.data, p...)
	}
	return len(p), nil
}
