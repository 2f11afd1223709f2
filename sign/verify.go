package sign

import (
	"strings"
	"time"
)

// Match is how a valid message was recognised.
type Match struct {
	Version    string        // the scheme's name for the kind of signature: "v1", "sha256"; "" when it has none
	Secret     int           // index of the secret that matched
	SecretName string        // its name
	Age        time.Duration // now minus the signed timestamp, negative when it lies ahead; only with HasAge
	HasAge     bool
	// BodyUnsigned is set when the signature authenticates the sender but says nothing about the body.
	BodyUnsigned bool
}

// Verify checks a message at a given time against any of the secrets. The error is a *Error, or what reading
// Message.Stream returned.
//
// A timestamp's age is judged only after a signature matched, so that TimestampExpired always means a genuine message
// that is late, and SignatureMismatch a forged or damaged one. With TimestampExpired, TimestampInFuture and
// CertificateExpired the Match is filled as well.
func (s Scheme) Verify(m Message, now time.Time, secrets ...Secret) (Match, error) {
	keys, err := s.parseKeys(secrets, false)
	if err != nil {
		return Match{}, err
	}
	if err = s.checkStream(&m); err != nil {
		return Match{}, err
	}
	r, err := s.read(&m)
	if err != nil {
		return Match{}, err
	}
	v, at, err := s.signedValues(&m, &r)
	if err != nil {
		return Match{}, err
	}
	found, err := s.find(v, keys, r.candidates)
	if err != nil {
		return Match{}, err
	}
	match := Match{
		Version: s.Version(), Secret: found, SecretName: secrets[found].Name, BodyUnsigned: !s.CoversBody(),
	}
	return match, s.judgeAge(&match, &m, &r, at, now, &keys[found])
}

// signedValues collects the id and the timestamp that the signature covers.
func (s *Scheme) signedValues(m *Message, r *reading) (v *values, at time.Time, err error) {
	v = &values{m: m}
	if v.id, err = s.idToVerify(m); err != nil {
		return nil, at, err
	}
	if s.Time.Unit != "" && !s.timeIsLate() {
		v.time, at, err = s.timeOf(m, r)
	}
	return v, at, err
}

// timeIsLate reports whether the timestamp is merely part of the body, so that it is looked for only once the body is
// known to be genuine: whoever changed the body is told of the mismatch, not of the timestamp he broke.
func (s *Scheme) timeIsLate() bool {
	_, inBody := s.Time.In.json()
	return inBody && !strings.Contains(s.Content, "{ts}")
}

// idToVerify returns the id that is signed. Two id headers are refused even where the id is not signed: receivers that
// drop what they have seen before would not agree on which one counts.
func (s *Scheme) idToVerify(m *Message) (string, error) {
	signed := strings.Contains(s.Content, "{id}")
	if _, inHeader := s.IDIn.header(); !signed && !inHeader {
		return "", nil
	}
	id, n := s.IDIn.read(m)
	switch {
	case n > 1:
		return "", refuse(DuplicateHeader, s.IDIn.String()+" is there more than once")
	case !signed:
		return "", nil
	}
	return id, s.checkID(id)
}

// timeOf returns the message's timestamp as it is written, and what it means.
func (s *Scheme) timeOf(m *Message, r *reading) (text string, at time.Time, err error) {
	n := 0
	if s.Time.In != "" {
		text, n = s.Time.In.read(m)
	} else if r.stamped {
		text, n = r.time, 1
	}
	switch {
	case n > 1:
		return "", at, refuse(DuplicateHeader, s.clock()+" is there more than once")
	case n == 0 || text == "":
		return "", at, refuse(MissingTimestamp, "no timestamp in "+s.clock())
	}
	at, ok := s.Time.Unit.parse(text)
	if !ok {
		return "", at, refuse(MalformedTimestamp, "the timestamp in "+s.clock()+" is not "+s.Time.Unit.describe())
	}
	return text, at, nil
}

// clock names the place of the timestamp to a person.
func (s *Scheme) clock() string {
	if s.Time.In == "" {
		return s.carrier(0).String()
	}
	return s.Time.In.String()
}

// find returns the index of the first key under which any of the candidates is a signature.
func (s *Scheme) find(v *values, keys []key, candidates [][]byte) (int, error) {
	proofs, err := s.expect(v, keys)
	if err != nil {
		return 0, err
	}
	for _, p := range proofs {
		for _, candidate := range candidates {
			if s.matches(&keys[p.key], p.sum, candidate) {
				return p.key, nil
			}
		}
	}
	return 0, refuse(SignatureMismatch, "no signature matches under "+count(len(keys)))
}

func count(secrets int) string {
	if secrets == 1 {
		return "the secret"
	}
	return "any of the secrets"
}

// expect makes the proofs of a message that is being verified.
func (s *Scheme) expect(v *values, keys []key) ([]proof, error) {
	if s.Code == "" {
		return s.proofs(v, keys)
	}
	contents, err := s.Code.contents(v.m)
	if err != nil {
		return nil, err
	}
	return s.contentProofs(contents, keys), nil
}

// judgeAge completes a match with the message's age, and refuses what is too old, too new, or was signed outside the
// life of the certificate.
func (s *Scheme) judgeAge(match *Match, m *Message, r *reading, at, now time.Time, k *key) error {
	if s.Time.Unit == "" {
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
	if match.Age, err = s.Tolerance.judge(at, now); err != nil {
		return err
	}
	if !k.notAfter.IsZero() && (at.Before(k.notBefore) || at.After(k.notAfter)) {
		return refuse(CertificateExpired, "the certificate was not valid when the message was signed")
	}
	return nil
}
