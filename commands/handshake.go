package commands

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/handshake"
	"github.com/barbhq/barb/store/record"
)

// The values of --handshake besides names.
const (
	byScheme = "scheme"
	allOf    = "all"
	noneOf   = "off"
)

// handshakeValue is --handshake. Its zero value is byScheme.
type handshakeValue struct {
	mode  string
	names []string
}

func (v *handshakeValue) String() string {
	switch {
	case v.mode == "":
		return byScheme
	case len(v.names) > 0:
		return strings.Join(v.names, ",")
	}
	return v.mode
}

func (v *handshakeValue) Type() string { return "string" }

// Set reads scheme, all, off, or names with commas between them.
func (v *handshakeValue) Set(s string) error {
	*v = handshakeValue{mode: s}
	if s == byScheme || s == allOf || s == noneOf {
		return nil
	}
	for name := range strings.SplitSeq(s, ",") {
		if _, ok := handshake.Lookup(name); !ok {
			return fmt.Errorf("%q is none of scheme, all, off, %s", name, strings.Join(handshakeNames(), ", "))
		}
		v.names = append(v.names, name)
	}
	return nil
}

func handshakeNames() []string {
	var names []string
	for _, h := range handshake.All() {
		names = append(names, h.Name)
	}
	slices.Sort(names)
	return names
}

func completeHandshakes(string) []string {
	values := []string{byScheme + "\tthat of the scheme in use", allOf + "\twhatever looks like one", noneOf + "\tnone"}
	for _, h := range handshake.All() {
		values = append(values, h.Name+"\t"+h.Title)
	}
	return values
}

// listenArgs takes no arguments. A flag whose value may be left out takes it behind an = only, which is easily forgotten.
func listenArgs(cmd *cobra.Command, given []string) error {
	if len(given) > 0 && cmd.Flag("handshake").Changed && new(handshakeValue).Set(given[0]) == nil {
		return fail.Usage("--handshake takes its value behind an =").Hint("--handshake=" + given[0])
	}
	return args(0, 0, "no arguments")(cmd, given)
}

// greeter finds the handshakes that a lane answers.
type greeter struct {
	off    bool
	names  []string // none: those that are unmistakable
	params map[string]string
}

func newGreeter(value handshakeValue, v *verifier.Verifier, flags *schemeFlags, r *route.Route) (g greeter, err error) {
	if g.params, err = flags.paramMap(r); err != nil {
		return g, err
	}
	switch {
	case len(value.names) > 0:
		g.names = value.names
	case value.mode == allOf:
		g.names = handshakeNames()
	case value.mode == noneOf:
		g.off = true
	case v != nil && !v.Auto:
		g.off, g.names = v.Scheme.Handshake == "", []string{v.Scheme.Handshake}
	}
	return g, nil
}

// find returns the handshake that a message is. Its URL is the one that arrived.
func (g *greeter) find(m sign.Message) (handshake.Handshake, bool) {
	if g.off {
		return handshake.Handshake{}, false
	}
	return handshake.Find(m, g.names...)
}

// recognise returns the handshake that the request looks like, and the lane that answers it.
func (h *hook) recognise() (*lane, handshake.Handshake, bool) {
	m := messageOf(&h.x.Request)
	for _, group := range h.guards() {
		for _, l := range group {
			if found, ok := l.greeter.find(m); ok {
				return l, found, true
			}
		}
	}
	return nil, handshake.Handshake{}, false
}

// checkHandshake checks a request that is a handshake, and reports false for any other.
func (h *hook) checkHandshake(now time.Time) (found listen.Checked, ok bool) {
	g, r := h.g, &h.x.Request
	l, greeting, ok := h.recognise()
	if !ok {
		return found, false
	}
	switch found.Scheme = l.schemeOf(greeting); {
	case greeting.Steps[0].Signed:
		found = g.settle(func() (listen.Checked, []*pinning) {
			judged := g.judge([]*lane{l}, r, now)
			if _, err := l.answer(greeting, asked(r, l.greeter.params)); err != nil {
				judged.pin = nil // it is going to be refused
			}
			return judged.Checked, []*pinning{judged.pin}
		})
	case l.Checks() && g.isWebhook(l, greeting, r, now):
		return found, false
	}
	h.greeter, h.greeting = l, greeting
	found.EventType, found.Handshake, found.Uncounted = "", greeting.Name, true
	return found, true
}

// isWebhook reports whether what looks like an unsigned handshake is signed as a webhook of another provider: its URL or its
// body then happens to hold what the handshake is known by. A token signs nothing, and Okta's comes with its handshake too,
// which is a GET.
func (g *gateway) isWebhook(l *lane, h handshake.Handshake, r *record.Request, now time.Time) bool {
	found := g.judge([]*lane{l}, r, now)
	scheme, _ := g.file.catalog().Lookup(found.Scheme)
	token := scheme.Auth == sign.Token && r.Method != http.MethodPost
	return found.Verdict.Status == record.Valid && scheme.Handshake != h.Name && !token
}

// schemeOf is the scheme of the webhooks that follow a handshake, "" when it is not known.
func (l *lane) schemeOf(h handshake.Handshake) string {
	if v := l.verifier.Load(); v != nil && !v.Auto && v.Scheme.Handshake == h.Name {
		return v.Scheme.Name
	}
	scheme, _ := catalog.Lookup(h.Name)
	return scheme.Name
}

// plainEvent keeps a stranger's event type from passing for a handshake in filters and JSON.
func plainEvent(event string) string {
	if strings.HasPrefix(event, handshakeEvent) {
		return notOurs + event
	}
	return event
}

const handshakeEvent, notOurs = "handshake:", "event:"

// eventToSend is the event type as a header may carry it when it is replayed: one that plainEvent changed is what it was.
func eventToSend(event string) string {
	if strings.HasPrefix(event, notOurs+handshakeEvent) {
		return event[len(notOurs):]
	}
	return event
}

// asked is a request as handshakes are found in it.
func asked(r *record.Request, params map[string]string) sign.Message {
	return sign.Message{Method: r.Method, URL: r.URL, Header: r.Header.HTTP(), Body: r.Body, Params: params}
}

// greet answers a handshake. Its signature, where it has one, was found valid or not checked.
func (h *hook) greet() *record.Response {
	g, x, l, greeting := h.g, h.x, h.greeter, h.greeting
	m := asked(&x.Request, l.greeter.params)
	reply, err := l.answer(greeting, m)
	if err != nil {
		g.tellRefused(l, x.ID, greeting, err)
		return responseOf(reply)
	}
	if secret, ok := greeting.Learnt(m); ok {
		if sent := g.fromPage(&x.Request); sent != "" {
			g.note("warning: %d handshake %s refused: a web page may have sent it (%s), and a page brings no secret", x.ID, greeting.Name, sent)
			return textAnswer(http.StatusForbidden, "handshake refused\n")
		}
		if err := g.learn(l, x.ID, greeting, secret); err != nil {
			g.note("warning: %d handshake %s: the secret could not be kept: %v", x.ID, greeting.Name, err)
			return textAnswer(http.StatusInternalServerError, "handshake refused\n")
		}
	}
	g.advise(x, greeting, m)
	return responseOf(reply)
}

func responseOf(r handshake.Reply) *record.Response {
	response := &record.Response{Status: r.Status, Body: r.Body}
	for _, f := range r.Fields {
		response.Header = append(response.Header, record.Field(f))
	}
	return response
}

// answer answers a handshake with the secrets of the lane. They count as the provider's own only where its scheme is named:
// under auto, or without a scheme, they may be another's.
func (l *lane) answer(h handshake.Handshake, m sign.Message) (handshake.Reply, error) {
	v := l.verifier.Load()
	if v == nil || v.Auto {
		return h.Answer(m, sign.Scheme{})
	}
	return h.Answer(m, v.Scheme, v.Secrets...)
}

// tellRefused says why a handshake was not answered. That the scheme must be named is said once, since strangers may ask
// for a proof as often as they like.
func (g *gateway) tellRefused(l *lane, id int64, h handshake.Handshake, err error) {
	hint := ""
	if e, ok := errors.AsType[*sign.Error](err); ok && e.Reason == sign.EmptySecret {
		if _, told := l.told.LoadOrStore("handshake "+h.Name, true); told {
			return
		}
		hint = "; barb listen " + l.flagFor(h) + " --secret env:NAME"
	}
	g.note("%d handshake %s refused: %v%s", id, h.Name, detailOf(err), hint)
}

// advise says what is left to be done, and what was not looked at.
func (g *gateway) advise(x *record.Exchange, h handshake.Handshake, m sign.Message) {
	for _, param := range h.Unagreed(m.Params) {
		g.suggest("%d handshake %s: any %s is accepted; --param %s=… accepts yours only", x.ID, h.Name, param, param)
	}
	host, genuine := h.ConfirmAt(m)
	switch {
	case host == "":
	case !genuine:
		g.note("warning: %d handshake %s wants %s opened, which is not %s's: do not", x.ID, h.Name, ui.Clip(host, 80), h.Title)
	case x.Verdict.Status != record.Valid:
		g.suggest("%d handshake %s wants %s opened; its signature was not checked: barb listen -s %s --secret file:PATH", x.ID, h.Name, host, h.Name)
	default:
		g.suggest(`%d handshake %s: confirm it at %s with  curl "$(barb show %d --json --jq '.request_body|fromjson|.SubscribeURL')"`, x.ID, h.Name, host, x.ID)
	}
}

// suggest is note for what a person may do and a script need not hear.
func (g *gateway) suggest(format string, args ...any) {
	if !g.quiet {
		g.note(format, args...)
	}
}

// flagFor is how a listener is told to expect a handshake: by the scheme that checks with what it brings, where there is one.
func (l *lane) flagFor(h handshake.Handshake) string {
	if scheme := l.schemeOf(h); scheme != "" {
		return "-s " + scheme
	}
	return "--handshake=" + h.Name
}

// learnsSecret reports whether the handshake of a scheme brings its secret.
func learnsSecret(s sign.Scheme) bool {
	h, _ := handshake.Lookup(s.Handshake)
	return slices.ContainsFunc(h.Steps, func(s handshake.Step) bool { return s.Learns != "" })
}
