package sign_test

import (
	"bytes"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
)

// Dropbox Sign sends what it signs as the field "json" of a multipart form.
func TestJSONInsideAMultipartFormIsWhatIsSigned(t *testing.T) {
	s := lookup(t, "dropbox-sign")
	keys := newPair(s, 0)
	json := deliver(t, s, newMessage(s), keys.signing)
	wrap := func(field, text string) sign.Message {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		_ = form.WriteField("other", "x")
		_ = form.WriteField(field, text)
		_ = form.Close()
		m := with(json, "Content-Type", form.FormDataContentType())
		m.Body = body.Bytes()
		return m
	}
	m := wrap("json", string(json.Body))
	expect(t, "as a form", s, m, keys.verifying, "")
	if got := s.Event(m); got != "sent" {
		t.Errorf("event %q", got)
	}
	if got := detected(m); !strings.Contains(got, "dropbox-sign") {
		t.Errorf("detected %q", got)
	}
	expect(t, "changed", s, wrap("json", strings.Replace(string(json.Body), "sent", "signed", 1)), keys.verifying, sign.SignatureMismatch)
	expect(t, "another field", s, wrap("jsonx", string(json.Body)), keys.verifying, sign.MissingSignature)
	broken := m
	broken.Body = m.Body[:len(m.Body)/2]
	expect(t, "cut off", s, broken, keys.verifying, sign.MissingSignature, sign.SignatureMismatch)
}
