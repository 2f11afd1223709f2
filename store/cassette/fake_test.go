package cassette_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/store/cassette"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

func redactor(t *testing.T, fake bool, places ...string) *cassette.Redactor {
	t.Helper()
	r := &cassette.Redactor{Fake: fake}
	for _, text := range places {
		p, err := redact.ParsePlace(text)
		if err != nil {
			t.Fatal(err)
		}
		r.Places = append(r.Places, p)
	}
	return r
}

// faked returns what becomes of a JSON value.
func faked(t *testing.T, r *cassette.Redactor, value string) string {
	t.Helper()
	x := r.Redact(sample("evt_1", `{"v":`+value+`}`))
	body := string(x.Request.Body)
	return strings.TrimSuffix(strings.TrimPrefix(body, `{"v":`), "}")
}

func TestAFakeHasTheShapeOfItsValue(t *testing.T) {
	r := redactor(t, true, "json:/v")
	for value, want := range map[string]string{
		`"jane.doe+x@corp.co.uk"`:                `^"[a-z]{4}\.[a-z]{3}\+[a-z]@example\.com"$`,
		`"550E8400-E29B-41D4-A716-446655440000"`: `^"[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-A[0-9A-F]{3}-[0-9A-F]{12}"$`,
		`"1990-05-17"`:                           `^"(19|20)\d\d-(0[1-9]|1[0-2])-([01]\d|2[0-8])"$`,
		`"Zoë Öztürk"`:                           `^"[A-Z][a-z]{2} [A-Z][a-z]{5}"$`,
		`"+49 (30) 1234-5"`:                      `^"\+[1-9]\d \([1-9]\d\) [1-9]\d{3}-[1-9]"$`,
		`"203.0.113.9"`:                          `^"192\.0\.2\.\d{1,3}"$`,
		`"https://corp.test/u/7?a=b"`:            `^"https://example\.com/[a-z]/[1-9]\?[a-z]=[a-z]"$`,
		`1200.50`:                                `^[1-9]\d{3}\.\d\d$`,
		`-0.5e10`:                                `^-0\.\d[a-z]\d\d$`,
		`null`:                                   `^null$`,
		`true`:                                   `^false$`,
		`{"a":1}`:                                `^"\[redacted\]"$`,
		`""`:                                     `^""$`,
		`"2026-01-20T14:32:00.5+02:00"`:          `^"(19|20)\d\d-\d\d-\d\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d\+02:00"$`,
	} {
		got := faked(t, r, value)
		if !regexp.MustCompile(want).MatchString(got) || got == value && len(value) > 4 {
			t.Errorf("%s became %s, want %s", value, got, want)
		}
		if again := faked(t, r, value); again != got {
			t.Errorf("%s became %s, then %s", value, got, again)
		}
	}
	day := strings.Trim(faked(t, r, `"2026-01-20T14:32:00.5+02:00"`), `"`)
	if _, err := time.Parse(time.RFC3339Nano, day); err != nil {
		t.Error(err)
	}
}

func TestACardNumberStaysOne(t *testing.T) {
	r := redactor(t, true, "json:/v")
	for _, number := range []string{"4242 4242 4242 4242", "378282246310005", "5555-5555-5555-4444"} {
		got := strings.Trim(faked(t, r, `"`+number+`"`), `"`)
		sum, double := 0, false
		for i := len(got) - 1; i >= 0; i-- {
			if got[i] < '0' || got[i] > '9' {
				if got[i] != number[i] {
					t.Errorf("%s became %s", number, got)
				}
				continue
			}
			d := int(got[i] - '0')
			if double {
				if d *= 2; d > 9 {
					d -= 9
				}
			}
			sum, double = sum+d, !double
		}
		if sum%10 != 0 || len(got) != len(number) || got == number || got[0] != number[0] {
			t.Errorf("%s became %s", number, got)
		}
	}
}

func TestEqualValuesHaveEqualFakesAndOtherValuesOthers(t *testing.T) {
	r := redactor(t, true, "json:/v")
	seen := map[string]string{}
	for _, c := range "abcdefghij" {
		for _, d := range "abcdefghij" {
			value := `"` + string(c) + string(d) + `@corp.test"`
			got := faked(t, r, value)
			if seen[got] != "" {
				t.Fatalf("%s and %s became %s", seen[got], value, got)
			}
			seen[got] = value
		}
	}
	one := redactor(t, true, "json:/v")
	if a, b := faked(t, one, `"ab@corp.test"`), faked(t, redactor(t, true, "json:/v"), `"cd@corp.test"`); a != b {
		t.Error("a fake shows more of its value than the shape:", a, b)
	}
}

func TestARedactedWebhookIsWholeHTTP(t *testing.T) {
	x := sample("evt_1", `{"customer":{"email":"jane@corp.test"}}`)
	x.Masks = nil
	h := &x.Request.Header
	(*h)[1].Value = "Bearer sk_live_123"
	*h = append(*h, record.Field{Name: "content-length", Value: "39"})
	x.Request.Head = string(x.Request.AppendHead(nil))
	x.Response.Body = []byte(`{"customer":{"email":"jane@corp.test"}}`)
	for _, fake := range []bool{false, true} {
		r := redactor(t, fake, "json:/customer/email", "header:authorization", "json:/nothing")
		got := r.Redact(x)
		all := string(got.Request.AppendHead(nil)) + string(got.Request.Body) + string(got.Response.Body)
		if strings.Contains(all, "jane") || strings.Contains(all, "corp.test") || strings.Contains(all, "sk_live_123") {
			t.Error(all)
		}
		if !fake && (got.Request.Header.Get("Authorization") != cassette.Placeholder ||
			string(got.Request.Body) != `{"customer":{"email":"[redacted]"}}`) {
			t.Error(all)
		}
		if fake && !regexp.MustCompile(`\nAuthorization: Bearer [a-z]{2}_[a-z]{4}_\d{3}\r\n`).MatchString(all) {
			t.Error(all)
		}
		if !bytes.Equal(got.Request.Body, got.Response.Body) {
			t.Error("the answer has another fake:", all)
		}
		if n, _, err := got.Request.BodyFraming(); err != nil || n != int64(len(got.Request.Body)) {
			t.Error("Content-Length", n, err, all)
		}
		if !got.Request.IsAsItsHead() || len(got.Redacted) != 3 {
			t.Error(got.Redacted, all)
		}
		back, err := read(write(t, false, got))
		if err != nil || len(back[0].Redacted) != 3 {
			t.Error(back, err)
		}
	}
	if r := redactor(t, true, "json:/nothing"); r.Redact(x) != x {
		t.Error("a webhook without the place was changed")
	}
}
