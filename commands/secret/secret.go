// Package secret finds a secret by its reference: env:NAME, file:PATH, cmd:COMMAND, keyring:NAME or - for stdin. It
// keeps secrets in memory only.
package secret

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/redact"
)

const (
	// Service is the service of barb's entries in the keyring.
	Service = "barb"
	// Help is the hint that lists the kinds of references.
	Help = "--secret env:NAME, file:PATH, cmd:COMMAND, keyring:NAME or - (stdin)"

	maxSecret    = 64 << 10 // bytes
	commandLimit = 60 * time.Second
)

// IsWithheld reports whether the value of a flag may not be in the history. A command line may hold a secret, too.
func IsWithheld(flag, value string) bool {
	switch flag {
	case "secret":
		return value != "-" && (!IsReference(value) || strings.HasPrefix(value, "cmd:"))
	case "proxy":
		return strings.Contains(value, "@")
	case "header":
		name, text, _ := strings.Cut(value, ":")
		return redact.IsCredential(strings.TrimSpace(name), strings.TrimSpace(text))
	}
	return false
}

// IsReference reports whether s is a reference, and not the secret itself.
func IsReference(s string) bool {
	kind, rest, _ := strings.Cut(s, ":")
	return rest != "" && isKind(kind)
}

func isKind(s string) bool { return s == "env" || s == "file" || s == "cmd" || s == "keyring" }

// Finder finds secrets for one run of barb, each once: stdin can be read once, and a command may ask for a password. It
// is safe for concurrent use, and a slow command delays only callers that want the same secret.
type Finder struct {
	Stdin    io.Reader
	Terminal bool // stdin is a terminal, so that a command can ask for a password
	Stderr   io.Writer
	Getenv   func(string) string
	Environ  func() []string // for commands
	Warn     func(format string, args ...any)

	mu      sync.Mutex
	asked   map[string]*entry // by reference
	literal bool              // the user was warned of a literal secret
}

// entry is one reference. Its lock is held while the secret is looked up.
type entry struct {
	mu     sync.Mutex
	found  bool
	secret sign.Secret
}

// Find returns the secrets of references. An unusable secret is a usage error that names the reference and quotes no
// secret.
func (f *Finder) Find(ctx context.Context, refs []string) ([]sign.Secret, error) {
	entries := f.entries(refs)
	secrets := make([]sign.Secret, 0, len(refs))
	for i, ref := range refs {
		secret, err := f.one(ctx, entries[i], ref)
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}

// entries adds the entries of references, so that Names knows their variables.
func (f *Finder) entries(refs []string) []*entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked == nil {
		f.asked = map[string]*entry{}
	}
	entries := make([]*entry, len(refs))
	for i, ref := range refs {
		if f.asked[ref] == nil {
			f.asked[ref] = &entry{}
		}
		entries[i] = f.asked[ref]
	}
	return entries
}

// Names reports whether a requested env: reference names the variable. Commands must not inherit such a variable.
func (f *Finder) Names(variable string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked["env:"+variable] != nil
}

func (f *Finder) one(ctx context.Context, e *entry, ref string) (sign.Secret, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.found {
		return e.secret, nil
	}
	key, name, err := f.lookUp(ctx, ref)
	switch {
	case err != nil:
		return sign.Secret{}, err
	case len(strings.TrimSpace(string(key))) == 0:
		return sign.Secret{}, fail.Usage("secret %s is empty", name).Hint(Help)
	case string(key) == "whsec_":
		return sign.Secret{}, fail.Usage("secret %s is only the prefix whsec_; its key is empty", name)
	}
	if odd := Oddity(key); odd != "" {
		f.Warn("secret %s %s; barb takes it as part of the secret, which is rarely right", name, odd)
	}
	e.found, e.secret = true, sign.Secret{Name: Absolute(name), Key: key}
	return e.secret, nil
}

// lookUp returns the bytes of a reference, and a name that may be shown.
func (f *Finder) lookUp(ctx context.Context, ref string) (key []byte, name string, err error) {
	kind, rest, _ := strings.Cut(ref, ":")
	switch {
	case ref == "":
		return nil, "", fail.Usage("--secret is empty").Hint(Help)
	case ref == "-":
		key, err = Read(f.Stdin, "the secret on stdin")
		return key, "stdin", err
	case rest == "" && isKind(kind):
		return nil, "", fail.Usage("--secret %s has no name", ref).Hint(Help)
	case !IsReference(ref):
		if err := misread(ref); err != nil {
			return nil, "", err
		}
		f.warnOfLiteral(ref)
		return []byte(ref), "literal", nil
	case kind == "env":
		value := f.Getenv(rest)
		if value == "" {
			return nil, "", fail.Usage("secret env:%s: the variable is not set or empty", rest).Hintf("export %s=…", rest)
		}
		return []byte(value), ref, nil
	case kind == "file":
		key, err = readFile(rest)
		return key, ref, err
	case kind == "keyring":
		value, err := keyring.Get(Service, rest)
		return []byte(value), ref, KeyringError(rest, err)
	}
	key, err = f.run(ctx, rest)
	return key, "cmd:…", err // the command line may hold a secret
}

// Absolute returns a reference that means the same in every folder: the history keeps it, and a replay in another
// folder finds the file of file:PATH by it.
func Absolute(ref string) string {
	path, isFile := strings.CutPrefix(ref, "file:")
	if !isFile {
		return ref
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	return "file:" + path
}

// misread returns an error for a literal that was meant as a reference: a word of one, or curl's @FILE.
func misread(ref string) error {
	switch meant := strings.ToLower(ref); meant {
	case "stdin", "@-", "/dev/stdin", "stdin:":
		return fail.Usage("--secret %s is the literal text, not what comes on stdin", ref).Hint("--secret - reads the " +
			"secret from stdin")
	case "env", "file", "cmd", "keyring":
		return fail.Usage("--secret %s has no name", ref).Hint(Help)
	}
	if path, ok := strings.CutPrefix(ref, "@"); ok {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return fail.Usage("--secret %s is the literal text, not the content of the file", ref).Hintf(
				"--secret file:%s", path)
		}
	}
	return nil
}

// warnOfLiteral warns of the first literal secret, and of one that is the name of a variable.
func (f *Finder) warnOfLiteral(ref string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Getenv(ref) != "" {
		f.Warn("--secret %s is the literal text; --secret env:%s is the variable of that name", ref, ref)
	}
	if !f.literal {
		f.literal = true
		f.Warn("a literal --secret can be read by other users in the process list; use env:NAME, file:PATH or cmd:COMMAND")
	}
}

func readFile(path string) ([]byte, error) {
	f, err := infile.Open(path)
	if err != nil {
		return nil, fail.Usage("secret file:%w", err)
	}
	defer f.Close()
	return Read(f, path)
}

// Read reads a secret of at most 64 KiB. what names r in errors.
func Read(r io.Reader, what string) ([]byte, error) {
	data, err := infile.ReadAll(r, maxSecret, what)
	if err != nil {
		return nil, err
	}
	return trim(data, what)
}

// trim removes the byte order mark and the line end of an editor from a secret.
func trim(data []byte, what string) ([]byte, error) {
	data, err := infile.PlainText(data, what)
	if trimmed, ok := bytes.CutSuffix(data, []byte("\r\n")); ok {
		return trimmed, err
	}
	return bytes.TrimSuffix(data, []byte("\n")), err
}

// KeyringError returns a usage error for a name that is not in the keyring, and an error with exit code 6 for an
// unusable keyring. The name is "" where no single secret is meant.
func KeyringError(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return fail.Usage("secret keyring:%s is not in the keyring", name).
			Hintf("barb secret set %s", name)
	}
	if name != "" {
		name = "keyring:" + name + ": "
	}
	return fail.Unsupported("%sthe keyring cannot be used: %w", name, plain(err)).
		Hint("file:PATH, env:NAME and cmd:COMMAND need no keyring: barb help secrets")
}

// plain returns the cause of an unusable keyring. On Linux without D-Bus, go-keyring's error is about dbus-launch, a
// program that users do not know.
func plain(err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return errNoService
	}
	return err
}

var errNoService = errors.New("no keyring service runs here")

// run runs the user's command line in the user's shell and returns its stdout. The command gets the environment without
// barb's secrets. Its stderr is shown, and it has a minute, for a password prompt.
func (f *Finder) run(ctx context.Context, command string) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	cmd := exec.CommandContext(limited, "/bin/sh", "-c", command)
	if runtime.GOOS == "windows" {
		cmd = exec.CommandContext(limited, "cmd", "/c", command)
	}
	cmd.Env = f.Environ()
	out := &boundedBuffer{}
	cmd.Stdout, cmd.Stderr = out, f.Stderr
	cmd.WaitDelay = time.Second // a child of the command may outlive it and hold its stdout
	if in, ok := f.Stdin.(*os.File); ok && f.Terminal {
		cmd.Stdin = in
	}
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) { // the command succeeded, and its own output is complete
		err = nil
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case out.over:
		return nil, fail.Usage("the secret command printed more than %d bytes", maxSecret)
	case err != nil:
		return nil, fail.Usage("the secret command failed: %w",
			err).Hint("run it by hand: it must print the secret on stdout")
	}
	return trim(out.data, "the secret that the command printed")
}

// boundedBuffer keeps the beginning of what is written, and notes whether there was more.
type boundedBuffer struct {
	data []byte
	over bool
}

// Write accepts everything, so that the command does not fail on a closed pipe.
func (b *boundedBuffer) Write(p []byte) (int, error) {
	b.over = b.over || len(b.data)+len(p) > maxSecret
	if !b.over {
		b.data = append(b.data, p...)
	}
	return len(p), nil
}

// Share has f know the secrets that another Finder has found or is looking up.
func (f *Finder) Share(other *Finder) {
	other.mu.Lock()
	asked, literal := maps.Clone(other.asked), other.literal
	other.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked, f.literal = asked, literal
}
