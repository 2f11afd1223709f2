package catalog_test

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// A provider's scheme is a row of the catalogue: look it up and verify.
func ExampleLookup() {
	stripe, ok := catalog.Lookup("stripe")
	if !ok {
		return
	}
	fmt.Println(stripe.Formula())
	fmt.Println(stripe.Header)
	fmt.Println(stripe.SecretForm(false))
	// Output:
	// HMAC-SHA256 hex of {ts}.{body}
	// Stripe-Signature
	// text as it was issued, as in 8f742231b10e8888abcd99yyyzzz85a5
}

// A user's own scheme stands beside those of the catalogue, and a message shows which of them it may be signed with.
func ExampleSet_Detect() {
	shop := sign.Scheme{
		Name: "shop", Title: "Our shop",
		Auth: sign.HMAC, Hash: sign.SHA256, Enc: sign.Hex, Key: sign.Raw,
		Content: "{ts}.{body}", Header: "X-Shop-Signature", Prefix: "sha256=",
		Time: sign.Timestamp{In: "header:X-Shop-Time", Unit: sign.Seconds}, Tolerance: sign.Both(5 * time.Minute),
	}
	if err := catalog.Validate(shop); err != nil {
		fmt.Println(err)
	}
	schemes := &catalog.Set{Own: []sign.Scheme{shop}}

	secret := sign.Secret{Name: "env:SHOP_SECRET", Key: []byte("a secret that only the two of us know")}
	now := time.Unix(1700000000, 0)
	m := sign.Message{Method: "POST", Header: http.Header{}, Body: []byte(`{"order":1}`), Time: now}
	signed, err := shop.Sign(m, secret)
	if err != nil {
		fmt.Println(err)
	}
	for _, f := range signed.Fields {
		m.Header.Set(f.Name, f.Value)
	}

	for _, s := range schemes.Detect(m) {
		_, err := s.Verify(m, now.Add(10*time.Minute), secret)
		refusal, _ := errors.AsType[*sign.Error](err)
		fmt.Println(s.Name, refusal.Reason)
	}
	// Output: shop timestamp_expired
}
