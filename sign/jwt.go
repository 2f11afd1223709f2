package sign

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/sign/rawjson"
)

// Claims describes a scheme's JSON Web Token (RFC 7519). The scheme decides the algorithm, never the token.
type Claims struct {
	Issuer        string   // required iss; "" for any
	IssuerParam   string   // name of the param with the required iss
	AudienceParam string   // name of the param with the required aud
	Body          string   // the claim with the SHA-256 of the body; "" when the token has none
	BodyEnc       Encoding // encoding of that digest; base64url is read with or without padding
	BodyOptional  bool     // a token without Body is accepted as not covering the body
	URL           string   // the claim with the called URL; "" when there is none
	URLHash       bool     // the URL claim is the hex SHA-256 of the URL
	Expires       bool     // the token has an end of validity (exp)
	ID            bool     // the token has an id (jti): the webhook's, or a random one
}

// life is the validity of a token made by barb, counted from its iat.
const life = 5 * time.Minute

// token is the content of a JSON Web Token. Its claims prove nothing before the signature was checked.
type token struct {
	signed string // the signed bytes
	alg    string
	claims map[string]any
	twice  bool // a name occurs more than once, and parsers disagree on which value counts
}

// jwtAlgorithm returns the scheme's name among the JSON Web Algorithms (RFC 7518 section 3.1, RFC 8037 section 3.1).
func (s *Scheme) jwtAlgorithm() string {
	bits := strings.TrimPrefix(string(s.Hash), "sha")
	switch s.Auth {
	case Ed25519:
		return "EdDSA"
	case ECDSA:
		return "ES" + bits
	case RSA:
		return "RS" + bits
	default:
		return "HS" + bits
	}
}

func (c *Claims) formula(s Scheme) string {
	text := "JWT " + s.jwtAlgorithm()
	if c.Body != "" {
		text += ", " + c.Body + " = " + string(c.BodyEnc) + " of SHA-256 of {body}"
	}
	switch {
	case c.URLHash:
		text += ", " + c.URL + " = hex of SHA-256 of {url}"
	case c.URL != "":
		text += ", " + c.URL + " = {url}"
	}
	return text
}

// readToken parses a token. ok is false when text is no token or its header contradicts the scheme.
func (s *Scheme) readToken(text string) (t *token, sig []byte, ok bool) {
	end := strings.LastIndexByte(text, '.')
	signed := text[:max(end, 0)]
	first, second, found := strings.Cut(signed, ".")
	if !found {
		return nil, nil, false
	}
	var head struct {
		Alg  string `json:"alg"`
		Crit any    `json:"crit"`
	}
	t = &token{signed: signed}
	ok = t.decode(first, &head) && t.decode(second, &t.claims) && t.claims != nil
	sig, err := base64.RawURLEncoding.Strict().DecodeString(text[end+1:])
	t.alg = head.Alg
	return t, sig, ok && err == nil && len(sig) > 0 && head.Crit == nil && head.Alg == s.jwtAlgorithm()
}

// decode decodes a segment of the token.
func (t *token) decode(segment string, into any) bool {
	data, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	t.twice = t.twice || rawjson.NamesTwice(data)
	return err == nil && json.Unmarshal(data, into) == nil
}

// readJWT finds the token of a message.
func (s *Scheme) readJWT(m *Message) (reading, error) {
	var r reading
	value, err := s.readLone(m)
	if err != nil {
		return r, err
	}
	text, hasPrefix := s.cutPrefix(value)
	t, sig, ok := s.readToken(strings.TrimSpace(text))
	if !hasPrefix || !ok {
		return r, refuse(MalformedSignature, s.carrier(0).String()+" is not "+s.Prefix+"{JSON Web Token, "+s.jwtAlgorithm()+
			"}")
	}
	if t.twice {
		return r, refuse(DuplicateField, "the token names a claim more than once, or in another spelling")
	}
	r.value, r.token, r.candidates = value, t, [][]byte{sig}
	return r, nil
}

// check compares a genuine token with its message.
func (c *Claims) check(m *Message, t *token) (bodyUnsigned bool, err error) {
	issuer := c.Issuer
	if c.IssuerParam != "" {
		if issuer, err = param(m, c.IssuerParam); err != nil {
			return false, err
		}
	}
	if issuer != "" && t.text("iss") != issuer {
		return false, refuse(WrongClaim, "the token is genuine, but has another issuer (iss)")
	}
	if c.AudienceParam != "" {
		audience, err := param(m, c.AudienceParam)
		if err != nil {
			return false, err
		}
		if !t.isFor(audience) {
			return false, refuse(WrongClaim, "the token is genuine, but for another audience (aud)")
		}
	}
	if err := c.checkURL(m, t); err != nil {
		return false, err
	}
	return c.checkBody(m, t)
}

func (c *Claims) checkURL(m *Message, t *token) error {
	if c.URL == "" {
		return nil
	}
	if m.URL == "" {
		return refuse(MissingURL, "the token contains the URL, as the sender knows it")
	}
	if t.text(c.URL) != c.urlClaim(m.URL) {
		return refuse(WrongClaim, "the token is genuine, but for another URL ("+c.URL+")")
	}
	return nil
}

// urlClaim returns the value of the claim for a called URL.
func (c *Claims) urlClaim(u string) string {
	if !c.URLHash {
		return u
	}
	sum := sha256.Sum256([]byte(u))
	return hex.EncodeToString(sum[:])
}

func (c *Claims) checkBody(m *Message, t *token) (bodyUnsigned bool, err error) {
	if c.Body == "" {
		return true, nil
	}
	text, ok := t.claims[c.Body].(string)
	if !ok && c.BodyOptional {
		return true, nil
	}
	digest, decoded := c.BodyEnc.decode(text)
	sum := sha256.Sum256(m.Body)
	switch {
	case !ok || !decoded:
		return false, refuse(WrongClaim, "the token is genuine, but "+c.Body+" is not a digest of a body")
	case !isDigest(digest, sum[:]):
		return false, refuse(SignatureMismatch, "the token is genuine, but for another body ("+c.Body+")")
	}
	return false, nil
}

func (t *token) text(claim string) string {
	text, _ := t.claims[claim].(string)
	return text
}

// isFor reports whether aud, a text or a list of texts, names the audience.
func (t *token) isFor(audience string) bool {
	if t.text("aud") == audience {
		return true
	}
	list, _ := t.claims["aud"].([]any)
	return slices.Contains(list, any(audience))
}

// readLife reads the token's time of issue and end of validity. The later of iat and nbf counts as time of issue.
func (r *reading) readLife(c *Claims) error {
	for _, name := range [...]string{"iat", "nbf", "exp"} {
		value, there := r.token.claims[name]
		if !there {
			continue
		}
		seconds, ok := value.(float64)
		if !ok || seconds < 0 || seconds >= 1e10 {
			return refuse(MalformedTimestamp, "the token's "+name+" is not "+Seconds.describe())
		}
		at := time.Unix(int64(seconds), 0)
		switch {
		case name == "exp":
			r.expires = at
		case at.After(r.issued):
			r.stamped, r.issued, r.time = true, at, strconv.FormatInt(at.Unix(), 10)
		}
	}
	if c.Expires && r.expires.IsZero() {
		return refuse(MissingTimestamp, "the token has no expiry (exp)")
	}
	return nil
}

// compose returns the signed part of a token.
func (c *Claims) compose(s *Scheme, v *values) ([]byte, error) {
	claims, err := c.claims(v)
	if err != nil {
		return nil, err
	}
	for _, b := range s.Bound {
		claim, ok := b.In.claim()
		if value := v.m.Params[b.Param]; ok && value != "" {
			claims[claim], _, _ = strings.Cut(value, ",")
		} else if ok && !b.Optional {
			return nil, b.missing()
		}
		if ok && b.Confirmed != "" {
			claims[b.Confirmed] = true
		}
	}
	head := map[string]any{"alg": s.jwtAlgorithm(), "typ": "JWT"}
	if kid := v.m.Params["kid"]; kid != "" {
		head["kid"] = kid
	}
	return []byte(segment(head) + "." + segment(claims)), nil
}

func (c *Claims) claims(v *values) (map[string]any, error) {
	claims := map[string]any{}
	if !v.m.Time.IsZero() {
		claims["iat"] = v.m.Time.Unix()
	}
	if c.Expires {
		claims["nbf"], claims["exp"] = v.m.Time.Unix(), v.m.Time.Add(life).Unix()
	}
	if c.Issuer != "" {
		claims["iss"] = c.Issuer
	}
	for _, given := range [...]struct{ claim, param string }{{"iss", c.IssuerParam}, {"aud", c.AudienceParam}} {
		if given.param == "" {
			continue
		}
		value, err := param(v.m, given.param)
		if err != nil {
			return nil, err
		}
		claims[given.claim] = value
	}
	if c.ID {
		if claims["jti"] = v.id; v.id == "" {
			claims["jti"] = rand.Text()
		}
	}
	if c.Body != "" {
		sum := sha256.Sum256(v.m.Body)
		claims[c.Body] = string(c.BodyEnc.encode(nil, sum[:]))
	}
	if c.URL == "" {
		return claims, nil
	}
	if v.m.URL == "" {
		return nil, refuse(MissingURL, "the token contains the URL of the receiver")
	}
	claims[c.URL] = c.urlClaim(v.m.URL)
	return claims, nil
}

// segment encodes a part of a token, with sorted keys.
func segment(object map[string]any) string {
	data, _ := json.Marshal(object) // never fails: texts and numbers only
	return base64.RawURLEncoding.EncodeToString(data)
}
