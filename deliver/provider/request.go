package provider

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

// Apply gives a request the user agent, headers and content type of the provider's own requests. A present header
// stays; a present content type stays with keepType, or when the body is of another kind. The same id at the same time
// gives the same headers, so that a run that is resumed sends what it began.
func (p *Provider) Apply(x *record.Exchange, keepType bool, now time.Time) {
	h := x.Request.Header
	if !keepType && p.ContentType != "" && bodyKind(h.Get("Content-Type")) == bodyKind(p.ContentType) {
		h = h.Set("Content-Type", p.ContentType)
	}
	fill := strings.NewReplacer("{id}", x.WebhookID, "{event}", x.EventType, "{time}", now.UTC().Format(time.RFC3339Nano))
	forms := append([]deliver.FieldForm{{Name: "User-Agent", Value: p.userAgent()}}, p.Headers...)
	for _, form := range forms {
		value := strings.Replace(fill.Replace(form.Value), "{uuid}", uuidFor(x.WebhookID, form.Name, now), 1)
		field := record.Field{Name: form.Name, Value: value}
		if !h.Has(form.Name) && value != "" && record.CheckField(field) == nil {
			h = append(slices.Clip(h), field)
		}
	}
	x.Request.Header = h
}

// IsTimed reports whether the headers that Apply adds depend on the time.
func (p *Provider) IsTimed() bool {
	return slices.ContainsFunc(p.Headers, func(form deliver.FieldForm) bool {
		return strings.Contains(form.Value, "{time}") || strings.Contains(form.Value, "{uuid}")
	})
}

// uuidFor returns a UUID for a header of a webhook.
func uuidFor(id, header string, now time.Time) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s %s %d", id, header, now.UnixNano())).String()
}

// bodyKind returns the kind of body of a content type: JSON, or a form, which may be sent as text.
func bodyKind(contentType string) string {
	if strings.Contains(contentType, "json") {
		return "json"
	}
	if strings.HasPrefix(contentType, "text/plain") || strings.Contains(contentType, "x-www-form-urlencoded") {
		return "form"
	}
	return contentType
}

// userAgent returns the provider's user agent with "barb" for the part in <>.
func (p *Provider) userAgent() string {
	before, rest, ok := strings.Cut(p.UserAgent, "<")
	if !ok {
		return before
	}
	_, after, _ := strings.Cut(rest, ">")
	return before + "barb" + after
}
