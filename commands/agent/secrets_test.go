package agent

import (
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
)

// A short secret, as people choose for tests, is a part of ids and of ordinary words. An agent needs those as they are.
func TestAShortSecretLeavesIDsReadable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ secret, text string }{
		{"whsec_test", "msg_test_1"}, {"whsec_test", `{"type":"test","test":1}`},
		{"whsec_test", "http://127.0.0.1:4242/test"},
		{"whsec_testtest", "msg_testtest_1"}, {"test", "msg_test_1"}, {"test", "cus-test"}, {"test", "invoice.test"},
		{"test", "test.paid"}, {"test", "latest"}, {"test", "tests"}, {"test", "testé"}, {"testtest", "evt_testtest"},
		{"customer", "customer.created"}, {"event", "event_type"}, {"abc", "abc"},
	} {
		a := &agent{}
		a.learn(sign.Secret{Name: "env:WHSEC", Key: []byte(c.secret)})
		if got := a.scrub(c.text); got != c.text {
			t.Errorf("with the secret %s, %q is shown as %q", c.secret, c.text, got)
		}
	}
}

func TestASecretIsHiddenHoweverShort(t *testing.T) {
	t.Parallel()
	const long = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	for _, c := range []struct{ secret, text, want string }{
		{"test", "test", "*"}, {"test", "is test.", "is *."}, {"test", "token=test&x=1", "token=*&x=1"},
		{"test", "test test,latest", "* *,latest"}, {"test", "http://me:test@h/", "http://me:*@h/"},
		{"test", `{"a":"x\ntest"}`, `{"a":"x\n*"}`}, {"test", `"\u0020test"`, `"\u0020*"`}, {"test", "a=%20test", "a=%20*"},
		{"test", "\xfftest", "\xff*"}, {"test", "dGVzdA== 74657374", "* *"},
		{"whsec_test", "whsec_test, msg_whsec_test", "*, msg_whsec_test"}, {"whsec_testtest", "testtest", "*"},
		{long, "x" + long + "x", "x*x"}, {long, "x" + long[len("whsec_"):] + "x", "x*x"},
	} {
		a := &agent{}
		a.learn(sign.Secret{Name: "env:WHSEC", Key: []byte(c.secret)})
		if got := strings.ReplaceAll(a.scrub(c.text), "[hidden env:WHSEC]", "*"); got != c.want {
			t.Errorf("with the secret %s, %q is shown as %q", c.secret, c.text, got)
		}
	}
}

// The names of a result are barb's own.
func TestASecretRenamesNothingInAResult(t *testing.T) {
	t.Parallel()
	a := &agent{}
	a.learn(sign.Secret{Name: "env:WHSEC", Key: []byte("secret")})
	got, err := newCleaner(a.scrub).raw([]byte(`{"secret":"secret","body":{"secret":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	top := got.(map[string]any)
	if _, kept := top["body"].(map[string]any)["secret"]; kept || top["secret"] != "[hidden env:WHSEC]" {
		t.Errorf("%v", got)
	}
}
