package sign

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Scheme says how one provider signs its webhooks. It is data: a row of the catalogue or a user's own. Its owner
// may change it freely; catalog.Validate checks it.
type Scheme struct {
	Name     string   // lower case, as given to --scheme
	Aliases  []string // other common names, for Lookup
	Title    string   // the provider's own spelling
	Docs     string   // address of the provider's documentation
	Evidence Evidence // how the row was confirmed
	Note     string   // a surprising fact; one clause

	Auth Auth
	Hash Hash     // for HMAC, Digest, ECDSA and RSA
	Enc  Encoding // of the signature's bytes; Plain for Token
	Key  KeyForm  // form of the secret

	// Content is the template of the signed bytes, such as "{ts}.{body}". Names: body, body|sha256hex (hex of its
	// SHA-256), body|crc32 (decimal), body|json (as a JSON string), form|sorted (a form's names and values, sorted
	// by name), ts, id, url, method, path, secret, header.NAME, json.PATH, param.NAME, item.NAME (the value of
	// "NAME=" in the signature), lb and rb (braces).
	Content string
	// Header is the place of the signature: a header's name, in the case it is sent in, or "json:PATH",
	// "form:NAME", "query:NAME". Outside a header, the signature is written into the body or the URL.
	Header string
	// Alt are further headers with a signature each; the second secret signs into the first of them.
	Alt []string
	// Repeat says that Header may occur several times with a signature each, instead of once with all joined by Split.
	Repeat bool

	// How to read Header's value: split at any of the characters in Split (none: not split); an item that begins
	// with Time.Key is the timestamp, an item that begins with Prefix a signature.
	Split, Prefix string
	// AnyHash says that the sender may use another hash than Hash and names it before the "=".
	AnyHash bool
	// How to write Header's value: Format with {sig}, {ts} and {item.NAME}, "" meaning Prefix and the signature;
	// then More for every further secret. Without More and Alt only the first secret signs.
	Format, More string

	Time      Timestamp
	Tolerance Tolerance

	IDIn    Place // place of the webhook id
	EventIn Place // place of the event type
	// Wrapped is the field of a multipart form that holds the provider's JSON; "" when the JSON is the body.
	Wrapped string
	Nonce   Place   // place of a signed random value; Sign makes one when the message has none
	Fixed   []Field // headers with the same value in every message

	// Strict lists spellings of the signature that Verify accepts and an SDK of the provider refuses, as measured
	// in conformance/. Match.Spelling names a message's spelling.
	Strict []Spelling

	// Stronger is the header of a better signature; this scheme is refused when the header is present.
	Stronger string
	// CertName is the required end of a certificate's common name, such as ".paypal.com"; "" for any name.
	CertName string
	// UnsignedTime says that the provider does not sign the timestamp, NoSeparator that nothing separates two of
	// the signed parts. Without these admissions catalog.Validate refuses such a row.
	UnsignedTime, NoSeparator bool
	// Bound are the signed values that identify a message's receiver, where one key signs for all customers of a
	// provider.
	Bound []Identity
	// Binds says in words what binds a message to its receiver; "" for the secret. See BoundBy.
	Binds string
	// Handshake names the handshake before the first webhook; "" for none.
	Handshake string
	// JWT describes the claims of a signature that is a JSON Web Token. Content is not used then.
	JWT *Claims
	// Code names the code that makes the signed bytes where no template can. Content is not used then.
	Code Code
	// NamedAlgorithm says that WithParams has set Auth, so the key of an HTTP message signature no longer decides it.
	NamedAlgorithm bool
}

// Evidence says how a catalogue row was confirmed.
type Evidence string

// The grades of evidence.
const (
	ProviderProven Evidence = "A"  // the provider's own SDK, signer or published vector agreed
	LibraryProven  Evidence = "A-" // a general library, used as the provider prescribes, agreed
	Corroborated   Evidence = "B"  // a second implementation agreed
	FromDocs       Evidence = "C"  // from documentation only
)

// Auth is the kind of proof.
type Auth string

// The kinds of proof. Token proves who sent a message and nothing about its content.
const (
	HMAC    Auth = "hmac"
	Digest  Auth = "digest" // a plain hash with {secret} in the content
	Token   Auth = "token"  // the secret itself; in base64 it is HTTP Basic's "user:password"
	Ed25519 Auth = "ed25519"
	ECDSA   Auth = "ecdsa" // P-256; ASN.1, but r followed by s in a JSON Web Token or an HTTP message signature
	RSA     Auth = "rsa"   // PKCS #1 v1.5
)

// Hash is a hash function.
type Hash string

// The hash functions.
const (
	SHA256 Hash = "sha256"
	SHA1   Hash = "sha1"
	SHA384 Hash = "sha384"
	SHA512 Hash = "sha512"
	MD5    Hash = "md5"
)

// Encoding is the text form of the signature's bytes.
type Encoding string

// The encodings. Hex is read in either case, base64 with its padding, base64url with or without.
const (
	Plain     Encoding = ""
	Hex       Encoding = "hex"
	Base64    Encoding = "base64"
	Base64URL Encoding = "base64url"
)

// KeyForm is the text form of a secret.
type KeyForm string

// The forms of secrets. PEM is accepted wherever the key is asymmetric.
const (
	Raw        KeyForm = "raw"    // the bytes of the text
	Base64Key  KeyForm = "base64" // standard base64 of the bytes; HTTP message signatures also take a private key in PEM
	HexKey     KeyForm = "hex"    // hex of the bytes
	Whsec      KeyForm = "whsec"  // standard base64, usually behind "whsec_" or "v1,whsec_"
	WhsecOrRaw KeyForm = "whsec?" // base64 if it begins with "whsec_", else raw
	// WhsecAndRaw signs as WhsecOrRaw and verifies with both: the bytes that base64 stands for, and the text itself.
	WhsecAndRaw KeyForm = "whsec+raw"
	KeyPair     KeyForm = "pair"      // "PUBLIC:PRIVATE"; the key is the SHA-1 of the private half
	Whpk        KeyForm = "whpk"      // base64 of an Ed25519 key: public behind "whpk_", private behind "whsk_"
	Hex32       KeyForm = "hex32"     // hex of 32 bytes: an Ed25519 public key, or the seed of a private one
	Base6432    KeyForm = "base64-32" // base64 of the same
	SPKI        KeyForm = "spki"      // base64 of a public or private key in DER
	PEM         KeyForm = "pem"       // a PEM certificate, public or private key
)

// Unit is the text form of a timestamp.
type Unit string

// The units of timestamps.
const (
	Seconds       Unit = "s"         // Unix seconds, 1 to 10 digits
	Milliseconds  Unit = "ms"        // Unix milliseconds, 1 to 13 digits
	RFC3339       Unit = "rfc3339"   // in UTC with whole seconds
	RFC3339Millis Unit = "rfc3339ms" // in UTC with milliseconds
)

// Timestamp says where a message carries the time of signing. Unit "" means that it carries none.
type Timestamp struct {
	In   Place  // "" when it travels in the signature's own value behind Key, or is a claim of the token
	Key  string // such as "t="
	Unit Unit
}

// Tolerance is the greatest distance between a signed timestamp and the receiver's clock, bounds included.
type Tolerance struct {
	Past, Future time.Duration
}

// NoLimit is a tolerance that accepts every timestamp.
const NoLimit time.Duration = math.MaxInt64

// Both returns a tolerance of d in either direction.
func Both(d time.Duration) Tolerance { return Tolerance{Past: d, Future: d} }

// Version returns the scheme's own name for its kind of signature, taken from Prefix: "v1", "sha256"; "" for none.
func (s Scheme) Version() string { return strings.TrimRight(s.Prefix, "=,: ") }

// Rotates reports whether one message can carry the signatures of several secrets.
func (s Scheme) Rotates() bool { return s.More != "" || len(s.Alt) > 0 }

// CoversBody reports whether the body is signed. If not, a valid signature authenticates the sender and says
// nothing about the body. A CRC-32 does not count: an attacker can write another body with the same sum. For an
// HTTP message signature the answer depends on the message: see Match.
func (s Scheme) CoversBody() bool {
	switch {
	case s.JWT != nil:
		return s.JWT.Body != ""
	case s.Code != "":
		return s.Code != MercadoPago // Adyen signs some fields of the body: those of the payment
	}
	return s.Auth != Token &&
		(strings.Contains(strings.ReplaceAll(s.Content, "{body|crc32}", ""), "{body") ||
			strings.Contains(s.Content, "{form|"))
}

// SignsHost reports whether the host that a message was sent to is signed, true for HTTP message signatures, which
// may sign it. The receiver has to know the host, because the sender chooses the Host field.
func (s Scheme) SignsHost() bool {
	switch {
	case s.JWT != nil:
		return s.JWT.URL != ""
	case s.Code != "":
		return s.Code == Twilio || s.Code == Plivo || s.Code == RFC9421
	}
	return strings.Contains(s.Content, "{url}")
}

// Streams reports whether Sign and Verify can read the body from Message.Stream. A scheme needs the whole body if
// it reads or writes a field of it, uses Ed25519 (two passes), puts its digest into a token, or is made by code.
func (s Scheme) Streams() bool {
	if s.carrier(0).kind() != "header" ||
		slices.ContainsFunc(s.Bound, func(b Identity) bool { return b.In.kind() != "header" }) {
		return false
	}
	if s.Auth == Token {
		return true
	}
	idInBody := s.IDIn.kind() != "header" && strings.Contains(s.Content, "{id}")
	return s.Code == "" && s.JWT == nil && s.Auth != Ed25519 && s.Time.In.kind() != "json" && !idInBody &&
		strings.Count(s.Content, "{body") <= 1 && !strings.Contains(s.Content, "{json.") &&
		!strings.Contains(s.Content, "{form|") && !strings.Contains(s.Content, "{body|json}")
}

// Formula returns the scheme in one line: "HMAC-SHA256 hex of {ts}.{body}".
func (s Scheme) Formula() string {
	switch {
	case s.Auth == Token && s.Enc == Base64:
		return "the user and password themselves (HTTP Basic)"
	case s.Auth == Token:
		return "the secret itself"
	case s.JWT != nil:
		return s.JWT.formula(s)
	}
	content := strings.ReplaceAll(s.Content, "\n", `\n`)
	if s.Code != "" {
		content = s.Code.coder().formula()
	}
	algorithm := s.algorithm()
	if s.Code == RFC9421 {
		algorithm += ", Ed25519, ECDSA-P256-SHA256 or RSA-PKCS1-SHA256"
	}
	return algorithm + " " + string(s.Enc) + " of " + content
}

func (s *Scheme) algorithm() string {
	hash := strings.ToUpper(string(s.Hash))
	switch s.Auth {
	case HMAC:
		return "HMAC-" + hash
	case Ed25519:
		return "Ed25519"
	case ECDSA:
		return "ECDSA-P256-" + hash
	case RSA:
		return "RSA-PKCS1-" + hash
	default:
		return hash
	}
}

// Clone returns a deep copy.
func (s Scheme) Clone() Scheme {
	s.Aliases, s.Alt, s.Fixed, s.Strict = slices.Clone(s.Aliases), slices.Clone(s.Alt), slices.Clone(s.Fixed),
		slices.Clone(s.Strict)
	s.Bound = slices.Clone(s.Bound)
	if s.JWT != nil {
		claims := *s.JWT
		s.JWT = &claims
	}
	return s
}
