package sign_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// vector is one case of testdata/vectors; README.md there describes the fields.
type vector struct {
	Scheme   string            `json:"provider"`
	Case     string            `json:"case"`
	Expected string            `json:"expected"`
	Now      int64             `json:"now"`
	Secrets  []string          `json:"secrets"`
	Method   string            `json:"method"`
	URL      string            `json:"url"`
	Headers  map[string]string `json:"headers"`
	Body     []byte            `json:"body_b64"`
	Params   map[string]string `json:"params"`
}

func (v vector) message() sign.Message {
	header := make(http.Header)
	for name, value := range v.Headers {
		header.Set(name, value)
	}
	return sign.Message{Method: v.Method, URL: v.URL, Header: header, Body: v.Body, Params: v.params()}
}

// params are those of the vector. The vectors were made before some of them had to be given, so what is missing is
// taken from the message: whose it says it is, and which components it covers.
func (v vector) params() map[string]string {
	params := map[string]string{"email": "push@barb.iam.gserviceaccount.com",
		"user_id": v.Headers["X-Fal-Webhook-User-Id"]}
	var body struct{ TopicArn string }
	if json.Unmarshal(v.Body, &body) == nil {
		params["topic_arn"] = body.TopicArn
	}
	if strings.HasPrefix(v.Case, "official_b2") { // RFC 9421's own examples cover what they please
		_, list, _ := strings.Cut(v.Headers["Signature-Input"], "(")
		list, _, _ = strings.Cut(list, ")")
		params["components"] = strings.ReplaceAll(strings.ReplaceAll(list, `"`, ""), " ", ",")
	}
	maps.Copy(params, v.Params)
	return params
}

func (v vector) secrets() []sign.Secret {
	var all []sign.Secret
	for i, s := range v.Secrets {
		all = append(all, sign.Secret{Name: "test:" + string(rune('a'+i)), Key: []byte(s)})
	}
	return all
}

// vectors returns the cases of one scheme.
func vectors(t testing.TB, scheme string) []vector {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "vectors", scheme+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []vector `json:"vectors"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Vectors
}

// validVector returns the first case of a scheme that is valid.
func validVector(t testing.TB, scheme string) vector {
	t.Helper()
	all := vectors(t, scheme)
	return all[slices.IndexFunc(all, func(v vector) bool { return v.Expected == "valid" })]
}

func lookup(t testing.TB, name string) sign.Scheme {
	t.Helper()
	s, ok := catalog.Lookup(name)
	if !ok {
		t.Fatalf("no scheme %s", name)
	}
	return s
}

// reasonOf returns the reason of a refusal, "" for none.
func reasonOf(t testing.TB, err error) sign.Reason {
	t.Helper()
	if err == nil {
		return ""
	}
	var refusal *sign.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("%v is not a *sign.Error", err)
	}
	if !slices.Contains(sign.Reasons(), refusal.Reason) {
		t.Fatalf("reason %q is not listed", refusal.Reason)
	}
	return refusal.Reason
}

// vectorReasons is why each kind of invalid vector is refused.
var vectorReasons = map[string]sign.Reason{
	"tampered_body":             sign.SignatureMismatch,
	"wrong_secret":              sign.SignatureMismatch,
	"rotation_neither":          sign.SignatureMismatch,
	"trap_secret_not_decoded":   sign.SignatureMismatch,
	"timestamp_swapped":         sign.SignatureMismatch,
	"json_tampered_body":        sign.SignatureMismatch,
	"missing_signature":         sign.MissingSignature,
	"tampered_token":            sign.SignatureMismatch,
	"official_wrong_webhook_id": sign.SignatureMismatch,
	"official_tampered":         sign.SignatureMismatch,
	"wrong_cert":                sign.SignatureMismatch,
	"tampered":                  sign.SignatureMismatch,
	"foreign_cert_url":          sign.ForeignCertificate,
	"downgrade_v0":              sign.MissingSignature,
	"truncated_signature":       sign.MalformedSignature,
	"stale":                     sign.TimestampExpired,
	"future":                    sign.TimestampInFuture,
}

func TestEveryVectorGetsItsVerdictAndReason(t *testing.T) {
	total := 0
	for _, s := range catalog.All() {
		for _, v := range vectors(t, s.Name) {
			total++
			t.Run(s.Name+"/"+v.Case, func(t *testing.T) {
				want := sign.Reason("")
				if v.Expected != "valid" {
					name, _, _ := strings.Cut(v.Case, "_v1_")
					name, _, _ = strings.Cut(name, "_v2_")
					if want = vectorReasons[name]; want == "" {
						t.Fatal("no reason is written down for this case")
					}
				}
				match, err := s.Verify(v.message(), time.Unix(v.Now, 0), v.secrets()...)
				if got := reasonOf(t, err); got != want {
					t.Fatalf("reason %q, want %q (%v)", got, want, err)
				}
				if err == nil && match.SecretName != "test:"+string(rune('a'+match.Secret)) {
					t.Errorf("secret %d is called %q", match.Secret, match.SecretName)
				}
			})
		}
	}
	if total < 694 {
		t.Errorf("%d vectors: one was lost", total)
	}
}

func TestMatchSaysWhichSecretSigned(t *testing.T) {
	for _, s := range catalog.All() {
		for _, v := range vectors(t, s.Name) {
			if v.Case != "two_secrets_old_second" {
				continue
			}
			match, err := s.Verify(v.message(), time.Unix(v.Now, 0), v.secrets()...)
			if err != nil || match.Secret != 1 || match.SecretName != "test:b" {
				t.Errorf("%s: %+v, %v", s.Name, match, err)
			}
		}
	}
}

// foreign are messages that barb would write in another way: a time with an offset, other components of RFC 9421.
var foreign = map[string]bool{
	"box/official_example": true, "rfc9421/official_b25_hmac": true, "rfc9421/official_b26_ed25519": true,
}

// TestSigningReproducesTheVectors signs the content of every valid vector with its secret; where the kind of signature
// leaves no choice, every header that barb makes must be the vector's.
func TestSigningReproducesTheVectors(t *testing.T) {
	for _, s := range catalog.All() {
		if s.Auth != sign.HMAC && s.Auth != sign.Token && s.Auth != sign.Digest || s.JWT != nil && s.JWT.ID {
			continue // what is made by chance cannot be made again
		}
		for _, v := range vectors(t, s.Name) {
			if v.Expected != "valid" || v.Case == "two_secrets_old_second" || foreign[s.Name+"/"+v.Case] {
				continue
			}
			t.Run(s.Name+"/"+v.Case, func(t *testing.T) {
				m := v.message()
				if s.Code == sign.RFC9421 {
					m.Params = map[string]string{"keyid": "barb"}
				}
				m.ID, m.Event = s.ID(m), s.Event(m)
				m.Time = time.Unix(v.Now, 0)
				secrets := v.secrets()
				switch v.Case {
				case "future":
					m.Time = m.Time.Add(24 * time.Hour)
				case "rotation_new_secret": // the first of two signatures; add the second one's secret
					secrets = append(secrets, sign.Secret{Key: []byte(validVector(t, s.Name).Secrets[0])})
				case "rotation_old_secret":
					return // the same message as seen by the other secret
				}
				signed, err := s.Sign(m, secrets...)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range signed.Fields {
					if want := m.Header.Get(f.Name); f.Value != want {
						t.Errorf("%s: %q, want %q", f.Name, f.Value, want)
					}
				}
				if signed.URL != "" || signed.Body != nil && string(signed.Body) != string(v.Body) {
					t.Errorf("URL %q or body changed: %s", signed.URL, signed.Body)
				}
			})
		}
	}
}

func TestSchemeNamesInVectorsAndCatalogAgree(t *testing.T) {
	files, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil || len(files) != len(catalog.All()) {
		t.Errorf("%d vector files for %d schemes, %v", len(files), len(catalog.All()), err)
	}
	for _, s := range catalog.All() {
		for _, v := range vectors(t, s.Name) {
			if v.Scheme != s.Name {
				t.Errorf("vector %s stands in the file of %s", v.Scheme, s.Name)
			}
		}
	}
}
