package checks

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/sign/newkey"
)

const (
	secretVariable = "BARB_SECRET"
	publicVariable = "BARB_PUBLIC_KEY" // the public key of a key pair
)

// secrets makes up a secret of the scheme where none is given, and has the listener verify with it. It returns the
// variables that tell the command of the secret. No other secret is handed on, not that of a route either.
func (r *runner) secrets(ctx context.Context) (variables []string, err error) {
	sh, made := r.sh, map[string]string{}
	getenv, hasRoutes := sh.Getenv, r.routes != ""
	if !hasRoutes { // those of a barb.toml that was found are for barb listen
		file := *sh.File
		file.Routes, file.Tables = nil, nil
		sh.File = &file
	}
	switch {
	case len(r.Secrets) > 0:
		found, err := sh.Secrets(ctx, r.Secrets)
		if err != nil {
			return nil, err
		}
		if bytes.IndexByte(found[0].Key, 0) >= 0 {
			return nil, fail.Usage("secret %s has a zero byte, which no variable can hold", found[0].Name)
		}
		variables = []string{secretVariable + "=" + string(found[0].Key)}
	case r.Scheme == "auto":
		return nil, fail.Usage("scheme auto needs a secret").Hint(secret.Help)
	case r.Scheme != "":
		scheme, err := sh.File.LookupScheme(r.Scheme)
		if err != nil {
			return nil, err
		}
		pair, err := newkey.Of(&scheme, sh.Now())
		if err != nil {
			return nil, fail.Local("%w", err)
		}
		r.Secrets, made[secretVariable] = []string{"env:" + secretVariable}, string(pair.Signing)
		if !bytes.Equal(pair.Signing, pair.Verifying) {
			r.Secrets, made[publicVariable] = []string{"env:" + publicVariable}, string(pair.Verifying)
		}
		for name, value := range made {
			variables = append(variables, name+"="+value)
		}
	}
	sh.Getenv = func(name string) string {
		switch value, ok := made[name]; {
		case ok:
			return value
		case name == secretVariable && !hasRoutes:
			return "" // that of barb's own environment is not for this run
		}
		return getenv(name)
	}
	sh.Finder.Getenv = sh.Getenv
	return variables, nil
}

// environment is that of the command: barb's own, with the address of the listener, its history, and the secret.
func environment(sh *shell.Shell, l *Listening, variables []string) []string {
	own := append([]string{"BARB_URL=" + l.URL, "BARB_PORT=" + strconv.Itoa(l.Port),
		"BARB_DB=" + sh.HistoryForChild()}, variables...)
	replaced := []string{"BARB_URL", "BARB_PORT", "BARB_DB", secretVariable, publicVariable}
	inherited := slices.DeleteFunc(slices.Clone(sh.Environ), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains(replaced, name)
	})
	return append(inherited, own...)
}
