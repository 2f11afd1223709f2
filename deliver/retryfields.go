package deliver

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/store/record"
)

// FieldForm is a field of a request whose value may have parts that are filled in, in braces.
//
// In those that only retries carry {retry} stands for the number of the retry from 1, {reason} for the word of the
// policy's Reasons for how the attempt before it ended, and {first} for when the delivery began (RFC 3339). In those of
// every request of a Provider {id} stands for the webhook id, {event} for the event type, {time} for when the delivery
// began and {uuid} for a new one.
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

// of returns the word for how an attempt ended; x is nil when that is not known.
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

// announce puts the policy's fields into the request of attempt n, which is not the first. They come before the
// signature.
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
