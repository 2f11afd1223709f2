package commands

import (
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/sign/newkey"
)

// runGenerateKey prints a throw-away secret of a scheme, and what goes where.
func runGenerateKey(sh *shell.Shell, names []string) error {
	if len(names) != 1 {
		return fail.Usage("--generate-key makes a key for one scheme").Hint("barb schemes discord --generate-key")
	}
	s, err := sh.File.LookupScheme(names[0])
	if err != nil {
		return err
	}
	pair, err := newkey.Of(&s, sh.Now())
	if err != nil {
		return fail.Local("%w", err)
	}
	if sh.JSON {
		return sh.Emit(schema.NewPair(s.Name, pair))
	}
	signing, verifying := strings.TrimRight(string(pair.Signing), "\n"), strings.TrimRight(string(pair.Verifying), "\n")
	if signing == verifying {
		sh.Stdout.Line(signing)
		sh.Say("barb: a secret for %s, for tests only; your app and all commands of barb use the same one", s.Name)
		return nil
	}
	sh.Stdout.Line(signing)
	sh.Stdout.Line(verifying)
	sh.Say("barb: a key pair for %s, for tests only", s.Name)
	sh.Say("barb: the first is %s, for barb sign and send", ui.KindOfKey(signing))
	sh.Say("barb: the second is %s, for your app, barb verify and listen", ui.KindOfKey(verifying))
	sh.Say("hint: barb schemes %s --generate-key --json > pair.json; jq -r .signing pair.json > private.pem; jq -r "+
		".verifying pair.json > public.txt", s.Name)
	return nil
}
