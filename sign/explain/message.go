package explain

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/keytext"
)

// schemeRow is a mistake in reading a signature. make changes a scheme to the sender's way of signing, and reports
// whether there was anything to change.
type schemeRow struct {
	kind          Kind
	change, words string
	make          func(*sign.Scheme) bool
}

// schemeRows is a function so that the table costs nothing when the program starts.
func schemeRows() []schemeRow {
	return []schemeRow{
		hashRow(sign.SHA256), hashRow(sign.SHA1), hashRow(sign.SHA512), hashRow(sign.SHA384), hashRow(sign.MD5),
		encodingRow(sign.Hex), encodingRow(sign.Base64), encodingRow(sign.Base64URL),
		prefixRow(""), prefixRow("sha256="), prefixRow("sha1="), prefixRow("v1="), prefixRow("v0="), prefixRow("v1,"),
		prefixRow("hmac-sha256="), prefixRow("hmac "),
		{ContentWithoutID, "the id is not signed", "the sender signs without the id", without("{id}")},
		{ContentWithoutTS, "the timestamp is not signed", "the sender signs without the timestamp",
			without("{ts}")},
		{ContentWithoutURL, "the URL is not signed", "the sender signs without the URL", without("{url}")},
		{ContentBodyOnly, "only the body is signed", "the sender signs nothing but the body", content("{body}")},
		{ContentWithoutID, "only the timestamp and the body are signed", "the sender signs without the id", withoutID},
		{ContentOrder, "the timestamp comes after the body in the signed content", "the sender signs them in that order",
			swapped},
		separatorRow("."), separatorRow(""), separatorRow(":"), separatorRow(","), separatorRow("|"), separatorRow("\n"),
		separatorRow("-"), separatorRow(" "),
	}
}

func hashRow(h sign.Hash) schemeRow {
	return schemeRow{OtherHash, "the hash is " + string(h), "the sender is configured for another hash",
		func(s *sign.Scheme) bool {
			changed := s.Hash != h && (s.Auth == sign.HMAC || s.Auth == sign.Digest)
			s.Hash = h
			return changed
		}}
}

func encodingRow(e sign.Encoding) schemeRow {
	return schemeRow{SignatureEncoding, "the signature is read as " + string(e),
		"the sender writes the signature in another encoding",
		func(s *sign.Scheme) bool {
			changed := s.Enc != e && s.Auth != sign.Token && s.Enc != sign.Plain
			s.Enc = e
			return changed
		}}
}

func prefixRow(prefix string) schemeRow {
	change := "the signature comes after " + prefix
	if prefix == "" {
		change = "the signature has no prefix"
	}
	return schemeRow{SignaturePrefix, change, "the sender writes the header in another format", func(s *sign.Scheme) bool {
		changed := s.Prefix != prefix
		s.Prefix = prefix
		return changed
	}}
}

// labelled matches the beginning of a signature header up to the signature.
var labelled = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,15}(?:\s*[:=,]\s*|\s+)`)
})

// prefixes reads the signature behind the label that stands before it, in whatever spelling: Bearer, SHA256=, v1:.
func prefixes(t trial, yield func(variant) bool) {
	for _, name := range headerNames(t.message.Header) {
		if !strings.EqualFold(name, t.scheme.Header) {
			continue
		}
		for _, value := range t.message.Header[name] {
			prefix := labelled().FindString(value)
			v := variant{trial: t, kind: SignaturePrefix, part: Message,
				change: "the signature comes after " + quoted([]byte(prefix)),
				words:  "the sender writes the header in another format"}
			v.scheme.Prefix = prefix
			if prefix != "" && prefix != t.scheme.Prefix && !yield(v) {
				return
			}
		}
	}
}

// separatorRow puts another separator between the signed parts.
func separatorRow(sep string) schemeRow {
	name := "nothing is"
	if sep != "" {
		name = quoted([]byte(sep)) + " is"
	}
	return schemeRow{ContentSeparator, name + " between the signed parts",
		"the sender joins them differently", func(s *sign.Scheme) bool {
			names := contentNames(s.Content)
			joined := strings.Join(names, sep)
			changed := len(names) > 1 && joined != s.Content
			s.Content = joined
			return changed
		}}
}

func contentNames(content string) (names []string) {
	for p := range sign.Pieces(content) {
		if p.Named {
			names = append(names, "{"+p.Text+"}")
		}
	}
	return names
}

// without removes a name from the signed content, together with the text between the name and its neighbour.
func without(name string) func(*sign.Scheme) bool {
	return func(s *sign.Scheme) bool {
		before, after, ok := strings.Cut(s.Content, name)
		if !ok {
			return false
		}
		if next := strings.IndexByte(after, '{'); next >= 0 {
			s.Content = before + after[next:]
		} else { // the name stands last
			s.Content = before[:strings.LastIndexByte(before, '}')+1]
		}
		return s.Content != ""
	}
}

func content(to string) func(*sign.Scheme) bool {
	return func(s *sign.Scheme) bool {
		ok := s.Auth != sign.Token && s.Auth != sign.Digest && s.Code == "" && s.Content != to &&
			(s.Time.Unit != "" || !strings.Contains(to, "{ts}"))
		s.Content = to
		return ok
	}
}

// withoutID reports whether a scheme signs "{ts}.{body}" apart from its id.
func withoutID(s *sign.Scheme) bool {
	return strings.Contains(s.Content, "{id}") && content("{ts}.{body}")(s)
}

func swapped(s *sign.Scheme) bool {
	swap := strings.NewReplacer("{ts}", "{body}", "{body}", "{ts}")
	to := swap.Replace(s.Content)
	changed := to != s.Content && strings.Contains(s.Content, "{ts}") && strings.Contains(s.Content, "{body}")
	s.Content = to
	return changed
}

// readings makes the variants with a different scheme.
func readings(t trial, yield func(variant) bool) {
	for _, row := range schemeRows() {
		v := variant{trial: t, kind: row.kind, part: Message, change: row.change, words: row.words}
		if row.make(&v.scheme) && !yield(v) {
			return
		}
	}
}

// maxHeaders is how many headers are read.
const maxHeaders = 100

// headers makes the variants with changed headers.
func headers(t trial, yield func(variant) bool) {
	for _, name := range headerNames(t.message.Header) {
		if !otherHeader(t, name, yield) || !oneOfSeveral(t, name, yield) {
			return
		}
	}
	for _, row := range headerRows {
		v := variant{trial: t, kind: row.kind, part: Message, change: row.change, words: row.words}
		if v.message.Header = eachHeader(t.message.Header, row.name, row.value); v.message.Header != nil && !yield(v) {
			return
		}
	}
}

func headerNames(h http.Header) []string {
	names := slices.Sorted(maps.Keys(h))
	return names[:min(len(names), maxHeaders)]
}

// otherHeader reads the signature from another header of the message.
func otherHeader(t trial, name string, yield func(variant) bool) bool {
	if strings.ContainsRune(t.scheme.Header, ':') || strings.EqualFold(name, t.scheme.Header) {
		return true
	}
	v := variant{trial: t, kind: OtherHeader, part: Message, change: "the signature is read from the header " + name,
		words: "the sender does not use the header " + t.scheme.Header}
	v.scheme.Header, v.scheme.Alt = name, nil
	return yield(v)
}

// oneOfSeveral keeps one value of a repeated header.
func oneOfSeveral(t trial, name string, yield func(variant) bool) bool {
	values := t.message.Header[name]
	if len(values) < 2 {
		return true
	}
	for i := range values[:min(len(values), 8)] {
		v := variant{trial: t, kind: HeaderTwice, part: Message, change: "only one value of the header " + name + " counts",
			words: "a proxy or the sender added the header more than once"}
		v.message.Header = t.message.Header.Clone()
		v.message.Header[name] = values[i : i+1]
		if !yield(v) {
			return false
		}
	}
	return true
}

var headerRows = [...]struct {
	kind          Kind
	change, words string
	name, value   func(string) string
}{
	{HeadersRenamed, "HTTP_X_NAME is read as the header X-Name", "the headers have the names of CGI or WSGI variables",
		fromCGI, same},
	{HeadersRenamed, "the headers are read without the prefix X-Forwarded- or X-Original-",
		"a proxy or a tunnel renamed the headers", fromProxy, same},
	{HeaderQuoted, "the quotes and spaces around the headers are removed",
		"the headers were copied together with the text around them", same,
		func(s string) string { return strings.Trim(s, "\"'` \t\r\n,;") }},
	{HeaderEncoded, "a space in the headers is a plus sign",
		"the signature went through a form or a query, where + means a space", same,
		func(s string) string { return strings.ReplaceAll(s, " ", "+") }},
	{HeaderEncoded, "the headers are percent-decoded", "the signature went through a form or a query", same,
		percentDecoded},
}

func same(s string) string { return s }

func percentDecoded(s string) string {
	plain, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return plain
}

func fromCGI(name string) string {
	plain := strings.ReplaceAll(name, "_", "-")
	if len(plain) > 5 && strings.EqualFold(plain[:5], "http-") {
		plain = plain[5:]
	}
	return plain
}

func fromProxy(name string) string {
	for _, prefix := range []string{"X-Forwarded-", "X-Original-", "X-Amzn-Remapped-"} {
		if len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
			return name[len(prefix):]
		}
	}
	return name
}

// eachHeader changes all names and values; nil when nothing changes. A header that already has a new name stays.
func eachHeader(h http.Header, name, value func(string) string) http.Header {
	to := make(http.Header, len(h))
	changed := false
	for _, was := range headerNames(h) {
		is := name(was)
		if is != was {
			is = http.CanonicalHeaderKey(is)
		}
		if _, taken := to[is]; taken {
			continue
		}
		for _, v := range h[was] {
			to[is] = append(to[is], value(v))
			changed = changed || value(v) != v
		}
		changed = changed || is != was
	}
	if !changed {
		return nil
	}
	return to
}

// methods makes the variants with another method, for the schemes that sign it.
func methods(t trial, yield func(variant) bool) {
	if !strings.Contains(t.scheme.Content, "{method}") {
		return
	}
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodPut, strings.ToLower(t.message.Method),
		""} {
		v := variant{trial: t, kind: OtherMethod, part: Message, change: "the method is " + quoted([]byte(method)),
			words: "the sender signed another method than the one given"}
		v.message.Method = method
		if method != t.message.Method && !yield(v) {
			return
		}
	}
}

// schemes makes the variants with another provider's scheme, those that the headers look like first.
func schemes(t trial, yield func(variant) bool) { allOf(t, likely, asAny(catalog.All))(yield) }

// likely makes the variants with schemes whose signature the message shows.
func likely(t trial, yield func(variant) bool) {
	asAny(func() []sign.Scheme { return new(catalog.Set).Detect(t.message) })(t, yield)
}

func asAny(list func() []sign.Scheme) generator {
	return func(t trial, yield func(variant) bool) {
		for _, s := range list() {
			if s.Name == t.scheme.Name || !symmetric(&t.scheme) && symmetric(&s) && !shared(t.secrets) {
				continue
			}
			v := variant{trial: t, kind: OtherScheme, part: Message, change: "the scheme is " + s.Name,
				words: "the message was signed with the scheme of " + s.Title + " (" + s.Header + "), not of " +
					cmp.Or(t.scheme.Title, t.scheme.Name, "any known scheme")}
			v.scheme = s
			v.scheme.Tolerance = sign.Both(sign.NoLimit)
			if !yield(v) {
				return
			}
		}
	}
}

// shared reports whether no secret was given as a public key. An attacker could compute an HMAC with a public key, so
// that a match would explain nothing.
func shared(secrets []sign.Secret) bool {
	return !slices.ContainsFunc(secrets, func(s sign.Secret) bool { return s.Kind() != keytext.Shared })
}
