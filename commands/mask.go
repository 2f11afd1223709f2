package commands

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// masked stands in the history for a secret that travelled in a request.
const masked = "[secret]"

// minMasked is how long a secret must be to be looked for outside its own header: a shorter one is a word that stands in
// many places by chance.
const minMasked = 8

// withoutSecrets is the exchange as it may be kept and shown. A token scheme sends the secret itself, and what barb was
// told is a secret never reaches the history: it is replaced in the scheme's header and, where an endpoint echoes it or
// a sender has it in the URL, there too. Every other scheme's exchange is returned as it is.
func (c *configFile) withoutSecrets(x *record.Exchange, secrets []sign.Secret) *record.Exchange {
	if len(secrets) == 0 || x.Scheme == "" {
		return x
	}
	scheme, ok := c.scheme(x.Scheme)
	if !ok || scheme.Auth != sign.Token {
		return x
	}
	kept := *x
	for _, secret := range secrets {
		for _, key := range writtenForms(scheme, string(secret.Key)) {
			maskExchange(&kept, scheme, key)
		}
	}
	return &kept
}

// writtenForms are the spellings in which a token travels: as it is, as HTTP Basic writes it, in a query or form, in JSON.
func writtenForms(scheme sign.Scheme, key string) []string {
	forms := []string{key, url.QueryEscape(key), url.PathEscape(key)}
	if scheme.Enc == sign.Base64 {
		forms = append(forms, base64.StdEncoding.EncodeToString([]byte(key)))
	}
	if quoted, err := json.Marshal(key); err == nil {
		forms = append(forms, string(quoted[1:len(quoted)-1]))
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

func maskExchange(kept *record.Exchange, scheme sign.Scheme, key string) {
	mask := func(s string) string {
		if len(key) < minMasked {
			return s
		}
		return strings.ReplaceAll(s, key, masked)
	}
	maskRequest(&kept.Request, scheme.Header, key, mask)
	m := sign.Message{Body: kept.Request.Body, URL: kept.Request.URL}
	if scheme.InBody() && scheme.Signature(m) == key {
		if body, err := scheme.ReplaceSignature(m, masked); err == nil {
			kept.Request.Body = body
		}
	}
	if scheme.InBody() { // also where the signature is there twice, or its copies differ
		body := strings.ReplaceAll(string(kept.Request.Body), `"`+key+`"`, `"`+masked+`"`)
		kept.Request.Body = []byte(mask(body))
	}
	maskResponse(kept, mask)
}

func maskResponse(x *record.Exchange, mask func(string) string) {
	if x.Response == nil {
		return
	}
	response := *x.Response
	response.Header, response.Head = maskHeader(response.Header, mask), mask(response.Head)
	response.Body = []byte(mask(string(response.Body)))
	x.Response = &response
}

func maskRequest(r *record.Request, own, key string, mask func(string) string) {
	r.URL, r.Target, r.Header = mask(r.URL), mask(r.Target), maskHeader(r.Header, mask)
	for i, f := range r.Header {
		if strings.EqualFold(f.Name, own) && strings.Contains(f.Value, key) {
			r.Header[i].Value = strings.ReplaceAll(f.Value, key, masked)
			r.Head = strings.ReplaceAll(r.Head, f.Name+": "+f.Value+"\r\n", f.Name+": "+r.Header[i].Value+"\r\n")
		}
	}
	r.Head = mask(r.Head)
}

func maskHeader(h record.Header, mask func(string) string) record.Header {
	h = slices.Clone(h)
	for i, f := range h {
		h[i].Value = mask(f.Value)
	}
	return h
}

// unmask puts the secret that a webhook of a token scheme came with back where the history keeps a mask: the app is to get
// what came. It says why when it cannot.
func (g *gateway) unmask(x *record.Exchange) (why string) {
	if !g.file.isMasked(x) {
		return ""
	}
	scheme, _ := g.file.scheme(x.Scheme)
	i := slices.IndexFunc(g.secrets, func(s sign.Secret) bool { return s.Name == x.Verdict.Secret })
	if i < 0 {
		return "it came with the secret as a header, which the history does not keep and this listener does not have"
	}
	forms := writtenForms(scheme, string(g.secrets[i].Key))
	if scheme.InBody() {
		body, err := scheme.ReplaceSignature(sign.Message{Body: x.Request.Body, URL: x.Request.URL}, forms[0])
		if err != nil {
			return err.Error()
		}
		x.Request.Body = body
		return ""
	}
	x.Request.Header = slices.Clone(x.Request.Header)
	for i, f := range x.Request.Header {
		if strings.EqualFold(f.Name, scheme.Header) {
			x.Request.Header[i].Value = strings.Replace(f.Value, masked, forms[len(forms)-1], 1)
		}
	}
	return ""
}

// isMasked reports whether the history kept the mask in place of the exchange's secret.
func (c *configFile) isMasked(x *record.Exchange) bool {
	scheme, ok := c.scheme(x.Scheme)
	if !ok || scheme.Auth != sign.Token {
		return false
	}
	m := sign.Message{Header: x.Request.Header.HTTP(), Body: x.Request.Body, URL: x.Request.URL}
	return strings.Contains(scheme.Signature(m), masked)
}
