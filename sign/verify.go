package sign

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Match describes how a message was verified.
type Match struct {
	Version    string        // the scheme's name for the kind of signature: "v1", "sha256"; "" when it has none
	Secret     int           // index of the matching secret
	SecretName string        // name of the matching secret
	Age        time.Duration // now minus the signed timestamp, negative when the timestamp lies ahead; only with HasAge
	HasAge     bool
	// Spelling names the signature's spelling if an SDK of the provider refuses it; else "".
	Spelling Spelling
	// BodyUnsigned says that the signature authenticates the sender and says nothing about the body.
	BodyUnsigned bool
}

// Verify checks a message at a given time against any of the secrets. The error is an *Error, or the error of
// reading Message.Stream.
//
// The age is checked only after a signature matched, so TimestampExpired always means a genuine, late message, and
// SignatureMismatch a forged or damaged one. The Match is also set with TimestampExpired, TimestampInFuture and
// CertificateExpired, and, without an age, for a genuine token that is for another body, URL or receiver.
func (s Scheme) Verify(m Message, now time.Time, secrets ...Secret) (Match, error) {
	p, err := s.prepare(m.Params, secrets, false)
	if err != nil {
		return Match{}, err
	}
	return p.scheme.verify(m, now, p.keys, p.secrets)
}

// verify checks a message with the keys of secrets.
func (s *Scheme) verify(m Message, now time.Time, keys []key, secrets []Secret) (Match, error) {
	if err := s.checkStream(&m); err != nil {
		return Match{}, err
	}
	if err := s.CheckParams(m.Params); err != nil {
		return Match{}, err
	}
	if err := s.unwrap(&m); err != nil {
		return Match{}, err
	}
	r, err := s.read(&m)
	if err != nil {
		return Match{}, err
	}
	if s.signsFields() && !json.Valid(m.Body) {
		return Match{}, refuse(MalformedBody, "the body is not JSON, and only fields of it are signed")
	}
	match, err := s.verifyReading(&m, &r, now, keys, secrets)
	for err != nil && len(r.messages) > 1 {
		r.messages = r.messages[1:]
		other, otherErr := s.verifyReading(&m, &r, now, keys, secrets)
		if otherErr == nil || other.HasAge && !match.HasAge || isRefusal(otherErr, UnsignedComponent) {
			match, err = other, otherErr // a specific error about our own signature says more than another's mismatch
		}
	}
	return match, err
}

// signsFields reports whether the scheme signs fields of a JSON body instead of the whole. An attacker may then
// change the text between them, and lenient parsers disagree on which fields there are.
func (s *Scheme) signsFields() bool {
	if s.JWT != nil || s.Auth == Token {
		return false
	}
	return s.Code == SNS || s.Code == Adyen || s.Code == "" && !s.CoversBody() && strings.Contains(s.Content, "{json.")
}

// verifyReading verifies a message with the signature that was read, of several HTTP message signatures the first.
func (s *Scheme) verifyReading(m *Message, r *reading, now time.Time, keys []key, secrets []Secret) (Match, error) {
	if r.hash != "" && r.hash != s.Hash {
		other := *s
		other.Hash = r.hash
		s = &other
	}
	if len(r.messages) > 0 {
		if err := r.setLife(); err != nil {
			return Match{}, err
		}
	}
	v, at, err := s.signedValues(m, r)
	if err != nil {
		return Match{}, err
	}
	k, hit, err := s.findKey(v, keys, r)
	if err == nil && k == nil {
		err = mismatch(secrets)
	}
	if err != nil {
		return Match{}, err
	}
	match := Match{
		Version: s.Version(), Secret: k.secret, SecretName: secrets[k.secret].Name,
		BodyUnsigned: !s.CoversBody() || r.bodyUnsigned,
		Spelling:     s.spelling(r.value, hit),
	}
	if s.JWT != nil {
		if match.BodyUnsigned, err = s.JWT.check(m, r.token); err != nil {
			return match, err
		}
	}
	if len(r.messages) > 0 {
		if err = checkCover(&r.messages[0], m); err != nil {
			return Match{}, err
		}
	}
	if err = s.checkBound(m, r); err != nil {
		return match, err
	}
	return match, s.judgeAge(&match, m, r, at, now, k)
}

// signedValues collects the id and the timestamp that the signature covers.
func (s *Scheme) signedValues(m *Message, r *reading) (v *values, at time.Time, err error) {
	v = &values{m: m, item: func(name string) (string, bool) { return s.item(r.value, name) }}
	if v.id, err = s.idToVerify(m); err != nil {
		return nil, at, err
	}
	if s.Time.Unit != "" && !s.timeIsLate() {
		v.time, at, err = s.timeOf(m, r)
	}
	return v, at, err
}

// timeIsLate reports whether the timestamp is part of the body or the token, so that it is read only after the
// signature matched: a changed body is then reported as a mismatch, not as a bad timestamp.
func (s *Scheme) timeIsLate() bool {
	return s.JWT != nil || s.Time.In.kind() == "json" && !strings.Contains(s.Content, "{ts}")
}

// idToVerify returns the signed id. Duplicate id headers are refused even where the id is not signed: receivers
// that deduplicate would not agree on which id counts.
func (s *Scheme) idToVerify(m *Message) (string, error) {
	signed := strings.Contains(s.Content, "{id}")
	if _, inHeader := s.IDIn.header(); !signed && !inHeader {
		return "", nil
	}
	id, n := s.IDIn.Read(m)
	switch {
	case n > 1:
		return "", refuseTwice(s.IDIn)
	case !signed:
		return "", nil
	}
	return id, s.checkID(id)
}

// timeOf returns the message's timestamp as written and as a time.
func (s *Scheme) timeOf(m *Message, r *reading) (text string, at time.Time, err error) {
	n := 0
	if s.Time.In != "" {
		text, n = s.Time.In.Read(m)
	} else if r.stamped {
		text, n = r.time, 1
	}
	switch {
	case n > 1:
		return "", at, refuseTwice(s.Time.In)
	case n == 0 || text == "":
		return "", at, refuse(MissingTimestamp, "no timestamp in "+s.timePlace())
	}
	at, ok := s.Time.Unit.Parse(text)
	if !ok {
		return "", at, refuse(MalformedTimestamp, "the timestamp in "+s.timePlace()+" is not "+s.Time.Unit.describe())
	}
	return text, at, nil
}

// timePlace names the place of the timestamp for error messages.
func (s *Scheme) timePlace() string { return cmp.Or(s.Time.In, s.carrier(0)).String() }

// findKey returns the first key that has a matching signature for all signed content, and that signature; with several
// parts, the last part's. Without a match it returns no key and no error.
func (s *Scheme) findKey(v *values, keys []key, r *reading) (k *key, hit []byte, err error) {
	if s.Code == "" && s.JWT == nil {
		proofs, err := s.proofs(v, keys)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range proofs {
			if hit = s.anyMatches(&keys[p.key], p.sum, s.Hash, r.candidates); hit == nil {
				continue
			}
			if p.extended {
				return nil, nil, refuse(LengthExtension,
					"the digest matches, but the signed content contains the padding of a hash: it is forged")
			}
			return &keys[p.key], hit, nil
		}
		return nil, nil, nil
	}
	parts, err := s.parts(v, r)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range parts {
		if s.Auth == HMAC && slices.ContainsFunc(p.contents,
			func(c []byte) bool { return isChallenge(cmp.Or(p.hash, s.Hash), c) }) {
			return nil, nil, refuseChallenge()
		}
	}
	for i := range keys {
		if hit = s.matchParts(v.m.Sums, &keys[i], parts); hit != nil {
			return &keys[i], hit, nil
		}
	}
	return nil, nil, nil
}

// mismatch names the secrets that were tried.
func mismatch(secrets []Secret) error {
	if len(secrets) == 1 {
		return refuse(SignatureMismatch, "signature does not match "+secrets[0].Label())
	}
	names := make([]string, len(secrets))
	for i, secret := range secrets {
		names[i] = secret.Name
	}
	return refuse(SignatureMismatch, "signature matches none of the secrets "+strings.Join(names, ", "))
}

// parts returns the signed content of a scheme with a token or made by code.
func (s *Scheme) parts(v *values, r *reading) ([]part, error) {
	if s.JWT != nil {
		return onePart(r, []byte(r.token.signed)), nil
	}
	return s.Code.coder().parts(s, v, r)
}

// matchParts returns the last part's signature when every part is signed under the key, else nil.
func (s *Scheme) matchParts(sums *Sums, k *key, parts []part) (hit []byte) {
	for _, p := range parts {
		if hit = s.matchPart(sums, k, p); hit == nil {
			return nil
		}
	}
	return hit
}

func (s *Scheme) matchPart(sums *Sums, k *key, p part) []byte {
	if p.alg != "" && p.alg != messageAlgorithm(s.authOf(k)) {
		return nil
	}
	hash := cmp.Or(p.hash, s.Hash)
	for _, content := range p.contents {
		if sums.count(s, k, hash, len(content)) != nil {
			return nil
		}
		to := s.newSink(k, hash)
		_, _ = to.Write(content)
		if hit := s.anyMatches(k, to.sum(), hash, p.candidates); hit != nil {
			return hit
		}
	}
	return nil
}

// anyMatches returns the first candidate that is a valid signature, nil when none is.
func (s *Scheme) anyMatches(k *key, sum []byte, hash Hash, candidates [][]byte) []byte {
	for _, candidate := range candidates {
		if s.matches(k, sum, hash, candidate) {
			return candidate
		}
	}
	return nil
}

// judgeAge sets the match's age, and refuses a message that is too old, too new, expired by its own claims, or
// signed outside the validity of the certificate.
func (s *Scheme) judgeAge(match *Match, m *Message, r *reading, at, now time.Time, k *key) error {
	if s.JWT != nil {
		if err := r.readLife(s.JWT); err != nil {
			return err
		}
	}
	if !r.expires.IsZero() && now.After(r.expires) && s.Tolerance != Both(NoLimit) {
		match.HasAge, match.Age = r.stamped, now.Sub(r.issued)
		return refuse(TimestampExpired, "it expired "+span(now.Sub(r.expires))+" ago")
	}
	if s.Time.Unit == "" || s.JWT != nil && s.JWT.Expires && !r.stamped {
		return nil
	}
	if s.timeIsLate() {
		var err error
		if _, at, err = s.timeOf(m, r); err != nil {
			return err
		}
	}
	match.HasAge = true
	var err error
	if match.Age, err = s.Tolerance.check(at, now); err != nil {
		return err
	}
	if !k.NotAfter.IsZero() && (at.Before(k.NotBefore) || at.After(k.NotAfter)) {
		return refuse(CertificateExpired, "the certificate was not valid when the message was signed")
	}
	return nil
}

// Contents returns the signed bytes of a message without the secret, and the body itself.
func (s Scheme) Contents(m Message) [][]byte {
	contents := [][]byte{m.Body}
	if s.JWT != nil || s.unwrap(&m) != nil {
		return contents
	}
	r, err := s.read(&m)
	if err != nil {
		return contents
	}
	v, _, err := s.signedValues(&m, &r)
	if err != nil {
		return contents
	}
	if s.Code != "" {
		parts, _ := s.parts(v, &r)
		for _, p := range parts {
			contents = append(contents, p.contents...)
		}
		return contents
	}
	if s.Content != "" && s.Content != "{body}" {
		if content, err := v.expand(nil, s.Content, nil); err == nil {
			contents = append(contents, content)
		}
	}
	return contents
}
