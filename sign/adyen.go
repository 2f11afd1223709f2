package sign

import (
	"strconv"
	"strings"

	"github.com/barbhq/barb/sign/rawjson"
)

// adyen signs eight fields of each item of a notification and writes the signature into the item. Source:
// https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures and @adyen/api-library.
type adyen struct{}

const (
	adyenItems     = "notificationItems"
	adyenItem      = "NotificationRequestItem."
	adyenSignature = "additionalData.hmacSignature"
)

// adyenFields are the signed fields in their order. The second one is often empty.
var adyenFields = [...]string{
	"pspReference", "originalReference", "merchantAccountCode", "merchantReference", "amount.value", "amount.currency",
	"eventCode", "success",
}

func (adyen) formula() string { return strings.Join(adyenFields[:], ":") + " of each item" }

func (adyen) parts(s *Scheme, v *values, _ *reading) ([]part, error) {
	if n := rawjson.Times(v.m.Body, adyenItems); n > 1 {
		return nil, refuseTwice("json:" + adyenItems)
	}
	items := rawjson.Elements(v.m.Body, adyenItems)
	parts := make([]part, len(items))
	for i, item := range items {
		text, n := rawjson.Once(item, adyenItem+adyenSignature)
		if n > 1 {
			return nil, refuseTwice("json:" + adyenItem + adyenSignature)
		}
		sig, ok := s.decode(text)
		if n != 1 || !ok {
			return nil, refuse(MalformedSignature, "item "+strconv.Itoa(i+1)+" has no readable signature")
		}
		content, err := adyenContent(item)
		if err != nil {
			return nil, err
		}
		parts[i] = part{contents: [][]byte{content}, candidates: [][]byte{sig}}
	}
	return parts, nil
}

func (adyen) compose(_ *Scheme, v *values) ([][]byte, error) {
	items := rawjson.Elements(v.m.Body, adyenItems)
	if len(items) == 0 {
		return nil, refuse(MalformedBody, "the body has no "+adyenItems+" to sign")
	}
	contents := make([][]byte, len(items))
	for i, item := range items {
		var err error
		if contents[i], err = adyenContent(item); err != nil {
			return nil, err
		}
	}
	return contents, nil
}

func (adyen) finish(s *Scheme, v *values, _ *key, sigs [][]byte) ([]Field, error) {
	i := 0
	body, ok := rawjson.EditElements(v.m.Body, adyenItems, func(item []byte) ([]byte, bool) {
		i++
		return rawjson.SetText(item, adyenItem+adyenSignature, string(s.Enc.encode(nil, sigs[i-1])))
	})
	if !ok {
		return nil, refuse(MalformedBody, "an item has no place for its signature")
	}
	v.m.Body = body
	return s.tail(v, s.head(v)), nil
}

// adyenContent joins the fields with colons. Only the merchant's reference may hold a colon: otherwise several items
// could have the same content.
func adyenContent(item []byte) ([]byte, error) {
	values := make([]string, len(adyenFields))
	for i, name := range adyenFields {
		value, there, err := bodyField(item, adyenItem+name)
		switch {
		case err != nil:
			return nil, err
		case there && name != "merchantReference" && strings.Contains(value, ":"):
			return nil, refuse(MalformedField, "body field "+name+" contains a colon, which separates the signed parts")
		case there:
			values[i] = value
		}
	}
	return []byte(strings.Join(values, ":")), nil
}
