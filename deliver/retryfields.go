package deliver

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/store/record"
)

// FieldForm is a field of a request whose value may have placeholders in braces.
//
// A field of retries may have {retry}, the number of the retry from 1; {reason}, the word of Reasons for how the
// attempt before ended; and {first}, when the delivery began (RFC 3339). A field of every request of a Provider may
// have {id}, the webhook id; {event}, the event type; {time}, when the delivery began; and {uuid}, a new one.
type FieldForm struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Reasons are a provider's words for how an attempt can end; Other stands for those without a word.
type Reasons struct {
	HTTP     string `json:"http,omitempty"`     // an answer that is not 2xx
	Redirect string `json:"redirect,omitempty"` // 3xx; "" is HTTP
	Timeout  string `json:"timeout,omitempty"`
	Connect  string `json:"connect,omitempty"` // no connection
	TLS      string `json:"tls,omitempty"`
	Other    string `json:"other,omitempty"`
}

// of returns the word for how an attempt ended; x is nil when that is unknown.
func (r Reasons) of(x *record.Exchange) string {
	word := ""
	switch {
	case x == nil:
	case x.Status()/100 == 3:
		word = cmp.Or(r.Redirect, r.HTTP)
	case x.Status() != 0:
		word = r.HTTP
	case x.Err == nil:
	case x.Err.Kind == record.FailTLS:
		word = r.TLS
	case x.Err.Kind == record.FailTimeout:
		word = r.Timeout
	case isUnconnected(x.Err):
		word = r.Connect
	}
	return cmp.Or(word, r.Other)
}

// announce adds the policy's fields to the request of a retry, attempt n, before it is signed.
func (d *delivery) announce(r *record.Request, n int) {
	if len(d.Policy.RetryFields) == 0 {
		return
	}
	fill := strings.NewReplacer("{retry}", strconv.Itoa(n-1), "{reason}", d.Policy.Reasons.of(d.last), "{first}",
		d.begun.UTC().Format(time.RFC3339))
	for _, f := range d.Policy.RetryFields {
		r.Header = r.Header.Set(f.Name, fill.Replace(f.Value))
	}
}
