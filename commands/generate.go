package commands

import (
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/sign"
)

// pairJSON is the JSON form of a throw-away secret.
type pairJSON struct {
	Schema    int    `json:"schema"`
	Scheme    string `json:"scheme"`
	Signing   string `json:"signing"`
	Verifying string `json:"verifying"`
}

// runGenerateKey prints a throw-away secret of a scheme, and what goes where.
func runGenerateKey(sh *shell, names []string) error {
	if len(names) != 1 {
		return fail.Usage("--generate-key makes a key for one scheme").Hint("barb schemes discord --generate-key")
	}
	s, err := sh.lookupScheme(names[0])
	if err != nil {
		return err
	}
	pair, err := s.NewPair(sh.Now())
	if err != nil {
		return fail.Local("%w", err)
	}
	if sh.json {
		return sh.emit(pairJSON{1, s.Name, string(pair.Signing), string(pair.Verifying)})
	}
	signing, verifying := strings.TrimRight(string(pair.Signing), "\n"), strings.TrimRight(string(pair.Verifying), "\n")
	if signing == verifying {
		sh.out.Line(signing)
		sh.say("barb: a throw-away secret for %s, for tests only: the same for barb sign and send as for your app, barb verify and listen", s.Name)
		return nil
	}
	sh.out.Line(signing)
	sh.out.Line(verifying)
	sh.say("barb: a throw-away key pair for %s, for tests only", s.Name)
	sh.say("barb: first %s: for barb sign and send", kindOf(signing))
	sh.say("barb: then %s: for your app, barb verify and listen", kindOf(verifying))
	sh.say("hint: barb schemes %s --generate-key --json > pair.json; jq -r .signing pair.json > private.pem; jq -r .verifying pair.json > public.txt", s.Name)
	return nil
}

// kindOf says what a key looks like.
func kindOf(key string) string {
	switch {
	case strings.HasPrefix(key, "-----BEGIN PRIVATE"):
		return "the private key"
	case strings.HasPrefix(key, "-----BEGIN CERTIFICATE"):
		return "the certificate"
	}
	return "the public key"
}

// paramsOf are the names of what a scheme signs although it is neither in the request nor secret, and of what a message must
// say of its receiver: --param NAME=VALUE.
func paramsOf(s sign.Scheme) []string {
	names := namesIn(s.Content+s.Format, "param")
	if s.Code == "" { // the receiver reads the items of a signature, the sender has to be told them
		names = append(names, namesIn(s.Format, "item")...)
	}
	if s.JWT != nil {
		names = append(names, s.JWT.IssuerParam, s.JWT.AudienceParam)
	}
	for _, b := range s.Bound {
		names = append(names, b.Param)
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// namesIn are the names of one kind in a template: of {param.webhook_id} the webhook_id.
func namesIn(template, kind string) []string {
	var names []string
	for {
		_, after, found := strings.Cut(template, "{"+kind+".")
		if !found {
			return names
		}
		var name string
		name, template, _ = strings.Cut(after, "}")
		names = append(names, name)
	}
}
