package sign_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
)

// inBody reports whether a scheme's signature travels in the body.
func inBody(s sign.Scheme) bool {
	return strings.HasPrefix(s.Header, "json:") || strings.HasPrefix(s.Header, "form:")
}

// signatureText is the first signature of a message, as it is written.
func signatureText(s sign.Scheme, m sign.Message) string {
	value := m.Header.Get(s.Header)
	switch {
	case s.Code == sign.RFC9421:
		return strings.Split(value, ":")[1]
	case s.JWT != nil:
		return value[strings.LastIndexByte(value, '.')+1:]
	case s.Code == sign.Braintree:
		form, _ := url.ParseQuery(string(m.Body))
		_, sig, _ := strings.Cut(form.Get("bt_signature"), "|")
		return sig
	case s.Code == sign.Adyen:
		return regexp.MustCompile(`hmacSignature":"([^"]+)`).FindStringSubmatch(string(m.Body))[1]
	case inBody(s):
		name := s.Header[strings.LastIndexAny(s.Header, ".:")+1:]
		return jsonUnquote(regexp.MustCompile(name + `":("([^"\\]|\\.)*")`).FindStringSubmatch(string(m.Body))[1])
	case s.Format != "":
		before, after, _ := strings.Cut(s.Format, "{sig}")
		_, value, _ = strings.Cut(value, before[strings.LastIndexByte(before, '}')+1:])
		if after != "" {
			value, _, _ = strings.Cut(value, after[:1])
		}
		return value
	}
	return strings.TrimPrefix(value, s.Prefix)
}

func jsonUnquote(quoted string) (text string) {
	_ = json.Unmarshal([]byte(quoted), &text)
	return text
}

// setSignature puts another text in the place of a message's signature.
func setSignature(s sign.Scheme, m sign.Message, text, changed string) sign.Message {
	if !inBody(s) {
		prefix, value := "", m.Header.Get(s.Header)
		if s.Auth == sign.Token { // a secret of one letter also stands in "Bearer", whose case does not matter
			prefix = value[:strings.LastIndex(value, text)]
		}
		return with(m, s.Header, prefix+strings.Replace(value[len(prefix):], text, changed, 1))
	}
	quote := func(text string) []byte { b, _ := json.Marshal(text); return b }
	if s.Code == sign.Braintree {
		quote = func(text string) []byte { return []byte(url.QueryEscape(text)) }
	}
	written := quote(text)
	if s.Code != sign.Braintree {
		written = rawJSON(text)
	}
	key := []byte(`"` + s.Header[strings.LastIndexAny(s.Header, ".:")+1:] + `":`)
	if s.Code == sign.Braintree {
		key = nil
	}
	if at := bytes.LastIndex(m.Body, slices.Concat(key, written)); at >= 0 {
		at += len(key)
		m.Body = slices.Concat(m.Body[:at], quote(changed), m.Body[at+len(written):])
	}
	return m
}

// rawJSON is a text as barb writes it into JSON.
func rawJSON(text string) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text)
	return bytes.TrimSpace(out.Bytes())
}
