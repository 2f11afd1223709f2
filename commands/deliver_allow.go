package commands

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
	hashedReference  = "cmd-sha256:"
)

// takeAllowed reads allow of [deliver]: a list of cmd: references.
func (c *configFile) takeAllowed() error {
	for _, item := range listOf(c.Deliver.Allow) {
		ref, ok := item.(string)
		if !ok || !strings.HasPrefix(ref, commandReference) || !secret.IsReference(ref) {
			return fail.Usage("%s:%d: [deliver] allow holds something that is not a cmd: line", c.path,
				findKeys(c.text).line("deliver", "allow")).
				Hint(`allow = ["cmd:op read op://vault/stripe"]`)
		}
		c.allowed = append(c.allowed, ref)
	}
	return nil
}

// queuedReference is a reference to a secret as the queue keeps it.
func queuedReference(ref string) string {
	if !strings.HasPrefix(ref, commandReference) {
		return ref
	}
	sum := sha256.Sum256([]byte(ref))
	return hashedReference + hex.EncodeToString(sum[:])
}

// allowedReference returns the reference of a queued secret. A command must stand in barb.toml: the queue has its hash
// or, from an earlier version, its text.
func (c *configFile) allowedReference(kept string) (ref string, err error) {
	hash := queuedReference(kept)
	if !strings.HasPrefix(hash, hashedReference) {
		return kept, nil
	}
	i := slices.IndexFunc(c.allowed, func(line string) bool { return queuedReference(line) == hash })
	if i < 0 {
		return "", fmt.Errorf("secret cmd:…: its line (SHA-256 %.12s…) is not in [deliver] allow of barb.toml",
			hash[len(hashedReference):])
	}
	return c.allowed[i], nil
}

// checkAllowed refuses to queue what no worker with this barb.toml would sign.
func (c *configFile) checkAllowed(refs []string) error {
	for _, ref := range refs {
		if !strings.HasPrefix(ref, commandReference) || slices.Contains(c.allowed, ref) {
			continue
		}
		lines := append(slices.Clone(c.allowed), ref)
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
