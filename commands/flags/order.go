package flags

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store/body"
	"github.com/barbhq/barb/store/record"
)

// Order says which queued webhooks are delivered one after another: all of a route, those with the same key, or none.
type Order struct {
	By   string
	key  *jq.Expr // the expression of By; nil for another order
	name string   // of the header field of By; "" for another order
}

// wholeRoute is the order of all webhooks of a route.
const wholeRoute = "route"

// String returns the order as --ordered takes it.
func (v *Order) String() string { return v.By }

// Type is the word for a value in the help, as pflag asks for it.
func (v *Order) Type() string { return "order" }

// Set reads an order.
func (v *Order) Set(s string) (err error) {
	switch name, isHeader := strings.CutPrefix(s, "header:"); {
	case s == "false" || s == "off":
		*v = Order{By: "false"}
	case s == "true" || s == wholeRoute:
		*v = Order{By: wholeRoute}
	case isHeader && record.CheckField(record.Field{Name: name}) == nil:
		*v = Order{By: s, name: name}
	case strings.HasPrefix(s, "."):
		*v = Order{By: s}
		v.key, err = jq.Compile(s)
	default:
		err = fmt.Errorf("invalid %q: choose route, false, header:NAME or a jq expression such as .customer", s)
	}
	return err
}

// keyTimeout bounds how long the key of a webhook is looked for.
const keyTimeout = time.Second

// MaxOrder is how many bytes of a key are used, since a stranger chooses it.
const MaxOrder = 200

// Of returns the order that a webhook of a route belongs to, "" when it needs none. Webhooks without a key share one.
func (v *Order) Of(route string, r *record.Request) string {
	key, ordered := v.KeyFor(r)
	if !ordered {
		return ""
	}
	return "route " + route + " key " + key
}

// KeyFor returns the key of a request, and whether it waits for others of the same key at all.
func (v *Order) KeyFor(r *record.Request) (key string, ordered bool) {
	switch {
	case v.By == "false":
		return "", false
	case v.name != "":
		key = r.Header.Get(v.name)
	case v.key != nil:
		key = v.keyOf(r)
	}
	return key[:min(len(key), MaxOrder)], true
}

// keyOf returns what the expression yields for the parsed body or, where that is nothing, for the object that every
// expression sees, so that .customer and .body.customer are the same. It is "" where neither has a key.
func (v *Order) keyOf(r *record.Request) (key string) {
	ctx, cancel := context.WithTimeout(context.Background(), keyTimeout)
	defer cancel()
	first := func(out any) error {
		if out != nil && key == "" {
			key = fmt.Sprint(out)
		}
		return nil
	}
	c, err := body.Open(r.Header, r.Body)
	if err != nil {
		return ""
	}
	value, err := c.Value()
	if err != nil {
		return ""
	}
	if value != nil && v.key.Run(ctx, value, first) == nil && key != "" {
		return key
	}
	key = ""
	if v.key.NeedsBodies() {
		x := &record.Exchange{Kind: record.Received, Attempt: 1, Request: *r}
		if v.key.RunOn(ctx, jq.Subject{Exchange: x}, first) != nil {
			return ""
		}
	}
	return key
}
