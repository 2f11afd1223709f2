package sign

import "strings"

// mercadoPago signs the id in the URL's query, the request id and the time; a part that is not there is left out. The body
// is not signed. Source: https://www.mercadopago.com/developers/en/docs/your-integrations/notifications/webhooks and the
// mercadopago package for Node.
type mercadoPago struct{}

func (mercadoPago) formula() string {
	return "id:{data.id of the URL};request-id:{id};ts:{ts}; without the parts that are not there"
}

func (mercadoPago) coversBody() bool { return false }

func (mercadoPago) parts(_ *Scheme, v *values, r *reading) ([]part, error) {
	id, _ := headerValue(v.m.Header, "X-Request-Id")
	return onePart(r, mercadoPagoContent(v, id)), nil
}

func (mercadoPago) compose(_ *Scheme, v *values) ([][]byte, error) {
	id := v.id
	if id == "" {
		id, _ = headerValue(v.m.Header, "X-Request-Id")
	}
	return [][]byte{mercadoPagoContent(v, id)}, nil
}

func mercadoPagoContent(v *values, requestID string) []byte {
	var out []byte
	_, query, _ := splitURL(v.m.URL)
	if id, _ := formValue(query, "data.id"); id != "" {
		out = append(out, "id:"+strings.ToLower(id)+";"...)
	}
	if requestID != "" {
		out = append(out, "request-id:"+requestID+";"...)
	}
	return append(out, "ts:"+v.time+";"...)
}
