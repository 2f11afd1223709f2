package sign

import (
	"strings"

	"github.com/barbhq/barb/sign/field"
)

// mercadoPago signs the id in the URL's query, the request id and the time, without absent parts. The body is not
// signed. Source: https://www.mercadopago.com/developers/en/docs/your-integrations/notifications/webhooks and the
// mercadopago package for Node.
type mercadoPago struct{}

func (mercadoPago) formula() string {
	return "id:{data.id of the URL};request-id:{id};ts:{ts}; without the parts that are not there"
}

func (mercadoPago) parts(_ *Scheme, v *values, r *reading) ([]part, error) {
	id, _ := field.Header(v.m.Header, "X-Request-Id")
	content, err := mercadoPagoContent(v, id)
	return onePart(r, content), err
}

func (mercadoPago) compose(_ *Scheme, v *values) ([][]byte, error) {
	id := v.id
	if id == "" {
		id, _ = field.Header(v.m.Header, "X-Request-Id")
	}
	content, err := mercadoPagoContent(v, id)
	return [][]byte{content}, err
}

func mercadoPagoContent(v *values, requestID string) ([]byte, error) {
	var out []byte
	_, query, _ := field.SplitURL(v.m.URL)
	id, n := field.Form(query, "data.id")
	switch {
	case n > 1:
		return nil, refuseTwice("query:data.id")
	case strings.Contains(id+requestID, ";"):
		return nil, refuse(MalformedID, "an id contains a semicolon, which separates the signed parts")
	case id != "":
		out = append(out, "id:"+strings.ToLower(id)+";"...)
	}
	if requestID != "" {
		out = append(out, "request-id:"+requestID+";"...)
	}
	return append(out, "ts:"+v.time+";"...), nil
}
