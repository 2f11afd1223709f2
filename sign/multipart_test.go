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
	expect(t, "changed", s, wrap("json", strings.Replace(string(json.Body), "sent", "signed", 1)), keys.verifying,
		sign.SignatureMismatch)
	expect(t, "another field", s, wrap("jsonx", string(json.Body)), keys.verifying, sign.MissingSignature)
	broken := m
	broken.Body = m.Body[:len(m.Body)/2]
	expect(t, "cut off", s, broken, keys.verifying, sign.MalformedBody)
}

func TestAFormThatCanBeReadInTwoWaysIsRefused(t *testing.T) {
	s := lookup(t, "dropbox-sign")
	keys := newPair(s, 0)
	json := deliver(t, s, newMessage(s), keys.signing)
	evil := strings.Replace(string(json.Body), "sent", "evil", 1)
	part := func(head, text string) string { return "--b\r\n" + head + "\r\n\r\n" + text + "\r\n" }
	good := part(`Content-Disposition: form-data; name="json"`, string(json.Body))
	send := func(kind, body string) sign.Message {
		m := with(json, "Content-Type", kind)
		m.Body = []byte(body)
		return m
	}
	const kind = "multipart/form-data; boundary=b"
	expect(t, "once", s, send(kind, good+"--b--\r\n"), keys.verifying, "")
	for head, want := range map[string]sign.Reason{
		`Content-Disposition: form-data; name="json"`:                                                 sign.DuplicateField,
		`Content-Disposition: form-data; name=json`:                                                   sign.DuplicateField,
		`Content-Disposition: form-data; name="JSON"`:                                                 sign.DuplicateField,
		`Content-Disposition: form-data; name="json[]"`:                                               sign.DuplicateField,
		`Content-Disposition: form-data; name="json"; filename="x"`:                                   sign.DuplicateField,
		`Content-Disposition: form-data; name*=utf-8''json`:                                           sign.DuplicateField,
		"Content-Disposition: form-data; name=\"x\"\r\nContent-Disposition: form-data; name=\"json\"": sign.DuplicateField,
		`no header`: sign.MalformedBody,
		`Content-Disposition: form-data; name="other"`: "",
	} {
		second := part(head, evil)
		expect(t, "behind "+head, s, send(kind, good+second+"--b--\r\n"), keys.verifying, want)
		if want != "" {
			expect(t, "before "+head, s, send(kind, second+good+"--b--\r\n"), keys.verifying, want)
		}
	}
	expect(t, "no end", s, send(kind, good), keys.verifying, sign.MalformedBody)
	expect(t, "many parts", s, send(kind, good+strings.Repeat(part(`Content-Disposition: form-data; name="x"`, ""), 40)+
		"--b--\r\n"), keys.verifying, sign.MalformedBody)
	two := send(kind, good+"--b--\r\n")
	two.Header["Content-Type"] = []string{kind, "multipart/form-data; boundary=c"}
	expect(t, "two boundaries", s, two, keys.verifying, sign.DuplicateHeader)
}
