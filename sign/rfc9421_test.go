package sign_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/newkey"
)

// messageKey is the key of the tests below, and messageBase what a signature of it is of.
const messageKey = "a key that both sides know"

// labelled adds a signature under a label to what a message carries already. components are lines of the signature base
// that are right for the message.
func labelled(m sign.Message, label, key, lines, params string) sign.Message {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(lines + `"@signature-params": ` + params))
	add := func(name, value string) {
		if before := m.Header.Get(name); before != "" {
			value = before + ", " + value
		}
		m = with(m, name, value)
	}
	add("Signature-Input", label+"="+params)
	add("Signature", label+"=:"+b64(mac.Sum(nil))+":")
	return m
}

func messageToSign() sign.Message {
	sum := sha256.Sum256([]byte("{}"))
	return sign.Message{Method: "POST", URL: "https://hooks.example.com/in?x=1", Body: []byte("{}"), Header: http.Header{
		"Content-Digest": {"sha-256=:" + b64(sum[:]) + ":"}, "Date": {"Tue, 14 Nov 2023 22:13:20 GMT"}}}
}

func digestLine(m sign.Message) string {
	return `"content-digest": ` + m.Header.Get("Content-Digest") + "\n"
}

func verifyMessage(t *testing.T, m sign.Message) (sign.Match, error) {
	t.Helper()
	return lookup(t, "rfc9421").Verify(m, at, text(b64([]byte(messageKey))))
}

// verifyAsked verifies a message whose receiver asks for just the components that it covers.
func verifyAsked(t *testing.T, m sign.Message) (sign.Match, error) {
	t.Helper()
	_, list, _ := strings.Cut(m.Header.Get("Signature-Input"), "(")
	list, _, _ = strings.Cut(list, ")")
	m.Params = map[string]string{"components": strings.Join(strings.Fields(strings.ReplaceAll(list, `"`, "")), ",")}
	return verifyMessage(t, m)
}

func TestASignatureOfAProxyDoesNotHideTheSenders(t *testing.T) {
	const params = `("@method" "@request-target" "content-digest");created=1700000000`
	lines := "\"@method\": POST\n\"@request-target\": /in?x=1\n" + digestLine(messageToSign())
	ours := func(m sign.Message) sign.Message { return labelled(m, "sender", messageKey, lines, params) }
	proxy := func(m sign.Message) sign.Message { return labelled(m, "proxy", "another key", lines, params) }
	for what, m := range map[string]sign.Message{
		"before": ours(proxy(messageToSign())), "behind": proxy(ours(messageToSign())),
		"of a header that is gone": ours(labelled(messageToSign(), "proxy", "k", "", `("forwarded");created=1700000000`)),
		"without a time":           ours(labelled(messageToSign(), "proxy", "k", "", `("@method");expires="x"`)),
		"of another algorithm":     ours(labelled(messageToSign(), "proxy", "k", "", `("@method");created=1;alg="ed25519"`)),
	} {
		match, err := verifyMessage(t, m)
		if err != nil || match.BodyUnsigned || match.Age != 0 {
			t.Errorf("%s: %+v %v", what, match, err)
		}
		m.Body = []byte("{ }")
		if _, err := verifyMessage(t, m); reasonOf(t, err) == "" {
			t.Errorf("%s: another body is valid", what)
		}
	}
	late := labelled(proxy(messageToSign()), "sender", messageKey, lines,
		strings.Replace(params, "1700000000", "1600000000", 1))
	if _, err := verifyMessage(t, late); reasonOf(t, err) != sign.TimestampExpired {
		t.Errorf("late: %v", err)
	}
	if _, err := verifyMessage(t, proxy(messageToSign())); reasonOf(t, err) != sign.SignatureMismatch {
		t.Errorf("a proxy's alone: %v", err)
	}
	if _, err := verifyMessage(t, proxy(ours(proxy(messageToSign())))); reasonOf(t, err) != sign.DuplicateField {
		t.Errorf("two of one label: %v", err)
	}
	many := messageToSign()
	for _, label := range strings.Split("abcdefgh", "") {
		many = labelled(many, label, "k"+label, lines, params)
	}
	if _, err := verifyMessage(t, ours(many)); reasonOf(t, err) != sign.SignatureMismatch {
		t.Errorf("the ninth is looked at: %v", err)
	}
}

// TestWhatASignatureDoesNotCoverIsSaid has a digest in the message that nothing signs, and a receiver who does not
// mind.
func TestWhatASignatureDoesNotCoverIsSaid(t *testing.T) {
	m := labelled(messageToSign(), "s", messageKey, "\"@method\": POST\n", `("@method");created=1700000000`)
	m.Params = map[string]string{"components": "@method"}
	for _, body := range []string{"{}", "forged"} {
		if match, err := verifyMessage(t, setBody(m, body)); err != nil || !match.BodyUnsigned {
			t.Errorf("%+v %v", match, err)
		}
	}
}

func TestASignatureMustCoverMethodTargetAndBody(t *testing.T) {
	line := map[string]string{
		"@method": "POST", "@target-uri": "https://hooks.example.com/in?x=1", "@path": "/in", "@query": "?x=1",
		"@request-target": "/in?x=1",
		"@authority":      "hooks.example.com", "date": "Tue, 14 Nov 2023 22:13:20 GMT",
		"content-digest": messageToSign().Header.Get("Content-Digest"),
	}
	for _, c := range []struct {
		names, asked string
		want         sign.Reason
	}{
		{"@method @target-uri content-digest", "", ""},
		{"@method @request-target content-digest", "", ""},
		{"@method @path @query content-digest", "", ""},
		{"content-digest date @query @path @method", "", ""},
		{"", "", sign.UnsignedComponent},
		{"date", "", sign.UnsignedComponent},
		{"@target-uri content-digest", "", sign.UnsignedComponent},
		{"@method content-digest", "", sign.UnsignedComponent},
		{"@method @authority content-digest", "", sign.UnsignedComponent},
		{"@method @query content-digest", "", sign.UnsignedComponent},
		{"@method @path content-digest", "", sign.UnsignedComponent},
		{"@method @target-uri", "", sign.UnsignedComponent},
		{"@method @target-uri date", "", sign.UnsignedComponent},
		{"@method @path", "@method,@path", ""},
		{"@method @path", ` "@method", "@PATH" `, ""},
		{"@method @path date", "@method,@path", ""},
		{"@method", "@method,@path", sign.UnsignedComponent},
		{"@method @path", "@method,content-digest", sign.UnsignedComponent},
		{"", "@method", sign.UnsignedComponent},
		{"", ",", sign.UnsignedComponent},
	} {
		lines, list := "", ""
		for _, name := range strings.Fields(c.names) {
			lines += `"` + name + `": ` + line[name] + "\n"
			list += ` "` + name + `"`
		}
		m := labelled(messageToSign(), "s", messageKey, lines, "("+strings.TrimSpace(list)+");created=1700000000")
		m.Params = map[string]string{"components": c.asked}
		if _, err := verifyMessage(t, m); reasonOf(t, err) != c.want {
			t.Errorf("(%s) asked for %q: %v, want %q", c.names, c.asked, err, c.want)
		}
		forged := with(m, "Signature", "s=:"+b64(make([]byte, 32))+":")
		if _, err := verifyMessage(t, forged); reasonOf(t, err) != sign.SignatureMismatch {
			t.Errorf("(%s) forged: %v", c.names, err)
		}
	}
	bare := messageToSign()
	bare.Body, bare.URL = nil, "https://hooks.example.com/in"
	bare = labelled(bare, "s", messageKey, "\"@method\": POST\n\"@path\": /in\n", `("@method" "@path");created=1700000000`)
	if _, err := verifyMessage(t, bare); err != nil {
		t.Errorf("neither body nor query: %v", err)
	}
	for what, change := range map[string]func(*sign.Message){
		"a body that was added":  func(m *sign.Message) { m.Body = []byte("{}") },
		"a query that was added": func(m *sign.Message) { m.URL += "?admin=1" },
	} {
		changed := bare
		change(&changed)
		if _, err := verifyMessage(t, changed); reasonOf(t, err) != sign.UnsignedComponent {
			t.Errorf("%s: %v", what, err)
		}
	}
	proxied := labelled(messageToSign(), "proxy", "another key", "\"@method\": POST\n", `("@method");created=1700000000`)
	proxied = labelled(proxied, "s", messageKey, "", `();created=1700000000`)
	if _, err := verifyMessage(t, proxied); reasonOf(t, err) != sign.UnsignedComponent {
		t.Errorf("behind a proxy's: %v", err)
	}
}

func TestTheComponentsThatAreAskedForAreSigned(t *testing.T) {
	s := lookup(t, "rfc9421")
	keys := newPair(s, 0)
	for _, asked := range []string{"@method,@path", "@method,@path,@query,content-digest,content-type",
		"@request-target"} {
		msg := newMessage(s)
		msg.Params["components"] = asked
		m := deliver(t, s, msg, keys.signing)
		expect(t, asked, s, m, keys.verifying, "")
		want := `sig1=("` + strings.ReplaceAll(asked, ",", `" "`) + `");`
		if got := m.Header.Get("Signature-Input"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", asked, got)
		}
		if (m.Header.Get("Content-Digest") != "") != strings.Contains(asked, "content-digest") {
			t.Errorf("%s: %v", asked, m.Header)
		}
	}
}

func TestComponentsAndParametersAreTakenAsTheyStand(t *testing.T) {
	date := "\"date\": Tue, 14 Nov 2023 22:13:20 GMT\n"
	for params, c := range map[string]struct {
		lines string
		want  sign.Reason
	}{
		`("date");keyid="a;b\"=";created=1700000000;nonce="x"`:           {date, ""},
		`("date");created=1700000000;unknown;other=?1;alg="hmac-sha256"`: {date, ""},
		`("@target-uri");created=1700000000`: {
			"\"@target-uri\": https://hooks.example.com/in?x=1\n", ""},
		`("@authority" "@scheme");created=1700000000`:    {"\"@authority\": hooks.example.com\n\"@scheme\": https\n", ""},
		`("@path" "@query");created=1700000000`:          {"\"@path\": /in\n\"@query\": ?x=1\n", ""},
		`("@request-target");created=1700000000`:         {"\"@request-target\": /in?x=1\n", ""},
		`("date" "date");created=1700000000`:             {date + date, sign.MalformedSignature},
		`("Date");created=1700000000`:                    {strings.Replace(date, "d", "D", 1), sign.MalformedSignature},
		`("date";bs);created=1700000000`:                 {strings.Replace(date, `":`, `";bs:`, 1), sign.MalformedSignature},
		`("date";req);created=1700000000`:                {strings.Replace(date, `":`, `";req:`, 1), sign.MalformedSignature},
		`("@query-param";name="x");created=1700000000`:   {"", sign.MalformedSignature},
		`("@status");created=1700000000`:                 {"\"@status\": 200\n", sign.MalformedSignature},
		`("@signature-params");created=1700000000`:       {"", sign.MalformedSignature},
		`("date" "x-not-there");created=1700000000`:      {date + "\"x-not-there\": \n", sign.MissingField},
		`("date");created=1700000000;created=1700000001`: {date, sign.MalformedSignature},
		`("date");created=1700000000;alg="ed25519"`:      {date, sign.SignatureMismatch},
		`("date");created=1700000000;alg="none"`:         {date, sign.SignatureMismatch},
		`("date")`:                                       {date, sign.MissingTimestamp},
		`("date");expires=1700000300`:                    {date, sign.MissingTimestamp},
		`("date");created="1700000000"`:                  {date, sign.MalformedTimestamp},
		`("date");created=1700000000;expires=x`:          {date, sign.MalformedTimestamp},
		`("date");created=1700000301`:                    {date, sign.TimestampInFuture},
		`("date");created=1699999699`:                    {date, sign.TimestampExpired},
		`("date");created=1699999990;expires=1699999999`: {date, sign.TimestampExpired},
		`("date");created=1699999990;expires=1700000000`: {date, ""},
	} {
		m := labelled(messageToSign(), "s", messageKey, c.lines, params)
		if _, err := verifyAsked(t, m); reasonOf(t, err) != c.want {
			t.Errorf("%s: %v, want %s", params, err, c.want)
		}
		if c.want != "" {
			continue
		}
		input := m.Header.Get("Signature-Input")
		for _, changed := range []string{strings.Replace(input, ";created", "; created", 1), input + ";x",
			strings.Replace(input, `("`, `( "`, 1)} {
			if _, err := verifyAsked(t, with(m, "Signature-Input", changed)); err == nil {
				t.Errorf("%s is valid", changed)
			}
		}
	}
}

func TestAnExpiredMessageSaysHowOldItIs(t *testing.T) {
	m := labelled(messageToSign(), "s", messageKey, "\"@method\": POST\n",
		`("@method");created=1699999940;expires=1699999970`)
	if match, err := verifyAsked(t, m); reasonOf(t, err) != sign.TimestampExpired ||
		match.Age != time.Minute || !match.HasAge {
		t.Errorf("%+v %v", match, err)
	}
}

func TestEveryDigestThatIsKnownMustMatch(t *testing.T) {
	good := messageToSign().Header.Get("Content-Digest")
	for digest, want := range map[string]sign.Reason{
		good: "", good + ", sha-512=:" + b64([]byte("x")) + ":": sign.SignatureMismatch,
		"sha-256=:" + b64([]byte("x")) + ":, " + good: "",
		good + ", sha-256=:" + b64([]byte("x")) + ":": sign.SignatureMismatch,
		"md5=:" + b64([]byte("x")) + ":":              sign.MalformedField,
		"sha-256=" + b64([]byte("x")):                 sign.SignatureMismatch, "": sign.MalformedField,
		"x": sign.MalformedField,
	} {
		m := messageToSign()
		m.Header.Set("Content-Digest", digest)
		m = labelled(m, "s", messageKey, digestLine(m), `("content-digest");created=1700000000`)
		if _, err := verifyAsked(t, m); reasonOf(t, err) != want {
			t.Errorf("%q: %v, want %s", digest, err, want)
		}
	}
}

// TestEachKindOfKeySignsMessages signs with a key of each kind and refuses it under each other kind.
func TestEachKindOfKeySignsMessages(t *testing.T) {
	s := lookup(t, "rfc9421")
	kinds := map[string]pair{"hmac": {text(b64([]byte(messageKey))), text(b64([]byte(messageKey)))}}
	for kind, name := range map[string]string{"ed25519": "fusionauth", "ecdsa": "plaid", "rsa": "wise"} {
		s := lookup(t, name)
		made, err := newkey.Of(&s, at)
		if err != nil {
			t.Fatal(err)
		}
		kinds[kind] = pair{text(string(made.Signing)), text(string(made.Verifying))}
	}
	for kind, keys := range kinds {
		m := deliver(t, s, newMessage(s), keys.signing)
		for other, k := range kinds {
			want := sign.SignatureMismatch
			if other == kind {
				want = ""
			}
			expect(t, kind+" under "+other, s, m, k.verifying, want)
		}
		expect(t, kind+", another URL", s, func() sign.Message { m := m; m.URL += "&y"; return m }(), keys.verifying,
			sign.SignatureMismatch)
	}
}

// TestAKeyOfEitherKindMustBeSaid has a public key that every reader of it could compute an HMAC with.
func TestAKeyOfEitherKindMustBeSaid(t *testing.T) {
	s := lookup(t, "rfc9421")
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(public))}))
	raw := b64(public)
	hmacSigned := func(key []byte) sign.Message {
		m := messageToSign()
		lines := "\"@method\": POST\n\"@request-target\": /in?x=1\n" + digestLine(m)
		return labelled(m, "s", string(key), lines,
			`("@method" "@request-target" "content-digest");created=1700000000;alg="hmac-sha256"`)
	}
	edSigned := deliver(t, s, newMessage(s),
		text(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(private))}))))
	pemBytes, _ := base64.RawStdEncoding.DecodeString(strings.TrimRight(b64([]byte(block)), "="))
	for what, c := range map[string]struct {
		secret, alg string
		m           sign.Message
		want        sign.Reason
	}{
		"base64, HMAC": {raw, "", hmacSigned(public), sign.WrongKeyForm},
		"base64 in the other alphabet": {base64.RawURLEncoding.EncodeToString(public), "", hmacSigned(public),
			sign.WrongKeyForm},
		"base64 in quotes":       {`"` + raw + `"`, "", hmacSigned(public), sign.WrongKeyForm},
		"hex, HMAC":              {hex.EncodeToString(public), "", hmacSigned(public), sign.WrongKeyForm},
		"base64 of PEM, HMAC":    {b64([]byte(block)), "", hmacSigned(pemBytes), sign.WrongKeyForm},
		"PEM, said to be shared": {block, "hmac-sha256", hmacSigned([]byte(block)), sign.WrongKeyForm},
		"PEM in base64, said so": {b64([]byte(block)), "hmac-sha256", hmacSigned([]byte(block)),
			sign.WrongKeyForm},
		"shared, said so":            {raw, "hmac-sha256", hmacSigned(public), ""},
		"public, said so, HMAC":      {raw, "ed25519", hmacSigned(public), sign.SignatureMismatch},
		"public, said so":            {raw, "ed25519", edSigned, ""},
		"PEM, said so":               {block, "ed25519", edSigned, ""},
		"PEM of another algorithm":   {block, "rsa-v1_5-sha256", edSigned, sign.WrongKeyForm},
		"PEM, which says what it is": {block, "", edSigned, ""},
		"an algorithm that is none":  {block, "none", edSigned, sign.MissingParam},
		"a secret that is no key's":  {b64([]byte(messageKey)), "", hmacSigned([]byte(messageKey)), ""},
		"a secret that is said to be a key": {b64([]byte(messageKey)), "ed25519", hmacSigned([]byte(messageKey)),
			sign.WrongKeyForm},
	} {
		c.m.Params = map[string]string{"alg": c.alg}
		if _, err := s.Verify(c.m, at, text(c.secret)); reasonOf(t, err) != c.want {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
	m := newMessage(s)
	if _, err := s.Sign(m, text(raw)); reasonOf(t, err) != sign.WrongKeyForm {
		t.Errorf("signing with what may be a public key: %v", err)
	}
	m.Params = map[string]string{"alg": "hmac-sha256"}
	if _, err := s.Sign(m, text(raw)); err != nil {
		t.Errorf("signing with what is said to be shared: %v", err)
	}
}
