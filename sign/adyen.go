package sign

import (
	"strconv"
	"strings"
)

// adyen signs seven fields of each item of a notification; the signature stands inside the item. Source:
// https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures and @adyen/api-library.
type adyen struct{}

const (
	adyenItems     = "notificationItems"
	adyenItem      = "NotificationRequestItem."
	adyenSignature = "additionalData.hmacSignature"
)

// adyenFields are what is signed, in this order. The second is often empty.
var adyenFields = [...]string{
	"pspReference", "originalReference", "merchantAccountCode", "merchantReference", "amount.value", "amount.currency", "eventCode", "success",
}

func (adyen) formula() string { return strings.Join(adyenFields[:], ":") + " of each item" }

// coversBody: what a payment is about is signed, what else an item says is not.
func (adyen) coversBody() bool { return true }

func (adyen) parts(s *Scheme, v *values, _ *reading) ([]part, error) {
	n := jsonLen(v.m.Body, adyenItems)
	parts := make([]part, n)
	for i := range parts {
		at := adyenAt(i)
		text, _ := jsonAt(v.m.Body, at+adyenSignature)
		sig, ok := s.decode(text)
		if !ok {
			return nil, refuse(MalformedSignature, "item "+strconv.Itoa(i+1)+" has no signature that can be read")
		}
		parts[i] = part{contents: [][]byte{adyenContent(v.m.Body, at)}, candidates: [][]byte{sig}}
	}
	return parts, nil
}

func (adyen) compose(_ *Scheme, v *values) ([][]byte, error) {
	n := jsonLen(v.m.Body, adyenItems)
	if n == 0 {
		return nil, refuse(MalformedBody, "the body has no "+adyenItems+" to sign")
	}
	contents := make([][]byte, n)
	for i := range contents {
		contents[i] = adyenContent(v.m.Body, adyenAt(i))
	}
	return contents, nil
}

func (adyen) finish(s *Scheme, v *values, _ *key, sigs [][]byte) ([]Field, error) {
	for i, sig := range sigs {
		if err := Place("json:"+adyenAt(i)+adyenSignature).write(v.m, string(s.Enc.encode(nil, sig))); err != nil {
			return nil, err
		}
	}
	return s.tail(v, s.head(v)), nil
}

// adyenAt is the path of an item.
func adyenAt(i int) string { return adyenItems + "." + strconv.Itoa(i) + "." + adyenItem }

func adyenContent(body []byte, at string) []byte {
	values := make([]string, len(adyenFields))
	for i, name := range adyenFields {
		values[i], _ = jsonAt(body, at+name)
	}
	return []byte(strings.Join(values, ":"))
}
