package sign_test

import (
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// elses are genuine messages of somebody else: another value where the message says whose it is.
var elses = map[string]struct{ param, name string }{
	"pubsub":  {"audience", "an audience"},
	"aws-sns": {"topic_arn", "a topic"},
	"fal":     {"user_id", "a user"},
	"paypal":  {"webhook_id", "a webhook"},
	"livekit": {"api_key", "a key"},
	"wise":    {"subscription_id", "a subscription"},
	"kick":    {"broadcaster", "a channel"},
}

func TestAMessageOfSomebodyElseIsRefused(t *testing.T) {
	for name, c := range elses {
		s := lookup(t, name)
		keys := newPair(s, 0)
		msg := newMessage(s)
		msg.Params[c.param], msg.Params["email"] = "theirs", "theirs"
		msg.Header.Del("X-Fal-Webhook-User-Id")
		if name == "wise" || name == "kick" {
			msg.Body = []byte(`{"subscription_id":"theirs","broadcaster":{"user_id":"theirs"}}`)
		}
		theirs := deliver(t, s, msg, keys.signing)
		expect(t, name+" as they see it", s, theirs, keys.verifying, "")
		for _, mine := range []string{"mine", "their", "theirs2", "THEIRS", "mine,yours"} {
			theirs.Params = params()
			theirs.Params[c.param] = mine
			expect(t, name+" as "+mine, s, theirs, keys.verifying, sign.WrongClaim, sign.SignatureMismatch)
		}
	}
}

// A value within the body cannot be read out of a stream.
func TestABodyThatNamesItsReceiverIsNoStream(t *testing.T) {
	for name, streams := range map[string]bool{"wise": false, "kick": false, "aws-sns": false,
		"stripe": true, "paypal": true} {
		if s := lookup(t, name); s.Streams() != streams {
			t.Errorf("%s streams: %v", name, s.Streams())
		}
	}
}

func TestOneOfSeveralNamesIsEnough(t *testing.T) {
	s := lookup(t, "aws-sns")
	keys := newPair(s, 0)
	m := deliver(t, s, newMessage(s), keys.signing)
	m.Params = map[string]string{"topic_arn": "arn:aws:sns:eu-west-1:1:other,arn:aws:sns:us-east-1:000000000000:barb"}
	expect(t, "the second", s, m, keys.verifying, "")
}

func TestWhatNamesTheReceiverMustBeGiven(t *testing.T) {
	for name, c := range elses {
		s := lookup(t, name)
		keys := newPair(s, 0)
		m := deliver(t, s, newMessage(s), keys.signing)
		optional := name == "wise" || name == "kick"
		without := params()
		delete(without, c.param)
		m.Params = without
		want := sign.MissingParam
		if optional {
			want = ""
		}
		expect(t, name, s, m, keys.verifying, want)
		err := s.CheckParams(without)
		if got := reasonOf(t, err); got != want {
			t.Errorf("%s: %v", name, err)
		}
		if optional != (s.Unbound(without) != "") || s.Unbound(map[string]string{c.param: "x"}) != "" {
			t.Errorf("%s: %q", name, s.Unbound(without))
		}
	}
	err := lookup(t, "pubsub").CheckParams(map[string]string{"audience": "x"})
	if err == nil || !strings.Contains(err.Error(),
		"any Google Cloud project can create a token for this audience; --param email=… names yours") {
		t.Error(err)
	}
}

// Google puts an address that nobody has proven into a token with email_verified false.
func TestAnEmailThatIsNotVerifiedNamesNobody(t *testing.T) {
	s := sign.Scheme{
		Name: "x", Auth: sign.HMAC, Hash: sign.SHA256, Enc: sign.Base64URL, Key: sign.Raw, Header: "Authorization",
		JWT: &sign.Claims{}, Bound: lookup(t, "pubsub").Bound,
	}
	for claims, want := range map[string]sign.Reason{
		`{"email":"a@b","email_verified":true}`:      "",
		`{"email":"a@b","email_verified":false}`:     sign.WrongClaim,
		`{"email":"a@b"}`:                            sign.WrongClaim,
		`{"email":"a@b","email_verified":"true"}`:    sign.WrongClaim,
		`{"email":["a@b"],"email_verified":true}`:    sign.WrongClaim,
		`{"sub":"a@b","email_verified":true}`:        sign.WrongClaim,
		`{"email":"evil@x","email_verified":true}`:   sign.WrongClaim,
		`{"email":"a@b.evil","email_verified":true}`: sign.WrongClaim,
		`{"email":"evil","x":"a@b"}`:                 sign.WrongClaim,
	} {
		m := sign.Message{
			Header: map[string][]string{"Authorization": {jwt(jwtKey, hs256, claims)}},
			Params: map[string]string{"email": "a@b"},
		}
		expect(t, claims, s, m, text(jwtKey), want)
	}
}

func TestSNSIsGoodForTheHourThatItRetriesFor(t *testing.T) {
	s := lookup(t, "aws-sns")
	keys := newPair(s, 0)
	m := deliver(t, s, newMessage(s), keys.signing)
	for age, want := range map[time.Duration]sign.Reason{
		0: "", time.Hour: "", 66 * time.Minute: sign.TimestampExpired, -4 * time.Minute: "",
		-6 * time.Minute:     sign.TimestampInFuture,
		24 * 365 * time.Hour: sign.TimestampExpired,
	} {
		match, err := s.Verify(m, at.Add(age), keys.verifying)
		if got := reasonOf(t, err); got != want || match.Age != age {
			t.Errorf("%v: %q, want %q; %+v", age, got, want, match)
		}
	}
	expect(t, "no time", s, setBody(m, strings.Replace(string(m.Body), `"Timestamp"`, `"x"`, 1)), keys.verifying,
		sign.MissingField)
}

// A key that the provider keeps signs for all of its customers, unless the row says otherwise.
func TestEveryRowSaysWhatBindsAMessageToItsReceiver(t *testing.T) {
	for _, s := range catalog.All() {
		symmetric := s.Auth == sign.HMAC || s.Auth == sign.Digest || s.Auth == sign.Token
		if s.BoundBy() == "" || !symmetric && s.Binds == "" {
			t.Errorf("%s does not say what binds a message to its receiver", s.Name)
		}
		if strings.HasPrefix(s.Binds, "nothing") && s.Unbound(nil) == "" {
			t.Errorf("%s binds nothing and does not warn", s.Name)
		}
		for _, b := range s.Bound {
			if b.Else == "" || !b.Optional && !strings.Contains(s.Binds, b.Param) {
				t.Errorf("%s: %s is not explained", s.Name, b.Param)
			}
		}
		if s.JWT != nil && s.JWT.AudienceParam != "" && !strings.Contains(s.Binds, s.JWT.AudienceParam) {
			t.Errorf("%s: the audience is not named", s.Name)
		}
	}
}
