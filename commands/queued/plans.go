package queued

import (
	"context"
	"slices"
	"time"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store/record"
)

// Plans makes plans of the queue into what delivers by them.
func Plans(sh *shell.Shell) *worker.Plans {
	return &worker.Plans{Make: func(ctx context.Context, p *worker.Plan, target string) (*signer.Signer, *deliver.Client,
		error) {
		return makePlan(ctx, sh, p, target)
	}}
}

// makePlan returns the signer and the client for the messages of a plan. It returns the client also if the secret is
// missing, because a replay may have another secret.
func makePlan(ctx context.Context, sh *shell.Shell, p *worker.Plan, target string) (*signer.Signer,
	*deliver.Client, error) {
	if sh.IsShared() {
		if err := sh.File.CheckShared(namedBy(p)); err != nil {
			return nil, nil, err
		}
	}
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

// namedBy returns what a plan names on the machine that delivers, in the forms of [deliver] allow.
func namedBy(p *worker.Plan) []string {
	named := slices.Clone(p.Secrets)
	if p.Client.UnixSocket != "" {
		named = append(named, "unix:"+p.Client.UnixSocket)
	}
	if p.Client.Proxy != "" {
		named = append(named, "proxy:"+p.Client.Proxy)
	}
	for _, path := range []string{p.Client.CACert, p.Client.Cert, p.Client.Key} {
		if path != "" {
			named = append(named, "file:"+path)
		}
	}
	return named
}

// connect makes the HTTP client that a plan describes.
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
