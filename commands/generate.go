package commands

import (
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/sign/newkey"
)

// runGenerateKey prints a throw-away secret of a scheme, and what goes where.
func runGenerateKey(sh *shell, names []string) error {
	if len(names) != 1 {
		return fail.Usage("--generate-key makes a key for one scheme").Hint("barb schemes discord --generate-key")
	}
	s, err := sh.file.LookupScheme(names[0])
	if err != nil {
		return err
	}
	pair, err := newkey.Of(&s, sh.Now())
	if err != nil {
		return fail.Local("%w", err)
	}
	if sh.json {
		return sh.emit(schema.NewPair(s.Name, pair))
	}
	signing, verifying := strings.TrimRight(string(pair.Signing), "\n"), strings.TrimRight(string(pair.Verifying), "\n")
	if signing == verifying {
		sh.out.Line(signing)
		sh.say("barb: a secret for %s, for tests only; your app and all commands of barb use the same one", s.Name)
		return nil
	}
	sh.out.Line(signing)
	sh.out.Line(verifying)
	sh.say("barb: a key pair for %s, for tests only", s.Name)
	sh.say("barb: the first is %s, for barb sign and send", ui.KindOfKey(signing))
	sh.say("barb: the second is %s, for your app, barb verify and listen", ui.KindOfKey(verifying))
	sh.say("hint: barb schemes %s --generate-key --json > pair.json; jq -r .signing pair.json > private.pem; jq -r "+
		".verifying pair.json > public.txt", s.Name)
	return nil
}
