package agent

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/redact"
)

// hidden is a text that stands for a secret, and the name of the secret.
type hidden struct{ text, name string }

// The lengths in bytes from which a text is hidden. A shorter one is part of ordinary words and of ids: with the secret
// whsec_test, an agent still reads the id msg_test_1.
const (
	shortest     = 4  // a secret where it stands by itself
	shortestRest = 8  // what follows the prefix of a secret, where it stands by itself
	everywhere   = 16 // within words too; barb warns about secrets that are shorter, since they can be guessed
)

// references are the secrets that the user configured, without those that are written into barb.toml themselves.
func (a *agent) references() (refs []string) {
	for _, r := range a.sh.File.Routes {
		for _, ref := range r.Secrets {
			if secret.IsReference(ref) && !slices.Contains(refs, ref) {
				refs = append(refs, ref)
			}
		}
	}
	const usual = "env:BARB_SECRET"
	if a.sh.Getenv("BARB_SECRET") != "" && !slices.Contains(refs, usual) {
		refs = append(refs, usual)
	}
	return refs
}

// checkSecrets refuses references that the user did not configure: file: and cmd: would read any file and run any
// command.
func (a *agent) checkSecrets(refs []string) error {
	known := a.references()
	for _, ref := range refs {
		if slices.Contains(known, ref) {
			continue
		}
		f := fail.Usage("neither barb.toml nor BARB_SECRET configures this secret")
		shown := slices.DeleteFunc(slices.Clone(known), func(r string) bool { return strings.HasPrefix(r, "cmd:") })
		if len(shown) == 0 {
			return f.Hint("the user writes secret = \"env:NAME\" into a [[route]] of barb.toml, or sets BARB_SECRET")
		}
		return f.Hint("configured: " + strings.Join(shown, ", ") + "; without secret, the route's own is used")
	}
	return nil
}

// learnConfigured finds the secrets of the configuration, so that no answer shows them. No command is run for that, and
// what cannot be read now is learned when a tool uses it.
func (a *agent) learnConfigured(ctx context.Context) {
	var refs []string
	for _, r := range a.sh.File.Routes {
		refs = append(refs, r.Secrets...)
		a.learnFields(r.Way.Headers)
		a.learnProxy(r.Way.Proxy)
	}
	a.learnFields(strings.Split(a.sh.File.Values["listen.forward_header"], "\n"))
	for _, key := range []string{"send.proxy", "listen.proxy"} {
		a.learnProxy(a.sh.File.Values[key])
	}
	for _, ref := range slices.Concat(refs, a.sh.File.HeaderSecrets(), a.references()) {
		if strings.HasPrefix(ref, "cmd:") || ref == "-" {
			continue
		}
		if found, err := a.sh.Secrets(ctx, []string{ref}); err == nil {
			a.learn(found...)
		}
	}
}

// learnFields learns the credentials that barb.toml has written into headers.
func (a *agent) learnFields(lines []string) {
	for _, line := range lines {
		field, err := flags.OwnHeader(line)
		if err != nil {
			continue
		}
		if _, ref := flags.SecretIn(field.Value); ref == "" && redact.IsCredential(field.Name, field.Value) {
			words := strings.Fields(field.Value)
			a.learn(sign.Secret{Name: "header " + field.Name, Key: []byte(words[len(words)-1])})
		}
	}
}

func (a *agent) learnProxy(address string) {
	if u, err := url.Parse(address); err == nil && u.User != nil {
		if password, ok := u.User.Password(); ok {
			a.learn(sign.Secret{Name: "proxy", Key: []byte(password)})
		}
	}
}

// learn remembers secrets that must be in no answer, in the spellings in which they may be seen.
func (a *agent) learn(secrets ...sign.Secret) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range secrets {
		if slices.ContainsFunc(a.known, func(k sign.Secret) bool { return string(k.Key) == string(s.Key) }) {
			continue
		}
		a.known = append(a.known, s)
		name := s.Name
		if !secret.IsReference(name) || strings.HasPrefix(name, "cmd:") {
			name = "secret"
		}
		for _, text := range spellings(string(s.Key)) {
			if len(text) >= shortest {
				a.values = append(a.values, hidden{text, name})
			}
		}
	}
	slices.SortStableFunc(a.values, func(x, y hidden) int { return cmp.Compare(len(y.text), len(x.text)) })
}

// spellings are a secret as it is, without the prefix that names its kind, in base64, in hex, and escaped for a URL.
func spellings(key string) (all []string) {
	plain := []string{key}
	for _, prefix := range []string{"whsec_", "whsk_", "sk_", "base64:", "hex:"} {
		if rest, ok := strings.CutPrefix(key, prefix); ok && len(rest) >= shortestRest {
			plain = append(plain, rest)
		}
	}
	for _, text := range plain {
		raw := []byte(text)
		all = append(all, text, url.QueryEscape(text), url.PathEscape(text), strings.ReplaceAll(text, "\n", `\n`),
			base64.StdEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw),
			base64.URLEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
			hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)))
		if decoded, err := base64.StdEncoding.DecodeString(text); err == nil && len(decoded) >= 16 {
			all = append(all, string(decoded), hex.EncodeToString(decoded), base64.RawURLEncoding.EncodeToString(decoded))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// secrets returns what was learned.
func (a *agent) secrets() []sign.Secret {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.known)
}

// scrub replaces every secret in a text by its name.
func (a *agent) scrub(text string) string {
	a.mu.Lock()
	values := a.values
	a.mu.Unlock()
	for _, v := range values {
		if len(v.text) <= len(text) && strings.Contains(text, v.text) {
			text = v.replace(text)
		}
	}
	return text
}

// replace replaces the secret in a text: a short one only where it stands by itself.
func (v hidden) replace(text string) string {
	name := "[hidden " + v.name + "]"
	if len(v.text) >= everywhere {
		return strings.ReplaceAll(text, v.text, name)
	}
	var b strings.Builder
	done := 0 // everything before is in b
	for at := 0; ; {
		next := strings.Index(text[at:], v.text)
		if next < 0 {
			return b.String() + text[done:]
		}
		from := at + next
		to := from + len(v.text)
		if endsInWord(text[:from]) || beginsInWord(text[to:]) {
			at = from + 1
			continue
		}
		b.WriteString(text[done:from] + name)
		at, done = to, to
	}
}

// escape is an escaped character of JSON or of a URL, such as a line feed: its last letter belongs to no word.
var escape = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:%[0-9A-Fa-f]{2}|\\(?:[bfnrt]|[ux][0-9A-Fa-f]{2,4}))$`)
})

// endsInWord reports whether what follows the text continues a word.
func endsInWord(text string) bool {
	last, size := utf8.DecodeLastRuneInString(text)
	if last == '.' {
		last, _ = utf8.DecodeLastRuneInString(text[:len(text)-size])
	}
	return isInWord(last) && !escape().MatchString(text[max(len(text)-6, 0):])
}

// beginsInWord reports whether what precedes the text goes on in it.
func beginsInWord(text string) bool {
	first, size := utf8.DecodeRuneInString(text)
	if first == '.' {
		first, _ = utf8.DecodeRuneInString(text[size:])
	}
	return isInWord(first)
}

func isInWord(r rune) bool {
	return r == '_' || r == '-' || r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
