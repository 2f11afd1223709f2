package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/secret"
)

// A command line may hold a secret, and the queue must not be able to choose what a worker runs. So the queue keeps
// only the SHA-256 of a cmd: reference, and a worker runs the command that its own barb.toml has under [deliver] allow.
const (
	commandReference = "cmd:"
	HashedReference  = "cmd-sha256:"
)

// takeAllowed reads allow of [deliver]: a list of cmd: references, and of what CheckShared looks for.
func (c *File) takeAllowed() error {
	for _, item := range listOf(c.Deliver.Allow) {
		ref, ok := item.(string)
		if !ok || !isAllowable(ref) {
			return fail.Usage("%s:%d: [deliver] allow has an item that is none of cmd:, file:, unix: and proxy:", c.Path,
				c.lines.line("deliver", "allow")).
				Hint(`allow = ["cmd:op read op://vault/stripe", "file:/etc/barb/stripe"]`)
		}
		c.Allowed = append(c.Allowed, ref)
	}
	return nil
}

func isAllowable(ref string) bool {
	kind, value, _ := strings.Cut(ref, ":")
	switch kind {
	case "cmd", "file":
		return secret.IsReference(ref)
	case "unix", "proxy":
		return value != ""
	}
	return false
}

// CheckShared refuses what a message in a shared history, to which others write, may not choose on this machine: a
// file, a socket or a proxy that [deliver] allow of barb.toml does not list, as file:PATH, unix:PATH or proxy:URL.
func (c *File) CheckShared(named []string) error {
	for _, ref := range named {
		if kind, _, _ := strings.Cut(ref, ":"); slices.Contains([]string{"file", "unix", "proxy"}, kind) &&
			!slices.Contains(c.Allowed, ref) {
			return fmt.Errorf("%s is not in [deliver] allow of barb.toml, and the message is in a shared history", ref)
		}
	}
	return nil
}

// QueuedReference is a reference to a secret as the queue keeps it.
func QueuedReference(ref string) string {
	if !strings.HasPrefix(ref, commandReference) {
		return ref
	}
	sum := sha256.Sum256([]byte(ref))
	return HashedReference + hex.EncodeToString(sum[:])
}

// AllowedReference returns the reference of a queued secret. A command must stand in barb.toml: the queue has its hash
// or, from an earlier version, its text.
func (c *File) AllowedReference(kept string) (ref string, err error) {
	hash := QueuedReference(kept)
	if !strings.HasPrefix(hash, HashedReference) {
		return kept, nil
	}
	i := slices.IndexFunc(c.Allowed, func(line string) bool { return QueuedReference(line) == hash })
	if i < 0 {
		return "", fmt.Errorf("secret cmd:…: its line (SHA-256 %.12s…) is not in [deliver] allow of barb.toml",
			hash[len(HashedReference):])
	}
	return c.Allowed[i], nil
}

// CheckAllowed refuses to queue what no worker with this barb.toml would sign.
func (c *File) CheckAllowed(refs []string) error {
	for _, ref := range refs {
		if !strings.HasPrefix(ref, commandReference) || slices.Contains(c.Allowed, ref) {
			continue
		}
		lines := append(slices.Clone(c.Allowed), ref)
		return fail.Usage("a secret from a command is queued only when [deliver] of barb.toml allows the command, which " +
			"barb deliver runs").
			Hint("[deliver]").Hint("allow = " + tomlList(lines))
	}
	return nil
}

// tomlList writes texts as a list of TOML: a JSON string is a basic string of TOML.
func tomlList(texts []string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(texts); err != nil {
		return "[]" // not reached: texts can be encoded
	}
	return strings.ReplaceAll(strings.TrimSpace(out.String()), `","`, `", "`)
}
