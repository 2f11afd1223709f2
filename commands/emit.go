package commands

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/receiver"
	"github.com/barbhq/barb/commands/recheck"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/sign"
)

func (o *verifyOptions) addEmitFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.emit, "emit", "", "write a receiver for the scheme instead, for a `framework`: "+
		strings.Join(receiver.Frameworks(), ", "))
	flags.Complete(cmd, "emit", func(string) []string { return receiver.Frameworks() })
}

// runEmit prints a receiver instead of a verdict. A given webhook that verifies becomes its test vector.
func runEmit(ctx context.Context, sh *shell.Shell, o verifyOptions) error {
	if !slices.Contains(receiver.Frameworks(), o.emit) {
		return fail.Usage("unknown --emit %q", o.emit).
			Hint(fail.DidYouMean("--emit ", fail.Nearest(o.emit, receiver.Frameworks()),
				strings.Join(receiver.Frameworks(), ", ")))
	}
	o.Strict = false // that is for a verdict
	e := emission{o: o}
	if o.hasHook() {
		if err := e.takeHook(ctx, sh); err != nil {
			return err
		}
	} else if err := e.takeScheme(sh); err != nil {
		return err
	}
	if e.scheme.Time.Unit != "" && o.Tolerance != nil {
		e.scheme.Tolerance = sign.Both(*o.Tolerance)
	}
	var source strings.Builder
	err := receiver.Write(&source, o.emit, receiver.Options{Scheme: e.scheme, SecretVar: e.secretVar(sh), Hook: e.hook})
	if no, ok := errors.AsType[*receiver.UnsupportedError](err); ok {
		return fail.Unsupported("%w", no).Hint(no.Instead)
	}
	if err != nil {
		return fail.Local("--emit %s: %w", o.emit, err)
	}
	sh.Stdout.Line(strings.TrimSuffix(source.String(), "\n"))
	return nil
}

// hasHook reports whether the command line names a webhook. Stdin alone does not: it is there without being meant.
func (o *verifyOptions) hasHook() bool {
	return o.httpFile != "" || o.headersFile != "" || len(o.Lines) > 0 || len(o.positional) > 0 || o.dataGiven
}

// emission holds what the source of a receiver is made from.
type emission struct {
	o      verifyOptions
	scheme sign.Scheme
	path   string // of the webhook
	hook   *receiver.Hook
}

func (e *emission) takeScheme(sh *shell.Shell) (err error) {
	if e.o.Scheme == "" || e.o.Scheme == "auto" {
		return fail.Usage("--emit needs a scheme, or a webhook to find it from").Hint("barb verify -s stripe --emit " +
			e.o.emit)
	}
	e.scheme, err = sh.File.LookupScheme(e.o.Scheme)
	return err
}

// takeHook reads the webhook, finds its scheme and checks it.
func (e *emission) takeHook(ctx context.Context, sh *shell.Shell) error {
	m, now, err := e.o.message(ctx, sh)
	if err != nil {
		return err
	}
	if c, ok := m.Stream.(io.Closer); ok {
		defer c.Close()
	}
	if err := recheck.ReadStream(&m); err != nil {
		return err
	}
	e.path = shell.URLPath(m.URL)
	v, err := e.o.Verifier(ctx, sh, &m)
	if err != nil {
		return err
	}
	return e.judge(sh, v, m, now)
}

// judge makes the webhook a test vector. It checks an expired webhook at the time of its signature.
func (e *emission) judge(sh *shell.Shell, v *verifier.Verifier, m sign.Message, now time.Time) (err error) {
	c := v.Check(m, now)
	if c.Fault != nil {
		return c.Fault
	}
	if c.Scheme == "" {
		return fail.Unsupported("the headers match no known scheme").Hint("name the scheme: -s SCHEME; barb " +
			"schemes lists them")
	}
	if e.scheme, err = sh.File.LookupScheme(c.Scheme); err != nil {
		return err
	}
	old := c.Verdict.Reason == string(sign.TimestampExpired) || c.Verdict.Reason == string(sign.TimestampInFuture)
	if c.Verdict.Reason != "" {
		sh.Warn("the webhook does not verify: %s", c.Verdict.Reason)
		if !old {
			return nil
		}
	}
	if c.Verdict.HasAge {
		now = now.Add(-c.Verdict.Age)
	}
	if !receiver.HoldsSecret(m, v.Secrets) {
		e.hook = &receiver.Hook{URL: m.URL, Header: m.Header, Body: m.Body, At: now}
	}
	return nil
}

// secretVar is the variable of the first env: reference, of the flags or of the route; "" when there is none.
func (e *emission) secretVar(sh *shell.Shell) string {
	refs := e.o.Secrets
	if r := sh.File.Routes.ForScheme(e.scheme.Name, e.path); r != nil && len(refs) == 0 {
		refs = r.Secrets
	}
	for _, ref := range refs {
		if name, ok := strings.CutPrefix(ref, "env:"); ok {
			return name
		}
	}
	return ""
}
