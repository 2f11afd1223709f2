package payload

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/record"
)

// MetaOf returns a captured webhook's data besides its body. It keeps the headers that describe the webhook, and none
// that authenticates the sender or changes with each message.
func MetaOf(x *record.Exchange, eventType string, scheme sign.Scheme) Meta {
	return Meta{Schema: 1, Scheme: x.Scheme, EventType: eventType, ContentType: x.Request.Header.Get("Content-Type"),
		Headers: eventHeaders(exactFields(x), scheme)}
}

// AsTemplate turns a body and its Meta into templates. The error says why the body cannot be one.
func (m *Meta) AsTemplate(body []byte) error {
	if _, err := fixture.Parse(body, fixture.KindOf(m.ContentType)); err != nil {
		return err
	}
	m.Template = true
	for i, f := range m.Headers { // their values become templates too
		m.Headers[i].Value = strings.ReplaceAll(f.Value, "{{", `{{"{{"}}`)
	}
	return nil
}

// exactFields returns the header fields that the history stores byte for byte.
func exactFields(x *record.Exchange) (fields record.Header) {
	for i, f := range x.Request.Header {
		part := "field " + strconv.Itoa(i)
		if !slices.ContainsFunc(x.Masks, func(m record.Mask) bool { return m.Part == part }) {
			fields = append(fields, f)
		}
	}
	return fields
}

// eventHeaders returns the headers that describe a webhook: that of the event type, those with the prefix of the
// scheme's own, and the content coding.
func eventHeaders(h record.Header, scheme sign.Scheme) (kept []fixture.Field) {
	made := append([]string{scheme.Header, scheme.Stronger, headerOf(scheme.IDIn), headerOf(scheme.EventIn),
		headerOf(scheme.Time.In), headerOf(scheme.Nonce)}, scheme.Alt...)
	for _, f := range scheme.Fixed {
		made = append(made, f.Name)
	}
	for _, f := range h {
		remade := slices.ContainsFunc(made, func(name string) bool { return strings.EqualFold(name, f.Name) })
		if !remade && !mayProve(f.Name) && isAboutEvent(f.Name, made) {
			kept = append(kept, fixture.Field(f))
		}
	}
	return kept
}

func headerOf(p sign.Place) string {
	name, _ := strings.CutPrefix(string(p), "header:")
	return name
}

// mayProve reports whether a header's name suggests a secret or a signature.
func mayProve(name string) bool {
	lower := strings.ToLower(name)
	words := []string{"auth", "cookie", "secret", "token", "signature", "hmac", "key", "password", "session", "digest"}
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(lower, word) })
}

// isAboutEvent reports whether a header has the prefix of one of the scheme's own, such as X-GitHub-, or is named after
// events.
func isAboutEvent(name string, own []string) bool {
	lower := strings.ToLower(name)
	if lower == "content-encoding" || strings.Contains(lower, "event") || strings.Contains(lower, "topic") {
		return true
	}
	return slices.ContainsFunc(own, func(other string) bool {
		family := familyOf(other)
		return family != "" && family != "content" && family == familyOf(name)
	})
}

// familyOf returns the name of the service in a header: "github" of X-GitHub-Event.
func familyOf(name string) string {
	family, _, found := strings.Cut(strings.TrimPrefix(strings.ToLower(name), "x-"), "-")
	if !found {
		return ""
	}
	return family
}

// Save writes an own sample and returns it without its payload. It overwrites no file: with replace it first removes
// the sample of that name. It writes the Meta first, since a body without one would be read as a template.
func (s Samples) Save(provider, eventType string, body []byte, meta Meta, replace bool) (Sample, error) {
	file := s.path(provider, eventType, Extension(meta.ContentType))
	data, err := json.MarshalIndent(meta, "", "  ")
	if err != nil {
		return Sample{}, err
	}
	stem := strings.TrimSuffix(file, filepath.Ext(file))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return Sample{}, err
	}
	old := []string{".event"} // without a body it is left from an interrupted save
	if replace {
		old = append(old, extensions()...)
	}
	for _, extension := range old {
		if err := os.Remove(stem + extension); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Sample{}, err
		}
	}
	if err := disk.Create(stem+".event", append(data, '\n')); err != nil {
		return Sample{}, err
	}
	if err := disk.Create(file, body); err != nil {
		return Sample{}, err
	}
	return s.describe(Sample{Event: fixture.Event{Provider: provider, Type: eventType}, Path: file})
}
