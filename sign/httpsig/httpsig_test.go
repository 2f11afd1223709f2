package httpsig_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign/httpsig"
)

// request is the test request of RFC 9421, appendix B.2.
func request() *httpsig.Request {
	return &httpsig.Request{Method: "POST", URL: "https://example.com/foo?param=Value&Pet=dog", Header: http.Header{
		"Date": {"Tue, 20 Apr 2021 02:07:55 GMT"}, "Content-Type": {"application/json"}, "Content-Length": {"18"},
	}}
}

func TestTheBaseIsTheOneOfTheRFC(t *testing.T) {
	for _, c := range []struct {
		components []string
		params     string
		want       string
	}{
		{ // appendix B.2.5
			[]string{"date", "@authority", "content-type"},
			`("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"`,
			"\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@authority\": example.com\n\"content-type\": application/json\n" +
				`"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"`,
		},
		{ // section 2.2
			[]string{"@method", "@target-uri", "@scheme", "@request-target", "@path", "@query"}, "()",
			"\"@method\": POST\n\"@target-uri\": https://example.com/foo?param=Value&Pet=dog\n\"@scheme\": https\n" +
				"\"@request-target\": /foo?param=Value&Pet=dog\n\"@path\": /foo\n\"@query\": " +
				"?param=Value&Pet=dog\n\"@signature-params\": ()",
		},
	} {
		got, err := request().Base(c.components, c.params)
		if err != nil || string(got) != c.want {
			t.Errorf("%v\n got %s\nwant %s", err, got, c.want)
		}
	}
	r := request()
	r.URL = "HTTPS://Example.com:443"
	if got, err := r.Base([]string{"@authority", "@request-target"}, "()"); err != nil ||
		string(got) != "\"@authority\": example.com\n\"@request-target\": /\n\"@signature-params\": ()" {
		t.Errorf("%v %s", err, got)
	}
}

func TestTheBaseSaysWhatIsMissing(t *testing.T) {
	noURL := request()
	noURL.URL = ""
	for name, c := range map[string]struct {
		r    *httpsig.Request
		want error
	}{
		"host": {request(), httpsig.ErrNoHeader}, "@path": {noURL, httpsig.ErrNoURL},
		"@status": {request(), httpsig.ErrUnknown},
	} {
		if got, err := c.r.Base([]string{name}, "()"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v %s", name, err, got)
		}
	}
}

func TestADigestIsHeldAgainstTheBody(t *testing.T) {
	const ( // RFC 9530, appendices B.1 and D
		sha256 = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
		sha512 = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
	)
	for digest, want := range map[string]error{
		sha256: nil, sha512: nil, sha256 + ", " + sha512: nil, "md5=:AA==:, " + sha256: nil,
		"": httpsig.ErrNoDigest, "sha-256": httpsig.ErrNoDigest, "md5=:AA==:": httpsig.ErrWeakDigest,
		"sha-256=:AA==:": httpsig.ErrDigest, "sha-256=AA==": httpsig.ErrDigest,
		sha256 + ", sha-512=:AA==:":              httpsig.ErrDigest,
		strings.Replace(sha256, "=:", "=:\n", 1): httpsig.ErrDigest,
	} {
		h := http.Header{}
		if digest != "" {
			h.Set("Content-Digest", digest)
		}
		if err := httpsig.CheckDigest(h, []byte(`{"hello": "world"}`)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", digest, err, want)
		}
	}
}

func TestASignatureIsReadWithItsParameters(t *testing.T) {
	const input = `("@method" "content-digest");created=1618884473;expires=1618884773;keyid="a;b\"c";alg="ed25519"`
	s, ok := httpsig.Read(input, ":AAAA:")
	if !ok || strings.Join(s.Components, " ") != "@method content-digest" || s.Params != input || s.Alg != "ed25519" ||
		s.Created != "1618884473" || s.Expires != "1618884773" || string(s.Value) != "\x00\x00\x00" {
		t.Errorf("%v %+v", ok, s)
	}
	many := make([]string, httpsig.MaxComponents+1)
	for i := range many {
		many[i] = `"h` + strings.Repeat("x", i) + `"`
	}
	for _, c := range [][2]string{
		{`("@method")`, ""}, {`("@method")`, "AAAA"}, {`("@method")`, "::"}, {`("@method")`, ":A:"}, {`"@method"`, ":AAAA:"},
		{`("@method"`, ":AAAA:"},
		{`(@method)`, ":AAAA:"}, {`("@method" "@method")`, ":AAAA:"}, {`("Date")`, ":AAAA:"}, {`("date";sf)`, ":AAAA:"},
		{`("")`, ":AAAA:"},
		{`("date")created=1`, ":AAAA:"}, {`("date");created=1;created=2`, ":AAAA:"}, {`("date");`, ":AAAA:"},
		{"(" + strings.Join(many, " ") + ")", ":AAAA:"},
	} {
		if s, ok := httpsig.Read(c[0], c[1]); ok {
			t.Errorf("%s with %s is %+v", c[0], c[1], s)
		}
	}
}

func TestADictionaryIsSplitOutsideOfStringsAndLists(t *testing.T) {
	const text = `a=("x" "y,z");b="1,\"2", c=:AA==:`
	members, repeats, ok := httpsig.Dictionary(text)
	if !ok || repeats || len(members) != 2 || members[0] != (httpsig.Member{Name: "a", Value: `("x" "y,z");b="1,\"2"`}) ||
		members[1].Value != ":AA==:" {
		t.Errorf("%v %v", ok, members)
	}
	members, repeats, ok = httpsig.Dictionary("a=1, b=2, a=3")
	if !ok || !repeats || len(members) != 2 || members[1].Value != "3" {
		t.Errorf("%v %v", ok, members)
	}
	for _, text := range []string{"", "a", "=1", "a=", `a="x`, "a=(x", strings.Repeat("a=1,b=2,", 33) +
		"c=1" + manyMembers()} {
		if members, _, ok := httpsig.Dictionary(text); ok {
			t.Errorf("%q is %v", text, members)
		}
	}
}

func manyMembers() (text string) {
	for i := range 40 {
		text += ",m" + strings.Repeat("x", i) + "=1"
	}
	return text
}

func TestASignatureMustCoverTheRequest(t *testing.T) {
	for _, c := range []struct {
		covered, url string
		hasBody      bool
		asked, want  string
	}{
		{"@method @target-uri content-digest", "https://h/?x", true, "", ""},
		{"@method @path", "https://h/", false, "", ""},
		{"@method @path", "https://h/?x", false, "", "@query, and the request has one"},
		{"@method", "https://h/", false, "", "@target-uri, @request-target or @path"},
		{"@target-uri", "https://h/", false, "", "@method"},
		{"@method @request-target", "https://h/", true, "", "content-digest, and the request has a body"},
		{"date", "https://h/", true, "date", ""},
		{"date", "https://h/", true, "date @method", "@method"},
	} {
		s := httpsig.Signature{Components: strings.Fields(c.covered)}
		if got := s.Uncovered(c.url, c.hasBody, strings.Fields(c.asked)); got != c.want {
			t.Errorf("%s: %q, want %q", c.covered, got, c.want)
		}
	}
}
