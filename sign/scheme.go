package sign

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Scheme says how one provider signs its webhooks. It is data: a row of the catalogue, or one of a user's own, and may
// be changed freely: each value is its owner's. catalog.Validate says whether it makes sense.
type Scheme struct {
	Name     string   // lower case, what --scheme takes
	Aliases  []string // other names people know it by, for Lookup
	Title    string   // the provider's own spelling
	Docs     string   // address of the provider's documentation
	Evidence Evidence // how well the row is confirmed
	Note     string   // what surprises people; one clause

	Auth Auth
	Hash Hash     // of HMAC, Digest, ECDSA and RSA
	Enc  Encoding // of the signature's bytes; Plain for Token
	Key  KeyForm  // how the secret is written

	// Content is the template of the signed bytes, "{ts}.{body}". Names: body, body|sha256hex (hex of its SHA-256),
	// body|crc32 (decimal), body|json (as a JSON string), form|sorted (a form's names and values, sorted by name), ts, id,
	// url, method, path, secret, header.NAME, json.PATH, param.NAME, item.NAME (of the signature's own value: what stands
	// behind "NAME="), lb and rb (braces).
	Content string
	// Header is where the signature travels: a header's name, in the case it is sent in, or "json:PATH", "form:NAME",
	// "query:NAME". Everywhere but in a header the signature is written into what is sent.
	Header string
	// Alt are further headers with a signature each; where there are any, the second secret signs into the first of them.
	Alt []string
	// Repeat says that a sender may send Header several times, with a signature each, instead of one joined by Split.
	Repeat bool

	// How Header's value is read: split at any of the characters in Split (none: not split); an item that begins with
	// Time.Key is the timestamp, one that begins with Prefix a signature.
	Split, Prefix string
	// AnyHash says that the sender may sign with another hash than Hash; the name before the "=" tells which.
	AnyHash bool
	// How it is written: Format with {sig}, {ts} and {item.NAME}, "" meaning Prefix and the signature; then More for every
	// further secret. Without More and Alt only the first secret signs.
	Format, More string

	Time      Timestamp
	Tolerance Tolerance

	IDIn    Place // of the webhook id
	EventIn Place // of the event type
	// Wrapped is the field of a multipart form that the provider sends its JSON in; "" when the body is what it is.
	Wrapped string
	Nonce   Place   // of a random value that is signed; one is made when the message to be signed has none
	Fixed   []Field // headers that every message carries, sent as they are

	// Strict are spellings of the signature that Verify reads and an SDK of the provider refuses, as the SDKs in
	// conformance/ say; Match.Spelling names the one that a message has.
	Strict []Spelling

	// Stronger is a header in whose presence this scheme is refused, since a better signature travels there.
	Stronger string
	// CertName is the domain that must be the end of a certificate's common name, ".paypal.com"; "" when any will do.
	CertName string
	// UnsignedTime says that the provider does not sign the timestamp; NoSeparator that nothing stands between two parts
	// of what it signs. Without them catalog.Validate refuses such a row.
	UnsignedTime, NoSeparator bool
	// Bound are the values of a signed message that say whose it is, for a key that signs for all customers of a provider.
	Bound []Identity
	// Binds says in words what binds a message to its receiver; "" where that is the secret. BoundBy reads it.
	Binds string
	// Handshake names the handshake that comes before the first webhook; "" for none.
	Handshake string
	// JWT says what the scheme's signature claims where it is a JSON Web Token; Content is not used then.
	JWT *Claims
	// Code names the code that makes the signed bytes where no template can; Content is not used then.
	Code Code
	// NamedAlgorithm says that WithParams has set Auth, so that the key of an HTTP message signature no longer decides it.
	NamedAlgorithm bool
}

// Evidence says how a row of the catalogue was confirmed.
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

// The kinds of proof. Token proves who sent a message but nothing about what it says.
const (
	HMAC    Auth = "hmac"
	Digest  Auth = "digest" // a plain hash with {secret} in the content
	Token   Auth = "token"  // the secret itself; in base64 it is HTTP Basic's "user:password"
	Ed25519 Auth = "ed25519"
	ECDSA   Auth = "ecdsa" // P-256; ASN.1, inside a JSON Web Token or an HTTP message signature r and s as they are
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

// Encoding is how the signature's bytes are written.
type Encoding string

// The encodings. Hex is read in either case; base64 with its padding, base64url with or without.
const (
	Plain     Encoding = ""
	Hex       Encoding = "hex"
	Base64    Encoding = "base64"
	Base64URL Encoding = "base64url"
)

// KeyForm is how a secret is written down.
type KeyForm string

// The forms of secrets. PEM is accepted wherever the key is asymmetric.
const (
	Raw        KeyForm = "raw"    // the bytes of the text
	Base64Key  KeyForm = "base64" // standard base64 of the bytes; HTTP message signatures also take a private key in PEM
	HexKey     KeyForm = "hex"    // hex of the bytes
	Whsec      KeyForm = "whsec"  // standard base64, usually behind "whsec_" or "v1,whsec_"
	WhsecOrRaw KeyForm = "whsec?" // base64 only when it begins with "whsec_", else raw
	// WhsecAndRaw signs as WhsecOrRaw and verifies with both: the bytes that base64 stands for, and the text itself.
	WhsecAndRaw KeyForm = "whsec+raw"
	KeyPair     KeyForm = "pair"      // "PUBLIC:PRIVATE"; the key is the SHA-1 of what stands behind the colon
	Whpk        KeyForm = "whpk"      // base64 of an Ed25519 key: public behind "whpk_", private behind "whsk_"
	Hex32       KeyForm = "hex32"     // hex of 32 bytes: an Ed25519 public key, or the seed of a private one
	Base6432    KeyForm = "base64-32" // the same in base64
	SPKI        KeyForm = "spki"      // base64 of the DER of a public or private key
	PEM         KeyForm = "pem"       // a PEM certificate, public or private key
)

// Unit is how a timestamp is written.
type Unit string

// The units of timestamps.
const (
	Seconds       Unit = "s"         // Unix seconds, 1 to 10 digits
	Milliseconds  Unit = "ms"        // Unix milliseconds, 1 to 13 digits
	RFC3339       Unit = "rfc3339"   // written in UTC with whole seconds
	RFC3339Millis Unit = "rfc3339ms" // written in UTC with milliseconds
)

// Timestamp says where a message carries the time it was signed at. Unit "" means that it carries none.
type Timestamp struct {
	In   Place  // "" when it travels in the signature's own value, behind Key, or is a claim of the token
	Key  string // "t="
	Unit Unit
}

// Tolerance is how far a signed timestamp may lie from the receiver's clock, bounds included.
type Tolerance struct {
	Past, Future time.Duration
}

// NoLimit is a tolerance that any timestamp meets.
const NoLimit time.Duration = math.MaxInt64

// Both returns a tolerance of d to either side.
func Both(d time.Duration) Tolerance { return Tolerance{Past: d, Future: d} }

// Version is the scheme's own name for its kind of signature, read off Prefix: "v1", "sha256"; "" when it has none.
func (s Scheme) Version() string { return strings.TrimRight(s.Prefix, "=,: ") }

// Rotates reports whether a message can carry the signatures of several secrets at once.
func (s Scheme) Rotates() bool { return s.More != "" || len(s.Alt) > 0 }

// CoversBody reports whether the body is part of what is signed. Where it is not, a valid signature authenticates the
// sender and says nothing about the body. A CRC-32 does not count: anybody can write another body of the same sum. Of
// an HTTP message signature each message decides: Match says.
func (s Scheme) CoversBody() bool {
	switch {
	case s.JWT != nil:
		return s.JWT.Body != ""
	case s.Code != "":
		return s.Code.coder().coversBody()
	}
	return s.Auth != Token &&
		(strings.Contains(strings.ReplaceAll(s.Content, "{body|crc32}", ""), "{body") ||
			strings.Contains(s.Content, "{form|"))
}

// SignsHost reports whether the host that a message was sent to is part of what is signed. Its receiver has to know
// that host: the Host field is the sender's word. Of an HTTP message signature each message decides; it may be.
func (s Scheme) SignsHost() bool {
	switch {
	case s.JWT != nil:
		return s.JWT.URL != ""
	case s.Code != "":
		return s.Code == Twilio || s.Code == Plivo || s.Code == RFC9421
	}
	return strings.Contains(s.Content, "{url}")
}

// Streams reports whether Sign and Verify can read the body from Message.Stream. Schemes that need the whole body
// cannot: they read from it or write into it, hash it twice (Ed25519), hold its digest in a token, or are code.
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

// Formula is the scheme in one line: "HMAC-SHA256 hex of {ts}.{body}".
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

// Clone returns a copy that shares nothing with the scheme.
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
