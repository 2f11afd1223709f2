package commands

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store/record"
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

// plans makes plans of the queue into what delivers by them.
func plans(sh *shell.Shell) *worker.Plans {
	return &worker.Plans{Make: func(ctx context.Context, p *worker.Plan, target string) (*signer.Signer, *deliver.Client,
		error) {
		return makePlan(ctx, sh, p, target)
	}}
}

// makePlan returns the signer and the client for the messages of a plan. It returns the client also if the secret is
// missing, because a replay may have another secret.
func makePlan(ctx context.Context, sh *shell.Shell, p *worker.Plan, target string) (*signer.Signer,
	*deliver.Client, error) {
	client, err := connect(sh, &p.Client)
	if err != nil {
		return nil, nil, err
	}
	s, err := rememberedSigner(ctx, sh, p, target)
	if err != nil {
		return nil, client, err
	}
	return &s.Signer, client, nil
}

// connect makes the HTTP client that remembered has described.
func connect(sh *shell.Shell, c *worker.Connection) (*deliver.Client, error) {
	connectIn, err := time.ParseDuration(c.ConnectTimeout)
	if err != nil {
		return nil, err
	}
	f := flags.Client{Connection: c.Connection}
	return f.NewClient(sh.Version, sh.Getenv, connectIn)
}

func rememberedSigner(ctx context.Context, sh *shell.Shell, j *worker.Plan, target string) (*shell.Signing, error) {
	if j.Scheme == "" {
		return &shell.Signing{}, nil
	}
	f := flags.Signing{Scheme: j.Scheme}
	for _, kept := range j.Secrets {
		ref, err := sh.File.AllowedReference(kept)
		if err != nil {
			return nil, err
		}
		f.Secrets = append(f.Secrets, ref)
	}
	for name, value := range j.Params {
		f.Params = append(f.Params, name+"="+value)
	}
	return sh.Signer(ctx, &f, &record.Request{URL: target})
}
