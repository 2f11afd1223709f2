package sign_test

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// A receiver verifies a webhook with its secret and its own clock. The error of a forged one names the reason.
func ExampleScheme_Verify() {
	github, _ := catalog.Lookup("github")
	secret := sign.Secret{Name: "env:GITHUB_SECRET", Key: []byte("It's a Secret to Everybody")}
	m := sign.Message{
		Header: http.Header{"X-Hub-Signature-256": {
			"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}},
		Body: []byte("Hello, World!"),
	}

	match, err := github.Verify(m, time.Now(), secret)
	fmt.Println(match.SecretName, err)

	m.Body = []byte("Hello, Mallory!")
	_, err = github.Verify(m, time.Now(), secret)
	if refusal, ok := errors.AsType[*sign.Error](err); ok {
		fmt.Println(refusal.Reason)
	}
	// Output:
	// env:GITHUB_SECRET <nil>
	// signature_mismatch
}

// A sender signs what it sends: the fields belong into the request's header.
func ExampleScheme_Sign() {
	scheme, _ := catalog.Lookup("standard-webhooks")
	secret := sign.Secret{Name: "env:WHSEC", Key: []byte("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")}
	signed, err := scheme.Sign(sign.Message{
		ID: "msg_p5jXN8AQM9LWM0D4loKWxJek", Time: time.Unix(1614265330, 0), Body: []byte(`{"test": 2432232314}`),
	}, secret)
	if err != nil {
		fmt.Println(err)
	}
	for _, f := range signed.Fields {
		fmt.Printf("%s: %s\n", f.Name, f.Value)
	}
	// Output:
	// webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek
	// webhook-timestamp: 1614265330
	// webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
}

// During a rotation a message carries a signature of the old and of the new secret, and either one verifies it.
func ExampleScheme_Rotates() {
	stripe, _ := catalog.Lookup("stripe")
	old, fresh := sign.Secret{Name: "old", Key: []byte("whsec_old")}, sign.Secret{Name: "new", Key: []byte("whsec_new")}
	now := time.Unix(1700000000, 0)
	m := sign.Message{Header: http.Header{}, Body: []byte(`{"id":"evt_1"}`), Time: now}
	signed, err := stripe.Sign(m, old, fresh)
	if err != nil {
		fmt.Println(err)
	}
	for _, f := range signed.Fields {
		m.Header.Set(f.Name, f.Value)
	}

	match, err := stripe.Verify(m, now.Add(time.Minute), fresh)
	fmt.Println(stripe.Rotates(), match.SecretName, match.Age, err)
	// Output: true new 1m0s <nil>
}
