package schema

import (
	"time"

	"github.com/barbhq/barb/sign"
)

// Signed is a signed payload, as barb sign prints it. Its fields are in the order of their names.
type Signed struct {
	Body      []byte            `json:"body_base64,omitempty"` // only if the signature is in the body
	Headers   map[string]string `json:"headers"`
	Schema    int               `json:"schema"`
	Scheme    string            `json:"scheme"`
	Timestamp string            `json:"timestamp"`     // RFC 3339, to the second
	URL       string            `json:"url,omitempty"` // only if the signature is in the URL
	WebhookID string            `json:"webhook_id,omitempty"`
}

// NewSigned returns a message that was signed at a time.
func NewSigned(scheme string, s *sign.Signed, id string, at time.Time) Signed {
	out := Signed{Body: s.Body, Headers: map[string]string{}, Schema: 1, Scheme: scheme,
		Timestamp: at.UTC().Format(time.RFC3339), URL: s.URL, WebhookID: id}
	for _, f := range s.Fields {
		out.Headers[f.Name] = f.Value
	}
	return out
}
