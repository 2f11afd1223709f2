package commands

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver/worker"
)

// remembered returns how a connection is made, as the queue keeps it.
func remembered(sh *shell.Shell, f *flags.Client, connectIn time.Duration) (worker.Connection, error) {
	c := worker.Connection{Connection: f.Connection, ConnectTimeout: connectIn.String()}
	c.UnixSocket = strings.TrimPrefix(c.UnixSocket, "unix:")
	for _, path := range []*string{&c.CACert, &c.Cert, &c.Key, &c.UnixSocket} {
		*path = absolute(sh, *path)
	}
	if c.Proxy != flags.WithoutUser(c.Proxy) {
		return c, fail.Usage("--proxy has a password, which the queue does not store").Hint(
			"set HTTPS_PROXY for barb deliver, and leave --proxy out")
	}
	return c, nil
}

// absolute returns a path that means the same in every folder; "" for "".
func absolute(sh *shell.Shell, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(sh.Dir, path)
}

// planText returns how a message is to be delivered, as the queue keeps it: with the references of its secrets only.
func (o *sendOptions) planText(sh *shell.Shell, s *shell.Signing) (string, error) {
	policy, err := worker.PolicyText(o.policy)
	if err != nil {
		return "", err
	}
	j := worker.Plan{Policy: json.RawMessage(policy), Scheme: s.Scheme.Name, Params: s.Params}
	for _, ref := range s.Refs {
		if !secret.IsReference(ref) {
			return "", unqueueable()
		}
		if path, isFile := strings.CutPrefix(ref, "file:"); isFile {
			ref = "file:" + absolute(sh, path)
		}
		j.Secrets = append(j.Secrets, config.QueuedReference(ref))
	}
	if err := sh.File.CheckAllowed(s.Refs); err != nil {
		return "", err
	}
	if j.Client, err = remembered(sh, &o.Client, o.ConnectIn); err != nil {
		return "", err
	}
	data, err := json.Marshal(j)
	return string(data), err
}

func unqueueable() error {
	return fail.Usage("--queue stores the reference of a secret, never the secret: what is given on the command line " +
		"or on stdin is gone when the message is sent").
		Hint("--secret env:NAME, file:PATH, cmd:COMMAND or keyring:NAME, which barb deliver can read too")
}

// shownPlan returns the plan of a queue entry as it may be shown: a secret's command, which an earlier barb has kept,
// may hold a secret.
func shownPlan(text string) string {
	var j worker.Plan
	if json.Unmarshal([]byte(text), &j) != nil || len(j.Policy) == 0 {
		return text
	}
	for i, ref := range j.Secrets {
		if strings.HasPrefix(config.QueuedReference(ref), config.HashedReference) {
			j.Secrets[i] = "cmd:…"
		}
	}
	data, err := json.Marshal(j)
	if err != nil {
		return text
	}
	return string(data)
}
