package explain_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/explain"
)

// JSON as different senders write it.
const (
	compact = `{"id":"evt_1","name":"café","url":"https://a.b/c","amount":4200,"tags":["a","b"],"nested":{"z":1,"a":2}}`
	python  = `{"id": "evt_1", "name": "caf\u00e9", "url": "https://a.b/c", ` +
		`"amount": 4200, "tags": ["a", "b"], "nested": {"z": 1, "a": 2}}`
	php = `{"id":"evt_1","name":"caf\u00e9","url":"https:\/\/a.b\/c",` +
		`"amount":4200,"tags":["a","b"],"nested":{"z":1,"a":2}}`
	sorted   = `{"amount":4200,"id":"evt_1","name":"café","nested":{"a":2,"z":1},"tags":["a","b"],"url":"https://a.b/c"}`
	sortedPy = `{"amount": 4200, "id": "evt_1", "name": "caf\u00e9", ` +
		`"nested": {"a": 2, "z": 1}, "tags": ["a", "b"], "url": "https://a.b/c"}`
	indented = "{\n  \"id\": \"evt_1\",\n  \"name\": \"café\",\n  \"url\": \"https://a.b/c\",\n  \"amount\": 4200,\n" +
		"  \"tags\": [\n    \"a\",\n    \"b\"\n  ],\n  \"nested\": {\n    \"z\": 1,\n    \"a\": 2\n  }\n}"
	sendgrid = "[{\"e\":\"open\",\"t\":1},\r\n{\"e\":\"click\",\"t\":2}]\r\n"
	ascii    = `{"type":"ping","n":1}`
	slackish = "payload=hello+world&user=a%40b.c&text=%C3%A9t%C3%A9~*"
)

// planted is one mistake: a body is signed by a scheme, then something is done to the message, to the secret or to the
// way it is checked.
type planted struct {
	name   string
	scheme string
	signed string // what the sender signs
	plant  func(q *explain.Question)
	want   explain.Kind
	also   []explain.Kind
	// What stands at the first difference; "" when it is not looked at.
	have, sent string
	offset     int
}

// body plants another body at the receiver.
func body(b string) func(*explain.Question) {
	return func(q *explain.Question) { q.Message.Body = []byte(b) }
}

func secret(key string) func(*explain.Question) {
	return func(q *explain.Question) { q.Secrets[0].Key = []byte(key) }
}

func pack(make func(io.Writer) io.WriteCloser, text string) string {
	var b bytes.Buffer
	w := make(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

func gzipped(text string) string {
	return pack(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, text)
}

// signedAs makes the question's signature by a changed scheme, as a sender would that differs in one point.
func signedAs(change func(s *sign.Scheme), key string) func(*explain.Question) {
	return func(q *explain.Question) {
		s := q.Scheme
		change(&s)
		q.Message.ID, q.Message.Time = "msg_1", at
		out, err := s.Sign(q.Message, sign.Secret{Key: []byte(key)})
		if err != nil {
			panic(err)
		}
		for _, f := range out.Fields {
			q.Message.Header.Set(f.Name, f.Value)
		}
	}
}

var big = `{"data":"` + strings.Repeat("x", 70_000) + `"}`

var bodyMistakes = []planted{
	{"a newline was added", "stripe", ascii, body(ascii + "\n"), explain.NewlineAdded, nil, `"n":1}␊`, `"n":1}`, 21},
	{"a Windows line break was added", "github", ascii, body(ascii + "\r\n"), explain.NewlineAdded, nil, "", "", 21},
	{"the newline was taken off", "shopify", ascii + "\n", body(ascii), explain.NewlineRemoved, nil,
		`"n":1}`, `"n":1}␊`, 21},
	{"the Windows line break was taken off", "slack", ascii + "\r\n", body(ascii), explain.NewlineRemoved, nil, "", "",
		21},
	{"blanks were added around", "zoom", ascii, body("  " + ascii + " \n\n"), explain.SpaceAdded, nil, "", "", 0},
	{"LF became CRLF", "github", "a: 1\nb: 2\n", body("a: 1\r\nb: 2\r\n"), explain.LineEnds, nil,
		"a: 1␍␊b: 2␍␊", "a: 1␊b: 2␊", 4},
	{"CRLF became LF", "github", "a: 1\r\nb: 2\r\n", body("a: 1\nb: 2\n"), explain.LineEnds, nil, "", "", 4},
	{"LF became CRLF in indented JSON", "stripe", indented, body(strings.ReplaceAll(indented, "\n", "\r\n")),
		explain.LineEnds, nil, "{␍␊  \"id\": \"e", "{␊  \"id\": \"ev", 1},
	{"CRLF became LF in indented JSON", "github", strings.ReplaceAll(indented, "\n", "\r\n"), body(indented),
		explain.LineEnds, nil, "", "", 1},
	{"LF became CRLF, and one came behind", "stripe", indented,
		body(strings.ReplaceAll(indented, "\n", "\r\n") + "\r\n"), explain.LineEnds,
		[]explain.Kind{explain.NewlineAdded}, "", "", 1},
	{"CRLF became LF, less the last one", "github", "a: 1\r\nb: 2", body("a: 1\nb: 2\n"), explain.NewlineAdded,
		[]explain.Kind{explain.LineEnds}, "", "", 4},
	{"a byte order mark was put before", "stripe", ascii, body("\xef\xbb\xbf" + ascii), explain.BOMAdded, nil, "", "", 0},
	{"the byte order mark was taken off", "generic", "\xef\xbb\xbf" + ascii, body(ascii),
		explain.BOMRemoved, nil, "", "", 0},
	{"a mark before and a newline behind", "stripe", ascii, body("\xef\xbb\xbf" + ascii + "\n"), explain.NewlineAdded,
		[]explain.Kind{explain.BOMAdded}, "", "", 0},
	{"Latin-1 was read as UTF-8", "github", "{\"n\":\"caf\xe9\"}", body(`{"n":"café"}`), explain.Charset, nil, "", "", 9},
	{"UTF-8 was read as Latin-1 and written as UTF-8", "github", `{"n":"café"}`, body("{\"n\":\"caf\u00c3\u00a9\"}"),
		explain.Charset, nil, "", "", 10},
	{"UTF-8 was read as Windows-1252", "github", `{"n":"5 €"}`, body("{\"n\":\"5 \u00e2\u201a\u00ac\"}"),
		explain.Charset, nil, "", "", 8},
	{"UTF-8 was written as Latin-1", "github", `{"n":"café"}`, body("{\"n\":\"caf\xe9\"}"),
		explain.Charset, nil, "", "", 9},
	{"UTF-8 was converted to UTF-16", "github", ascii, body(utf16le(ascii)), explain.Charset, nil, "", "", 0},
	{"UTF-16 was converted to UTF-8", "github", utf16le(ascii), body(ascii), explain.Charset, nil, "", "", 0},

	{"parsed and pretty-printed", "stripe", compact, body(indented), explain.Reformatted, nil, `{␊  "id": "ev`,
		`{"id":"evt_1"`, 1},
	{"pretty-printed body was minified", "github", indented, body(compact), explain.Reformatted, nil, "", "", 1},
	{"re-serialised by Python", "stripe", compact, body(python), explain.Reserialised,
		[]explain.Kind{explain.Reformatted, explain.UnicodeEscapes}, "", "", 6},
	{"re-serialised by Python with sorted keys", "slack", sortedPy, body(compact), explain.Reserialised,
		[]explain.Kind{explain.Reformatted, explain.KeyOrder, explain.UnicodeEscapes}, "", "", 2},
	{"Python's body re-serialised by JavaScript", "standard-webhooks", python, body(compact), explain.Reserialised,
		[]explain.Kind{explain.Reformatted, explain.UnicodeEscapes}, "", "", 6},
	{"PHP's body re-serialised by JavaScript", "github", php, body(compact), explain.Reserialised,
		[]explain.Kind{explain.UnicodeEscapes, explain.SlashEscapes}, "", "", 25},
	{"re-serialised by PHP", "stripe", compact, body(php), explain.Reserialised,
		[]explain.Kind{explain.UnicodeEscapes, explain.SlashEscapes}, "", "", 25},
	{"unicode was escaped", "stripe", `{"name":"café"}`, body(`{"name":"caf\u00e9"}`), explain.UnicodeEscapes, nil,
		`"name":"caf\u00e9"}`, `"name":"café"}`, 12},
	{"unicode was unescaped", "meta-like", `{"name":"caf\u00e9 \ud83d\ude00"}`, body(`{"name":"café 😀"}`),
		explain.UnicodeEscapes, nil, "", "", 12},
	{"hex digits became capitals", "stripe", `{"name":"caf\u00e9"}`, body(`{"name":"caf\u00E9"}`),
		explain.UnicodeEscapes, nil, "", "", 16},
	{"slashes were escaped", "stripe", `{"u":"https://a/b"}`, body(`{"u":"https:\/\/a\/b"}`),
		explain.SlashEscapes, nil, "", "", 12},
	{"slashes were unescaped", "stripe", `{"u":"https:\/\/a\/b"}`, body(`{"u":"https://a/b"}`),
		explain.SlashEscapes, nil, "", "", 12},
	{"Go escaped < and &", "github", `{"h":"<a&b>"}`, body(`{"h":"\u003ca\u0026b\u003e"}`),
		explain.OtherEscapes, nil, "", "", 6},
	{"Go's escapes were undone", "github", `{"h":"\u003ca\u0026b\u003e"}`, body(`{"h":"<a&b>"}`),
		explain.OtherEscapes, nil, "", "", 6},
	{"Meta's escapes were undone", "meta", `{"m":"caf\u00e9 \u0040a \u003Cb> 5\u0025","u":"https:\/\/a\/b"}`,
		body(`{"m":"café @a <b> 5%","u":"https://a/b"}`), explain.Reserialised,
		[]explain.Kind{explain.UnicodeEscapes, explain.SlashEscapes}, "", "", 9},
	{"Meta's escapes of \u00e9 and slashes only", "whatsapp-like", `{"m":"caf\u00e9","u":"https:\/\/a"}`,
		body(`{"m":"café","u":"https://a"}`), explain.Reserialised,
		[]explain.Kind{explain.UnicodeEscapes, explain.SlashEscapes}, "", "", 9},
	{"PHP's JSON_HEX_TAG was undone", "github", `{"m":"\u003Cb\u003E"}`, body(`{"m":"<b>"}`),
		explain.OtherEscapes, nil, "", "", 6},
	{"SendGrid's line breaks between events were lost", "github", sendgrid,
		body(`[{"e":"open","t":1},{"e":"click","t":2}]`),
		explain.Reformatted, []explain.Kind{explain.NewlineRemoved}, `pen","t":1},{"e":"click"`, `pen","t":1},␍␊{"e":"clic`,
		20},
	{"SendGrid's events were indented", "github", sendgrid,
		body("[\n  {\n    \"e\": \"open\",\n    \"t\": 1\n  },\n  {\n    \"e\": \"click\",\n    \"t\": 2\n  }\n]"),
		explain.Reformatted, []explain.Kind{explain.NewlineRemoved}, "", "", 1},
	{"keys were unsorted", "shopify", sorted, body(compact), explain.KeyOrder, nil, "", "", 2},
	{"few keys were sorted", "shopify", `{"type":"x","id":1,"data":{"b":1,"a":2}}`,
		body(`{"data":{"b":1,"a":2},"id":1,"type":"x"}`), explain.KeyOrder, nil, "", "", 2},
	{"keys of an inner object were sorted", "shopify", `{"type":"x","data":{"b":1,"a":2}}`,
		body(`{"type":"x","data":{"a":2,"b":1}}`), explain.KeyOrder, nil, "", "", 21},
	{"odd white space with other escapes", "stripe", "{ \"n\" :\t\"é\" }", body("{ \"n\" :\t\"\\u00e9\" }"),
		explain.UnicodeEscapes, nil, "", "", 9},
	{"pretty-printed, with a newline", "stripe", compact, body(indented + "\n"), explain.Reformatted,
		[]explain.Kind{explain.NewlineAdded}, "", "", 1},
	{"minified, and the newline lost", "stripe", indented + "\n", body(compact), explain.Reformatted,
		[]explain.Kind{explain.NewlineRemoved}, "", "", 1},
	{"pretty-printed behind a byte order mark", "stripe", compact, body("\xef\xbb\xbf" + indented), explain.Reformatted,
		[]explain.Kind{explain.BOMAdded}, "", "", 0},

	{"1.0 became 1", "stripe", `{"a":1.0,"b":"x"}`, body(`{"a":1,"b":"x"}`), explain.Numbers, nil, "", "", 6},
	{"1 became 1.0", "stripe", `{"a":1,"b":2}`, body(`{"a":1.0,"b":2.0}`), explain.Numbers, nil, "", "", 6},
	{"one of two became whole", "stripe", `{"a":1.0,"b":2}`, body(`{"a":1,"b":2}`), explain.Numbers, nil, "", "", 6},
	{"money lost a zero", "square", `{"a":10.50,"n":2}`, body(`{"a":10.5,"n":2}`), explain.Numbers, nil, "", "", 9},
	{"1e21 was expanded", "stripe", `{"a":1e21}`, body(`{"a":1000000000000000000000}`), explain.Numbers, nil, "", "", 6},
	{"a number got an exponent", "stripe", `{"a":1000000000000000000000}`, body(`{"a":1e+21}`),
		explain.Numbers, nil, "", "", 6},
	{"Java's exponent", "stripe", `{"a":12000000}`, body(`{"a":1.2E7}`), explain.Numbers, nil, `{"a":1.2E7}`,
		`{"a":12000000}`, 6},
	{"a snowflake was rounded", "discord", `{"id":"1","channel":175928847299117063}`,
		body(`{"id":"1","channel":175928847299117060}`), explain.Numbers, nil, "", "", 37},
	{"a snowflake became text", "stripe", `{"id":175928847299117063}`, body(`{"id":"175928847299117063"}`),
		explain.Numbers, nil, "", "", 6},

	{"still gzip", "github", compact, body(gzipped(compact)), explain.StillPacked, nil, "", "", 0},
	{"still zlib", "github", compact, body(pack(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }, compact)),
		explain.StillPacked, nil, "", "", 0},
	{"still bare deflate", "github", compact, body(pack(func(w io.Writer) io.WriteCloser {
		z, _ := flate.NewWriter(w, 6)
		return z
	}, compact)), explain.StillPacked, nil, "", "", 0},
	{"still br", "github", compact, body(pack(func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }, compact)),
		explain.StillPacked, nil, "", "", 0},
	{"gzip was unpacked", "github", gzipped(compact), body(compact), explain.AlreadyUnpacked, nil, "", "", 0},
	{"base64 of Lambda", "stripe", compact, body(base64.StdEncoding.EncodeToString([]byte(compact))),
		explain.Base64Encoded, nil, "", "", 0},
	{"hex of a database", "stripe", compact, body(hex.EncodeToString([]byte(compact))),
		explain.HexEncoded, nil, "", "", 0},
	{"stringified twice", "stripe", compact, body(stringified(compact)), explain.Stringified, nil, "", "", 0},
	{"a Buffer was stringified", "stripe", compact, body(buffer(compact)), explain.BufferJSON, nil, "", "", 2},
	{"str() of bytes", "stripe", compact, body(`b'` + strings.ReplaceAll(compact, "é", `\xc3\xa9`) + `'`),
		explain.BytesRepr, nil, "", "", 0},
	{"the event of a gateway", "stripe", compact, body(`{"httpMethod":"POST","body":` + stringified(compact) +
		`,"isBase64Encoded":false}`), explain.Enveloped, nil, "", "", 2},
	{"the event of a gateway, base64", "stripe", compact,
		body(`{"body":"` + base64.StdEncoding.EncodeToString([]byte(compact)) + `"}`), explain.Enveloped, nil, "", "", 2},
	{"the inner object of a message", "stripe", compact, body(`{"data": ` + compact + `}`),
		explain.Enveloped, nil, "", "", 2},
	{"escaped for HTML", "stripe", compact, body(strings.ReplaceAll(compact, `"`, "&quot;")),
		explain.HTMLEscaped, nil, "", "", 1},
	{"addslashes", "stripe", compact, body(strings.ReplaceAll(compact, `"`, `\"`)), explain.BackslashesAdded, nil, "", "",
		1},
	{"encoded as a URL", "stripe", compact, body(url.PathEscape(compact)), explain.PercentEncoded, nil, "", "", 0},
	{"chunk sizes are left", "stripe", ascii, body("15\r\n" + ascii + "\r\n0\r\n\r\n"),
		explain.ChunkFraming, nil, "", "", 0},
	{"the head is saved too", "stripe", ascii, body("POST / HTTP/1.1\r\nHost: a\r\n\r\n" + ascii),
		explain.HeadIncluded, nil, "", "", 0},
	{"zero bytes behind", "stripe", ascii, body(ascii + "\x00\x00\x00"), explain.BytesAppended, nil, "", "", 21},
	{"read twice", "stripe", ascii, body(ascii + ascii), explain.Repeated, nil, "", "", 21},

	{"a form with %20 for +", "slack", slackish, body(strings.ReplaceAll(slackish, "+", "%20")),
		explain.FormRewritten, nil, "", "", 13},
	{"a form with small hex digits", "slack", "a=%2F%3D&b=x+y", body("a=%2f%3d&b=x+y"),
		explain.FormRewritten, nil, "", "", 4},
	{"a form whose fields were sorted", "slack", "token=x&team=a%20b&command=%2Fgo",
		body("command=%2Fgo&team=a%20b&token=x"), explain.FormRewritten, nil, "", "", 0},
	{"a form as JSON", "slack", "token=x&team=a+b", body(`{"token":"x","team":"a b"}`),
		explain.FormToJSON, nil, "", "", 0},
	{"the JSON out of payload=", "github", "payload=" + url.QueryEscape(ascii), body(ascii),
		explain.FormUnwrapped, nil, "", "", 0},
	{"payload= around the JSON", "github", ascii, body("payload=" + url.QueryEscape(ascii)),
		explain.FormField, nil, "", "", 0},

	{"cut at 64 KiB by the sender", "stripe", big[:64<<10], body(big), explain.SignedTruncated, nil, "", "", 64 << 10},
	{"the last brackets were cut off", "stripe", compact, body(compact[:len(compact)-2]), explain.Truncated, nil, "", "",
		len(compact) - 2},
	{"nothing was signed", "github", "", body(ascii), explain.SignedEmpty, nil, "", "", 0},
	{"{} was signed for no body", "stripe", "{}", body("null"), explain.SignedEmptyObject, nil, "", "", 0},
}

var secretMistakes = []planted{
	{"a line break behind the secret", "stripe", ascii, secret(rawKey + "\n"), explain.SecretSpace, nil, "", "", 0},
	{"blanks around the secret", "shopify", ascii, secret("  " + rawKey + " "), explain.SecretSpace, nil, "", "", 0},
	{"quotes around the secret", "github", ascii, secret(`"` + rawKey + `"`), explain.SecretQuotes, nil, "", "", 0},
	{"single quotes and a line break", "github", ascii, secret("'" + rawKey + "'\n"),
		explain.SecretQuotes, nil, "", "", 0},
	{"the sender's secret has the line break", "github", ascii, signedAs(func(*sign.Scheme) {}, rawKey+"\n"),
		explain.SecretNewline, nil, "", "", 0},
	{"whsec_ was decoded by the sender", "stripe", ascii,
		both(secret(whsecKey), signedAs(func(s *sign.Scheme) { s.Key = sign.Whsec }, whsecKey)),
		explain.SecretNotDecoded, nil, "", "", 0},
	{"whsec_ was not decoded by the sender", "standard-webhooks", ascii,
		signedAs(func(s *sign.Scheme) { s.Key = sign.Raw }, whsecKey), explain.SecretDecoded, nil, "", "", 0},
	{"whsec_ was stripped only", "standard-webhooks", ascii, signedAs(func(s *sign.Scheme) { s.Key = sign.Raw },
		strings.TrimPrefix(whsecKey, "whsec_")), explain.SecretPrefixKept, nil, "", "", 0},
	{"whsec_ was left out", "stripe", ascii, both(secret(strings.TrimPrefix(whsecKey, "whsec_")),
		signedAs(func(*sign.Scheme) {}, whsecKey)), explain.SecretPrefixMissing, nil, "", "", 0},
	{"hex was decoded by the sender", "github", ascii,
		both(secret("31f290f6bf06298aab4f08d43c3f082c"), signedAs(func(s *sign.Scheme) { s.Key = sign.HexKey },
			"31f290f6bf06298aab4f08d43c3f082c")), explain.SecretNotDecoded, nil, "", "", 0},
	{"base64 was decoded by the sender", "slack", ascii,
		both(secret("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), signedAs(func(s *sign.Scheme) { s.Key = sign.Base64Key },
			"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")), explain.SecretNotDecoded, nil, "", "", 0},
	{"the secret was capitalised", "github", ascii, secret(strings.ToUpper(rawKey)), explain.SecretCase, nil, "", "", 0},
	{"another configured secret", "github", ascii,
		both(secret("wrong_0123456789abcdef"), another("env:BARB_SECRET", rawKey, "")), explain.OtherSecret, nil, "", "", 0},
	{"the other endpoint's secret", "github", ascii,
		both(secret("wrong_0123456789abcdef"), another("env:B", rawKey, "/billing")), explain.OtherEndpoint, nil, "", "", 0},
	{"test against live", "stripe", ascii, both(named("env:STRIPE_LIVE", "wrong_0123456789abcdef"),
		another("env:STRIPE_TEST", rawKey, "/stripe")), explain.OtherMode, nil, "", "", 0},
	{"the other endpoint's secret with a line break", "github", ascii, both(secret("wrong_0123456789abcdef"),
		another("env:B", rawKey+"\n", "/b")), explain.OtherEndpoint, []explain.Kind{explain.SecretSpace}, "", "", 0},
	{"quoted secret and an added newline", "github", ascii, both(secret("'"+rawKey+"'"), body(ascii+"\n")),
		explain.NewlineAdded, []explain.Kind{explain.SecretQuotes}, "", "", 21},
	{"a line of .env", "github", ascii, secret("GITHUB_SECRET=" + rawKey), explain.SecretAssignment, nil, "", "", 0},
	{"an exported line with quotes", "stripe", ascii, secret("export STRIPE='" + rawKey + "'\n"),
		explain.SecretAssignment, nil, "", "", 0},
	{"a line of .env with a whsec_", "stripe", ascii, both(secret("WHSEC = "+whsecKey), signedAs(func(*sign.Scheme) {},
		whsecKey)), explain.SecretAssignment, nil, "", "", 0},
	{"Bearer before the secret", "github", ascii, secret("Bearer " + rawKey), explain.SecretLabel, nil, "", "", 0},
	{"SHA256= before the secret", "github", ascii, secret("SHA256=" + rawKey), explain.SecretLabel, nil, "", "", 0},
	{"v1: before the secret", "slack", ascii, secret("v1: " + rawKey), explain.SecretLabel, nil, "", "", 0},
	{"a blank behind whsec_", "stripe", ascii, both(secret("whsec_ "+whsecKey[6:]), signedAs(func(*sign.Scheme) {},
		whsecKey)), explain.SecretLabel, nil, "", "", 0},
	{"WHSEC_ in capitals", "stripe", ascii, both(secret("WHSEC_"+whsecKey[6:]), signedAs(func(*sign.Scheme) {},
		whsecKey)), explain.SecretLabel, nil, "", "", 0},
	{"a token with blanks", "gitlab", ascii, secret(rawKey + "\r\n\r\n"), explain.SecretSpace, nil, "", "", 0},
}

var messageMistakes = []planted{
	{"it is GitHub's, not Stripe's", "github", ascii, scheme("stripe"), explain.OtherScheme, nil, "", "", 0},
	{"it is Svix', not Standard Webhooks'", "svix", ascii, scheme("standard-webhooks"),
		explain.OtherScheme, nil, "", "", 0},
	{"it is Shopify's, and a Svix secret is checked", "shopify", ascii, scheme("github"),
		explain.OtherScheme, nil, "", "", 0},
	{"the signature is in another header", "stripe", ascii, moved("Stripe-Signature", "X-Signature"),
		explain.OtherHeader, nil, "", "", 0},
	{"all headers are CGI variables", "slack", ascii, cgi, explain.HeadersRenamed, nil, "", "", 0},
	{"quotes around the header", "github", ascii,
		header("X-Hub-Signature-256", func(v string) string { return `"` + v + `"` }), explain.HeaderQuoted, nil, "", "", 0},
	{"the header went through a query", "shopify", ascii, header("X-Shopify-Hmac-Sha256", url.QueryEscape),
		explain.HeaderEncoded, nil, "", "", 0},
	{"the header is there twice", "github", ascii,
		func(q *explain.Question) { q.Message.Header.Add("X-Hub-Signature-256", "sha256=00") },
		explain.HeaderTwice, nil, "", "", 0},
	{"no prefix before the signature", "github", ascii,
		header("X-Hub-Signature-256", func(v string) string { return v[7:] }), explain.SignaturePrefix, nil, "", "", 0},
	{"SHA256= in capitals", "github", ascii, header("X-Hub-Signature-256", prefixed("SHA256=")),
		explain.SignaturePrefix, nil, "", "", 0},
	{"a colon and a blank", "github", ascii, header("X-Hub-Signature-256", prefixed("v1: ")),
		explain.SignaturePrefix, nil, "", "", 0},
	{"Bearer before the signature", "github", ascii, header("X-Hub-Signature-256", prefixed("Bearer ")),
		explain.SignaturePrefix, nil, "", "", 0},
	{"base64 in place of hex", "github", ascii, header("X-Hub-Signature-256", rebase),
		explain.SignatureEncoding, nil, "", "", 0},
	{"SHA-512 in place of SHA-256", "generic", ascii, signedAs(func(s *sign.Scheme) { s.Hash = sign.SHA512 }, rawKey),
		explain.OtherHash, nil, "", "", 0},
	{"the id is not signed", "standard-webhooks", ascii, signedAs(func(s *sign.Scheme) { s.Content = "{ts}.{body}" },
		whsecKey), explain.ContentWithoutID, nil, "", "", 0},
	{"the timestamp is not signed", "cashfree", ascii, signedAs(func(s *sign.Scheme) { s.Content = "{body}" }, rawKey),
		explain.ContentWithoutTS, nil, "", "", 0},
	{"only the body is signed", "standard-webhooks", ascii, signedAs(func(s *sign.Scheme) { s.Content = "{body}" },
		whsecKey), explain.ContentBodyOnly, nil, "", "", 0},
	{"another separator", "slack", ascii, signedAs(func(s *sign.Scheme) { s.Content = "{ts}.{body}" }, rawKey),
		explain.ContentSeparator, nil, "", "", 0},
	{"the timestamp behind the body", "generic-ts", ascii, signedAs(func(s *sign.Scheme) { s.Content = "{body}.{ts}" },
		rawKey), explain.ContentOrder, nil, "", "", 0},
	{"milliseconds in place of seconds", "slack", ascii, signedAs(func(s *sign.Scheme) { s.Time.Unit = sign.Milliseconds },
		rawKey), explain.TimestampUnit, nil, "", "", 0},
	{"seconds signed, milliseconds sent", "slack", ascii, header("X-Slack-Request-Timestamp",
		func(v string) string { return v + "000" }), explain.TimestampUnit, nil, "", "", 0},
	{"milliseconds signed, seconds sent", "stripe", ascii, func(q *explain.Question) {
		signedAs(func(s *sign.Scheme) { s.Time.Unit = sign.Milliseconds }, rawKey)(q)
		header("Stripe-Signature", func(v string) string { return strings.Replace(v, "000000,", "000,", 1) })(q)
		header("Stripe-Signature", func(v string) string { return strings.Replace(v, "t=1700000000000", "t=1700000000", 1) })(
			q)
	}, explain.TimestampUnit, nil, "", "", 0},
	{"http in place of https", "square", ascii, to("http://example.com/hooks/in"), explain.URLScheme, nil,
		"http://example.c", "https://example.", 4},
	{"a port too many", "square", ascii, to("https://example.com:8443/hooks/in"), explain.URLPort, nil, "", "", 19},
	{"a slash too many", "square", ascii, to("https://example.com/hooks/in/"), explain.URLSlash, nil, "", "", 28},
	{"the proxy's host", "square", ascii, both(to("https://internal.local/hooks/in"),
		setHeader("X-Forwarded-Host", "example.com")), explain.URLHost, nil, "", "", 8},
	{"behind a proxy: scheme, host and port", "square", ascii, both(to("http://10.0.0.7:3000/hooks/in"),
		setHeader("Host", "example.com")), explain.URLScheme, []explain.Kind{explain.URLHost}, "", "", 4},
	{"the proxy took a prefix off", "square", ascii,
		both(to("https://example.com/in"), setHeader("X-Forwarded-Prefix", "/hooks")), explain.URLPath, nil, "", "", 20},
	{"a query too many", "twilio", "a=b", to(address + "?x=1"), explain.URLQueryLost, nil, "", "", 28},
	{"URL and newline", "square", ascii, both(to("http://example.com/hooks/in"), body(ascii+"\n")), explain.URLScheme,
		[]explain.Kind{explain.NewlineAdded}, "", "", 21},
	{"another scheme and a quoted secret", "shopify", ascii, both(scheme("github"), secret("'"+rawKey+"'")),
		explain.OtherScheme, []explain.Kind{explain.SecretQuotes}, "", "", 0},
	{"another scheme and re-serialised", "github", python, both(scheme("stripe"), body(compact)), explain.OtherScheme,
		[]explain.Kind{explain.Reserialised, explain.Reformatted, explain.UnicodeEscapes}, "", "", 6},
	{"an old message", "stripe", ascii, later(100_000), explain.TimestampOld, nil, "", "", 0},
	{"a clock that is behind", "standard-webhooks", ascii, later(-900 + 7), explain.ClockSkew, nil, "", "", 0},
	{"a message that waited", "standard-webhooks", ascii, later(610), explain.ClockSkew, nil, "", "", 0},
	{"a time zone off", "standard-webhooks", ascii, later(7200 + 3), explain.TimeZone, nil, "", "", 0},
	{"seconds where milliseconds are read", "webflow-like", ascii,
		signedAs(func(s *sign.Scheme) { s.Time.Unit = sign.Seconds }, rawKey), explain.TimestampUnit, nil, "", "", 0},
}

func TestPlantedMistakesAreFoundAndNamed(t *testing.T) {
	all := slices.Concat(bodyMistakes, secretMistakes, messageMistakes)
	for _, p := range all {
		t.Run(p.name, func(t *testing.T) {
			q := p.question(t)
			p.plant(&q)
			a := find(t, q)
			if len(a.Causes) != 1 {
				t.Fatalf("found nothing, tried %d; hints %v", a.Tried, a.Hints)
			}
			p.check(t, a.Causes[0], q)
		})
	}
}

// question is the planted message before anything is wrong with it.
func (p planted) question(t *testing.T) explain.Question {
	switch p.scheme {
	case "meta-like", "whatsapp-like":
		s := lookup(t, "github")
		s.Name = "mine"
		return signedBy(t, s, p.signed, rawKey)
	case "webflow-like":
		s := lookup(t, "slack")
		s.Name, s.Time.Unit = "mine", sign.Milliseconds
		return signedBy(t, s, p.signed, rawKey)
	}
	return signed(t, p.scheme, p.signed)
}

func (p planted) check(t *testing.T, c explain.Cause, q explain.Question) {
	t.Helper()
	if c.Kind != p.want || !slices.Equal(c.Also, p.also) && len(c.Also)+len(p.also) > 0 {
		t.Errorf("named %s %v, want %s %v: matches if %s: %s", c.Kind, c.Also, p.want, p.also, c.Change, c.Words)
	}
	bodyChanged := !bytes.Equal(q.Message.Body, c.Proof.Message.Body)
	if bodyChanged && string(c.Proof.Message.Body) != p.signed {
		t.Errorf("the sender's body is %q, found %q", p.signed, c.Proof.Message.Body)
	}
	if bodyChanged != (len(c.Fix) > 0) {
		t.Errorf("the body changed: %v, and there are %d fixes", bodyChanged, len(c.Fix))
	}
	if bodyChanged && (c.Difference == nil || c.Difference.Of != explain.Body) {
		t.Fatal("the body changed, and there is no difference")
	}
	if p.offset > 0 && c.Difference == nil {
		t.Fatal("there is no difference")
	}
	if c.Difference == nil {
		return
	}
	if c.Difference.Offset != p.offset {
		t.Errorf("differs at %d, want %d: %q against %q", c.Difference.Offset, p.offset, c.Difference.Have, c.Difference.Want)
	}
	if p.have != "" {
		if have, sent := explain.Show(c.Difference.Have), explain.Show(c.Difference.Want); !strings.HasSuffix(have, p.have) ||
			!strings.HasSuffix(sent, p.sent) {
			t.Errorf("shows %s against %s, want %s against %s", have, sent, p.have, p.sent)
		}
	}
}

func utf16le(s string) string {
	var b strings.Builder
	b.WriteString("\xff\xfe")
	for _, r := range s {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}

func stringified(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func buffer(s string) string {
	list := make([]int, len(s))
	for i := range len(s) {
		list[i] = int(s[i])
	}
	b, err := json.Marshal(map[string]any{"type": "Buffer", "data": list})
	if err != nil {
		panic(err)
	}
	return `{"type":"Buffer",` + string(b[1:len(b)-len(`,"type":"Buffer"}`)]) + "}"
}

func both(all ...func(*explain.Question)) func(*explain.Question) {
	return func(q *explain.Question) {
		for _, plant := range all {
			plant(q)
		}
	}
}

func named(name, key string) func(*explain.Question) {
	return func(q *explain.Question) { q.Secrets[0] = sign.Secret{Name: name, Key: []byte(key)} }
}

func another(name, key, endpoint string) func(*explain.Question) {
	return func(q *explain.Question) {
		q.Others = append(q.Others,
			explain.Other{Secret: sign.Secret{Name: "env:UNRELATED", Key: []byte("unrelated_0123456789")}},
			explain.Other{Secret: sign.Secret{Name: name, Key: []byte(key)}, Endpoint: endpoint})
	}
}

func scheme(name string) func(*explain.Question) {
	return func(q *explain.Question) { q.Scheme, _ = catalog.Lookup(name) }
}

func moved(from, to string) func(*explain.Question) {
	return func(q *explain.Question) {
		q.Message.Header.Set(to, q.Message.Header.Get(from))
		q.Message.Header.Del(from)
	}
}

func cgi(q *explain.Question) {
	for name, values := range q.Message.Header.Clone() {
		q.Message.Header["HTTP_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))] = values
		q.Message.Header.Del(name)
	}
}

func header(name string, change func(string) string) func(*explain.Question) {
	return func(q *explain.Question) { q.Message.Header.Set(name, change(q.Message.Header.Get(name))) }
}

func setHeader(name, value string) func(*explain.Question) {
	return func(q *explain.Question) { q.Message.Header.Set(name, value) }
}

// prefixed replaces the prefix of GitHub's header.
func prefixed(with string) func(string) string {
	return func(v string) string { return with + v[len("sha256="):] }
}

func rebase(v string) string {
	sum, err := hex.DecodeString(v[len("sha256="):])
	if err != nil {
		panic(err)
	}
	return "sha256=" + base64.StdEncoding.EncodeToString(sum)
}

func to(u string) func(*explain.Question) {
	return func(q *explain.Question) { q.Message.URL = u }
}

// later checks the message so many seconds after it was signed.
func later(seconds int64) func(*explain.Question) {
	return func(q *explain.Question) { q.Now = at.Add(timeOf(seconds)) }
}
