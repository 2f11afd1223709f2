package commands

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// signer signs what a command sends. Without a scheme it gives each delivery an id and signs nothing.
type signer struct {
	scheme  sign.Scheme
	secrets []sign.Secret
	params  map[string]string
	refs    []string         // where the secrets are
	keeping *redact.Redactor // nil: there are no secrets
	signs   bool
	uuids   bool   // new webhook ids are UUIDs
	idField string // of the webhook id where nothing is signed, "" for none
}

// signer makes the signer of the flags, with the secret of the route that covers the request.
func (sh *shell) signer(ctx context.Context, f *schemeFlags, r *record.Request) (*signer, error) {
	file, err := sh.configuration()
	if err != nil {
		return nil, err
	}
	file.rename(&f.scheme)
	route := file.routeOf(f.scheme, urlPath(r.URL))
	name := f.scheme
	if name == "" && route != nil {
		name = route.Scheme
	}
	if f.scheme == "auto" && sh.settings["scheme"] == "flag" {
		return nil, fail.Usage("-s auto finds the scheme of what came; what should this be signed with?").Hint("-s github, -s stripe …; barb schemes lists them")
	}
	if name == "" || name == "auto" {
		if _, err := f.paramMap(route); err != nil {
			return nil, err
		}
		if len(f.secrets) > 0 {
			return nil, fail.Usage("--secret without --scheme: what should it sign with?").Hint("-s github, -s stripe, -s standard-webhooks …; barb schemes lists them")
		}
		return &signer{}, nil
	}
	s := &signer{signs: true}
	if s.scheme, err = file.lookupScheme(name); err != nil {
		return nil, err
	}
	if s.params, err = f.paramMap(route); err != nil {
		return nil, err
	}
	if s.scheme, err = s.scheme.WithParams(s.params); err != nil {
		return nil, err
	}
	s.refs = sh.secretRefs(f.secrets, route)
	if s.secrets, err = sh.schemeSecrets(ctx, s.scheme, f.secrets, route, true); err == nil {
		s.keeping = file.redactor(s.secrets)
	}
	return s, err
}

// redactorOf makes what the history keeps of what is signed.
func (s *signer) redactorOf(file *configFile) *redact.Redactor {
	if s.keeping == nil {
		return file.redactor(nil)
	}
	return s.keeping
}

// schemeSecrets resolves the secrets for a scheme and checks that it can use them, before anything starts.
func (sh *shell) schemeSecrets(ctx context.Context, scheme sign.Scheme, flags []string, r *route, signing bool) ([]sign.Secret, error) {
	refs := sh.secretRefs(flags, r)
	if len(refs) == 0 {
		return nil, fail.Usage("scheme %s needs a secret", scheme.Name).Hint(referenceHelp)
	}
	secrets, err := sh.secrets(ctx, refs)
	if err != nil {
		return nil, err
	}
	for _, secret := range secrets {
		if err := scheme.CheckSecret(secret, signing); err != nil {
			if scheme.Code == sign.RFC9421 && secret.Kind() == sign.UnknownKey {
				return nil, sh.unknownAlgorithm(err, scheme.Name, r)
			}
			return nil, fail.Usage("%w", detailOf(err)).Hintf("barb schemes %s", scheme.Name)
		}
		if scheme.WeakSecret(secret) {
			sh.warn("secret %s is shorter than 16 bytes: it can be guessed", secret.Name)
		}
	}
	return secrets, nil
}

// detailOf is what a refusal says to people, without the name of its reason.
func detailOf(err error) error {
	if e, ok := errors.AsType[*sign.Error](err); ok && e.Detail != "" {
		return errors.New(e.Detail)
	}
	return err
}

// message is a request as sign takes it. Few schemes sign other headers, and a map of them is half of what signing costs.
func (s *signer) message(x *record.Exchange, now time.Time, r *record.Request) sign.Message {
	m := sign.Message{ID: x.WebhookID, Event: x.EventType, Time: now, Method: r.Method, URL: r.URL, Body: r.Body, Params: s.params}
	if s.scheme.Code != "" || s.scheme.Nonce != "" || strings.Contains(s.scheme.Content, "{header.") {
		m.Header = r.Header.HTTP()
	}
	return m
}

// describe gives the exchange the names it goes by: scheme, webhook id and event type, from the flags, else from the
// payload, where the scheme says they stand; an id that is nowhere is made.
func (s *signer) describe(x *record.Exchange) {
	s.name(x)
	if x.WebhookID == "" {
		x.WebhookID = s.newID()
	}
}

// name is describe that makes no id.
func (s *signer) name(x *record.Exchange) {
	if s.signs {
		m := s.message(x, time.Time{}, &x.Request)
		m.Header = x.Request.Header.HTTP()
		x.Scheme = s.scheme.Name
		x.Verdict = record.Verdict{Status: record.Valid, Version: s.scheme.Version(), Secret: s.secrets[0].Name} // it is made, not found
		if x.WebhookID == "" {
			x.WebhookID = s.scheme.ID(m)
		}
		if x.EventType == "" {
			x.EventType = s.scheme.Event(m)
		}
	}
}

func (s *signer) newID() string {
	if s.uuids {
		return uuid.Must(uuid.NewV7()).String()
	}
	return newWebhookID()
}

// sign signs the exchange's request as it stands.
func (s *signer) sign(x *record.Exchange, now time.Time) error {
	x.Request.Header = slices.Clone(x.Request.Header)
	return s.signRequest(x, now, &x.Request)
}

// try signs a copy, so that a secret or a payload the scheme cannot sign is found before anything is sent.
func (s *signer) try(x *record.Exchange, now time.Time) error {
	r := x.Request
	r.Header = slices.Clone(r.Header)
	return s.signRequest(x, now, &r)
}

// signRequest adds the signature to a request whose header is its own.
func (s *signer) signRequest(x *record.Exchange, now time.Time, r *record.Request) error {
	if !s.signs {
		if s.idField != "" {
			r.Header = r.Header.Set(s.idField, x.WebhookID)
		}
		return nil
	}
	signed, err := s.scheme.Sign(s.message(x, now, r), s.secrets...)
	if err != nil {
		return refusedBy(s.scheme, err)
	}
	for _, f := range signed.Fields {
		if r.Header.Has(f.Name) {
			r.Header = r.Header.Set(f.Name, f.Value)
		} else {
			r.Header = append(r.Header, record.Field(f))
		}
	}
	if signed.URL != "" {
		r.URL, r.Target = signed.URL, ""
	}
	if signed.Body != nil && !s.carriesToken(r) {
		r.Body = signed.Body
		if r.Header.Has("Content-Length") {
			r.Header = r.Header.Set("Content-Length", strconv.Itoa(len(r.Body)))
		}
	}
	return nil
}

// carriesToken reports whether a body has the secret itself already, in whatever spelling: then it stays as it is.
func (s *signer) carriesToken(r *record.Request) bool {
	m := sign.Message{Header: r.Header.HTTP(), URL: r.URL, Body: r.Body}
	return s.scheme.Auth == sign.Token && s.scheme.Signature(m) == string(s.secrets[0].Key)
}

// forAttempt is what deliver calls before each attempt of x; nil when there is nothing to do.
func (s *signer) forAttempt(x *record.Exchange) func(time.Time, *record.Request) error {
	if !s.signs && s.idField == "" {
		return nil
	}
	return func(now time.Time, r *record.Request) error { return s.signRequest(x, now, r) }
}

// urlPath is the path of an address as routes are matched against, "" when there is no address.
func urlPath(address string) string {
	if address == "" {
		return ""
	}
	return routePath((&record.Request{URL: address}).WireTarget())
}
