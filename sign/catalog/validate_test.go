package catalog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

func row(t *testing.T, name string) sign.Scheme {
	t.Helper()
	s, ok := catalog.Lookup(name)
	if !ok {
		t.Fatalf("no scheme %s", name)
	}
	return s
}

func TestValidateNamesTheFieldThatIsWrong(t *testing.T) {
	for _, c := range []struct {
		change func(*sign.Scheme)
		want   string
	}{
		{func(s *sign.Scheme) { s.Name = "" }, "name: is missing"},
		{func(s *sign.Scheme) { s.Name = "My Scheme" }, `name: "My Scheme" is not`},
		{func(s *sign.Scheme) { s.Name = "-a" }, `name: "-a" is not`},
		{func(s *sign.Scheme) { s.Auth = "hmca" }, `auth: "hmca" is not one of hmac, digest`},
		{func(s *sign.Scheme) { s.Hash = "sha3" }, `hash: "sha3" is not one of sha256`},
		{func(s *sign.Scheme) { s.Auth, s.Key, s.Hash = sign.RSA, sign.PEM, sign.MD5 }, `hash: "md5" is not one of sha256`},
		{func(s *sign.Scheme) { s.Enc = "base32" }, `enc: "base32" is not one of hex`},
		{func(s *sign.Scheme) { s.Key = sign.PEM }, `key: "pem" is not one of raw`},
		{func(s *sign.Scheme) { s.Auth, s.Key = sign.RSA, sign.Raw }, `key: "raw" is not one of spki`},
		{func(s *sign.Scheme) { s.Code = "mine" }, `code: "mine" is not one of twilio`},
		{func(s *sign.Scheme) { s.Code = sign.Twilio }, "content: this kind of scheme does not use it"},
		{func(s *sign.Scheme) { s.Content = "" }, "content: is empty"},
		{func(s *sign.Scheme) { s.Content = "{ts}.{bdoy}" }, `content: "bdoy" is not a name`},
		{func(s *sign.Scheme) { s.Content = "{ts}.{body" }, "content: \"{ts}.{body\" has an unmatched brace"},
		{func(s *sign.Scheme) { s.Content = "{ts}}.{body}" }, "has an unmatched brace"},
		{func(s *sign.Scheme) { s.Content = "{header.a b}" }, `content: "header.a b" is not a name`},
		{func(s *sign.Scheme) { s.Content = "{param.}" }, `content: "param." is not a name`},
		{func(s *sign.Scheme) { s.Content = "{secret}{body}" }, "content: {secret} is required"},
		{func(s *sign.Scheme) { s.Auth = sign.Digest }, "content: {secret} is required"},
		{func(s *sign.Scheme) { s.IDIn = ""; s.Content = "{id}" }, "content: has {id}"},
		{func(s *sign.Scheme) { s.Time, s.Tolerance = sign.Timestamp{}, sign.Tolerance{} }, "content: has {ts}"},
		{func(s *sign.Scheme) { s.Header = "" }, `header: "" is not a header name`},
		{func(s *sign.Scheme) { s.Header = "X Sig" }, `header: "X Sig" is not a header name`},
		{func(s *sign.Scheme) { s.Header = "json:" }, `header: "json:" is not a place`},
		{func(s *sign.Scheme) { s.Alt = []string{"a:b"} }, `alt: "a:b" is not`},
		{func(s *sign.Scheme) { s.IDIn = "X-Id" }, `id_in: "X-Id" is not a place: use header:NAME`},
		{func(s *sign.Scheme) { s.EventIn = "header:" }, `event_in: "" is not`},
		{func(s *sign.Scheme) { s.Stronger = "é" }, `stronger: "é" is not`},
		{func(s *sign.Scheme) { s.Fixed = []sign.Field{{Name: "A", Value: "b\n"}} }, "fixed: "},
		{func(s *sign.Scheme) { s.Format = "t={ts},{sig}" }, "format: \"t={ts},{sig}\" does not contain the prefix"},
		{func(s *sign.Scheme) { s.Format = "v1={sig}{x}" }, `format: "x" is not a name`},
		{func(s *sign.Scheme) { s.Format = "v1={sig}" }, "format: does not contain time.key"},
		{func(s *sign.Scheme) { s.Format = "t={ts} v1={sig}" }, "format: what it writes cannot be parsed"},
		{func(s *sign.Scheme) { s.More = ";v1={sig}" }, "format: what it writes cannot be parsed"},
		{func(s *sign.Scheme) { s.Split = "" }, "more: needs split"},
		{func(s *sign.Scheme) { s.Alt = []string{"X-2"} }, "more: use either"},
		{func(s *sign.Scheme) { s.Time.Unit = "min" }, `time.unit: "min" is not one of s, ms`},
		{func(s *sign.Scheme) { s.Time.Unit = "" }, "time.unit: is empty"},
		{func(s *sign.Scheme) { s.Time.In = "header:X-T" }, "time: give either in"},
		{func(s *sign.Scheme) { s.Time.In, s.Time.Key = "X-T", "" }, `time.in: "X-T" is not a place`},
		{func(s *sign.Scheme) { s.Tolerance.Future = 0 }, "tolerance: must be above zero"},
	} {
		s := row(t, "stripe")
		c.change(&s)
		if err := catalog.Validate(s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

func TestARowWhoseProofSaysLessThanItSeemsIsRefused(t *testing.T) {
	stamped := func(s *sign.Scheme, in sign.Place) {
		s.Time, s.Tolerance = sign.Timestamp{In: in, Unit: sign.Seconds}, sign.Both(time.Minute)
	}
	for _, c := range []struct {
		what   string
		change func(s *sign.Scheme)
		want   string // "" for a good row
	}{
		{"a time in a header", func(s *sign.Scheme) { stamped(s, "header:X-Time") }, "time: is not signed"},
		{"a time in a body of which a field is signed",
			func(s *sign.Scheme) { stamped(s, "json:at"); s.Content = "{json.a}" }, "time: is not signed"},
		{"a time in a body of which a CRC is signed",
			func(s *sign.Scheme) { stamped(s, "json:at"); s.Content = "{body|crc32}" }, "time: is not signed"},
		{"a time in the query", func(s *sign.Scheme) { stamped(s, "query:at") }, "time: is not signed"},
		{"a time beside a token", func(s *sign.Scheme) {
			stamped(s, "header:X-Time")
			s.Auth, s.Enc, s.Hash, s.Content = sign.Token, sign.Plain, "", ""
		}, "time: is not signed"},
		{"that is admitted", func(s *sign.Scheme) { stamped(s, "header:X-Time"); s.UnsignedTime = true }, ""},
		{"admitted without need", func(s *sign.Scheme) { s.UnsignedTime = true }, "unsigned_time: "},
		{"a time in the signed body", func(s *sign.Scheme) { stamped(s, "json:at") }, ""},
		{"a time in the signed URL", func(s *sign.Scheme) { stamped(s, "query:at"); s.Content = "{url}\n{body}" }, ""},
		{"a time in a signed header", func(s *sign.Scheme) {
			stamped(s, "header:X-Time")
			s.Content = "{header.X-Time}.{body}"
		}, ""},
		{"time and body", func(s *sign.Scheme) { stamped(s, "header:X-Time"); s.Content = "{ts}{body}" },
			"content: two of its parts have no separator"},
		{"id and time", func(s *sign.Scheme) {
			stamped(s, "header:X-Time")
			s.IDIn, s.Content = "header:X-Id", "{id}{ts}.{body}"
		}, "content: two of its parts have no separator"},
		{"two fields", func(s *sign.Scheme) { s.Content = "{json.a}{json.b}" },
			"content: two of its parts have no separator"},
		{"time and CRC", func(s *sign.Scheme) { stamped(s, "header:X-Time"); s.Content = "{ts}{body|crc32}" },
			"content: two of its parts have no separator"},
		{"that is admitted, too", func(s *sign.Scheme) { s.Content, s.NoSeparator = "{json.a}{json.b}", true }, ""},
		{"admitted without need, too", func(s *sign.Scheme) { s.NoSeparator = true }, "no_separator: "},
		{"a digest of fixed length", func(s *sign.Scheme) { s.Content = "{body|sha256hex}{url}" }, ""},
		{"a param of the receiver", func(s *sign.Scheme) { s.Content = "{param.shop}{body}" }, ""},
		{"a line break in the prefix", func(s *sign.Scheme) { s.Prefix = "v1=\n" }, "prefix: contains a control character"},
		{"an escape in the prefix", func(s *sign.Scheme) { s.Prefix = "\x1b[2J" }, "prefix: contains a control character"},
		{"NUL in split", func(s *sign.Scheme) { s.Split, s.Prefix = ",\x00", "v1=" }, "split: contains a control character"},
		{"a control character beyond ASCII", func(s *sign.Scheme) { s.Prefix = "v1\u0085" },
			"prefix: contains a control character"},
	} {
		s := row(t, "generic")
		c.change(&s)
		err := catalog.Validate(s)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

func TestFaultsAreListedInTheSameOrderEachTime(t *testing.T) {
	s := row(t, "generic")
	s.Prefix, s.Split, s.Format = "v1\x01", ",\x01", "v1\x01{sig}"
	const want = "prefix: contains a control character, which headers may not contain\n" +
		"split: contains a control character, which headers may not contain\n" +
		"format: contains a control character, which headers may not contain"
	for range 50 {
		if err := catalog.Validate(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("%v, want %s", err, want)
		}
	}
}

func TestAnIdentityThatIsNotSignedIsNoIdentity(t *testing.T) {
	for _, c := range []struct {
		content string
		in      sign.Place
		ok      bool
	}{
		{"{body}", "json:account", true}, {"{body|sha256hex}", "json:account", true},
		{"{ts}.{json.account}", "json:account", true},
		{"{url}", "query:account", true}, {"{header.X-Account}\n{body}", "header:X-Account", true},
		{"{body}", "header:X-Account", false}, {"{body|crc32}", "json:account", false},
		{"{ts}.{json.other}", "json:account", false},
		{"{body}", "query:account", false}, {"{body}", "claim:account", false}, {"{body}", "account", false},
	} {
		s := sign.Scheme{
			Name: "x", Auth: sign.Ed25519, Enc: sign.Hex, Key: sign.Hex32, Content: c.content, Header: "X-Sig",
			Bound: []sign.Identity{{Param: "account", In: c.in}},
		}
		if strings.Contains(c.content, "{ts}") {
			s.Time, s.Tolerance = sign.Timestamp{In: "header:X-Time", Unit: sign.Seconds}, sign.Both(time.Minute)
		}
		if err := catalog.Validate(s); (err == nil) != c.ok {
			t.Errorf("%s in %s: %v", c.in, c.content, err)
		}
	}
}

func TestARowWithATokenIsHeldToIt(t *testing.T) {
	for _, c := range []struct {
		change func(*sign.Scheme)
		want   string
	}{
		{func(*sign.Scheme) {}, ""},
		{func(s *sign.Scheme) { s.Auth = sign.Digest }, "auth: a token is signed with"},
		{func(s *sign.Scheme) { s.Split = "," }, "jwt: a token is alone"},
		{func(s *sign.Scheme) { s.JWT.Body, s.JWT.BodyEnc = "sha", "base32" }, `jwt.body_enc: "base32" is not one of hex`},
		{func(s *sign.Scheme) { s.Enc = sign.Hex }, `enc: "hex" is not one of base64url`},
		{func(s *sign.Scheme) { s.Bound = []sign.Identity{{In: "claim:email"}} }, `bound: "" is not the name of a param`},
	} {
		s := sign.Scheme{
			Name: "x", Auth: sign.HMAC, Hash: sign.SHA256, Enc: sign.Base64URL, Key: sign.Raw, Header: "Authorization",
			Prefix: "Bearer ",
			JWT:    &sign.Claims{Issuer: "x"},
		}
		c.change(&s)
		err := catalog.Validate(s)
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
