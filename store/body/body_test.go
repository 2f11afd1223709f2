package body_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store/body"
	"github.com/barbhq/barb/store/record"
)

const formType = "application/x-www-form-urlencoded"

// read returns the value of a body and its text.
func read(t *testing.T, contentType, encoding string, data []byte) (any, string) {
	t.Helper()
	var header record.Header
	if contentType != "" {
		header = append(header, record.Field{Name: "content-type", Value: contentType})
	}
	if encoding != "" {
		header = append(header, record.Field{Name: "Content-Encoding", Value: encoding})
	}
	c, err := body.Open(header, data)
	if err != nil {
		t.Fatal(err)
	}
	v, err := c.Value()
	if err != nil {
		t.Fatal(err)
	}
	return v, c.Text()
}

// encoded returns a value as JSON, with its object names in order.
func encoded(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestABodyIsReadByItsTypeAndItsText(t *testing.T) {
	for name, c := range map[string]struct{ contentType, data, want string }{
		"JSON":                 {"application/json", `{"a":[1,{"b":null}]}`, `{"a":[1,{"b":null}]}`},
		"JSON without a type":  {"", ` [true] `, `[true]`},
		"JSON of another type": {"application/vnd.api+json; charset=utf-8", `"x"`, `"x"`},
		"a byte order mark":    {"application/json", "\xef\xbb\xbf{\"a\":1}", `{"a":1}`},
		"large numbers": {"", `{"id":1234567890123456890,"n":1.10,"e":1e3}`,
			`{"e":1e3,"id":1234567890123456890,"n":1.10}`},
		"a name that is twice":        {"", `{"a":1,"a":2}`, `{"a":2}`},
		"two values":                  {"application/json", `{} {}`, `null`},
		"a broken value":              {"application/json", `{"a":`, `null`},
		"text":                        {"text/plain", `hello`, `null`},
		"nothing":                     {"application/json", ``, `null`},
		"too deep":                    {"", strings.Repeat("[", 200_000), `null`},
		"a form":                      {formType, `a=1&b=x+y%21&c&d=&=e`, `{"":"e","a":"1","b":"x y!","c":"","d":""}`},
		"a form with its charset":     {"Application/X-WWW-Form-URLencoded; charset=UTF-8", "a=%C3%A9\r\n", `{"a":"é"}`},
		"a form with repeated names":  {formType, `a=1&a=2&b[]=3&a=3&b[]=4`, `{"a":["1","2","3"],"b[]":["3","4"]}`},
		"a form with brackets":        {formType, `data[email]=a%40b.c`, `{"data[email]":"a@b.c"}`},
		"a form with a broken escape": {formType, `a=100%&b=%zz`, `{"a":"100%","b":"%zz"}`},
		"a form that is not UTF-8":    {formType, `a=%ff`, `{"a":"�"}`},
		"an empty form":               {formType, ``, `null`},
		"JSON that curl -d sends":     {formType, `{"a":1}`, `{"a":1}`},
		"a number as a form":          {formType, `17`, `{"17":""}`},
		"payload of GitHub":           {formType, `payload=%7B%22ref%22%3A%22main%22%7D`, `{"payload":{"ref":"main"}}`},
		"payload of an array":         {formType, `payload=[1]&x=[1]`, `{"payload":[1],"x":"[1]"}`},
		"payload that is text":        {formType, `payload=17`, `{"payload":"17"}`},
		"payload that is broken":      {formType, `payload={"a"`, `{"payload":"{\"a\""}`},
		"payload twice":               {formType, `payload=[1]&payload=[2]`, `{"payload":[[1],[2]]}`},
		"a form of an unknown type":   {"text/plain", `a=1`, `null`},
	} {
		v, _ := read(t, c.contentType, "", []byte(c.data))
		if got := encoded(t, v); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestTextIsTheBodyWithoutItsEncodings(t *testing.T) {
	for data, want := range map[string]string{"\xef\xbb\xbfhello": "hello", "a\xffb": "a�b", "": "",
		`{"a":1}`: `{"a":1}`} {
		if _, got := read(t, "text/plain", "", []byte(data)); got != want {
			t.Errorf("%q is %q, want %q", data, got, want)
		}
	}
}

func TestANumberTooLongToComputeWithIsAFloat(t *testing.T) {
	v, _ := read(t, "", "", []byte(`[`+strings.Repeat("9", 401)+`,{"a":`+strings.Repeat("1", 400)+`},`+
		`0.`+strings.Repeat("0", 400)+`1]`))
	list := v.([]any)
	if _, ok := list[0].(float64); !ok {
		t.Errorf("401 digits are a %T", list[0])
	}
	if _, ok := list[1].(map[string]any)["a"].(json.Number); !ok {
		t.Errorf("400 digits are a %T", list[1])
	}
	if list[2] != 0.0 && list[2].(float64) > 1e-300 {
		t.Errorf("a tiny number is %v", list[2])
	}
}

// packers are the encodings that are undone, by the names of Content-Encoding.
var packers = map[string]func(io.Writer) io.WriteCloser{
	"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
	"X-GZip":  func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
	"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
	"Deflate": func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 6); return f },
	"br":      func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) },
}

func packed(t testing.TB, coding string, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := packers[coding](&out)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestContentEncodingsAreUndone(t *testing.T) {
	for coding := range packers {
		v, text := read(t, "application/json", coding, packed(t, coding, []byte("\xef\xbb\xbf{\"a\":1}")))
		if encoded(t, v) != `{"a":1}` || text != `{"a":1}` {
			t.Errorf("%s: %v, %q", coding, v, text)
		}
	}
	twice := packed(t, "br", packed(t, "gzip", []byte(`[1]`)))
	if v, _ := read(t, "", "identity, gzip ,br", twice); encoded(t, v) != `[1]` {
		t.Errorf("gzip within br: %v", v)
	}
}

func TestABodyThatIsNotEncodedAsItSaysIsReadAsItIs(t *testing.T) {
	for _, coding := range []string{"gzip", "deflate", "br", "zstd", "gzip, gzip, gzip, gzip, gzip"} {
		if v, _ := read(t, "", coding, []byte(`{"a":1}`)); encoded(t, v) != `{"a":1}` {
			t.Errorf("plain JSON that says %s: %v", coding, v)
		}
	}
	whole := packed(t, "gzip", []byte(`{"a":1}`))
	if v, _ := read(t, "", "gzip", whole[:len(whole)-5]); v != nil {
		t.Errorf("gzip that was cut: %v", v)
	}
}

func TestABombIsNotUnpacked(t *testing.T) {
	zeros := make([]byte, body.MaxUnpacked+1)
	for coding := range packers {
		header := record.Header{{Name: "Content-Encoding", Value: coding}}
		_, err := body.Open(header, packed(t, coding, zeros))
		if e, ok := errors.AsType[*body.UnpackError](err); !ok || !strings.Contains(e.Error(), "more than 16 MiB") {
			t.Errorf("%s: %v", coding, err)
		}
		if _, err := body.Open(header, packed(t, coding, zeros[1:])); err != nil {
			t.Errorf("%s of the limit: %v", coding, err)
		}
	}
	nested := packed(t, "gzip", packed(t, "gzip", zeros))
	if _, err := body.Open(record.Header{{Name: "Content-Encoding", Value: "gzip, gzip"}}, nested); err == nil {
		t.Error("a bomb within gzip was unpacked")
	}
}

func TestAFormOfTooManyFieldsIsAnError(t *testing.T) {
	header := record.Header{{Name: "Content-Type", Value: formType}}
	for n, want := range map[int]error{10_000: nil, 10_001: body.ErrFields} {
		c, err := body.Open(header, []byte(strings.Repeat("a&", n)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Value(); !errors.Is(err, want) {
			t.Errorf("%d fields: %v", n, err)
		}
	}
}

// aMultipart returns multipart data and its type.
func aMultipart(t *testing.T) (contentType string, data []byte) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	add := func(disposition, contentType, data string) {
		h := textproto.MIMEHeader{"Content-Disposition": {disposition}}
		if contentType != "" {
			h.Set("Content-Type", contentType)
		}
		part, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, data); err != nil {
			t.Fatal(err)
		}
	}
	add(`form-data; name="to"`, "", "a@b.c")
	add(`form-data; name="to"`, "", "d@e.f")
	add(`form-data; name="payload"`, "", `{"event":"media.play"}`)
	add(`form-data; name="meta"`, "application/json; charset=utf-8", `{"n":12345678901234567}`)
	add(`form-data; name="note"; filename="../n.txt"`, "text/plain", "hello")
	add(`form-data; name="thumb"; filename="t.jpg"`, "image/jpeg", "\xff\xd8\xff")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), out.Bytes()
}

func TestMultipartIsAnObjectOfFieldsAndFiles(t *testing.T) {
	contentType, data := aMultipart(t)
	v, _ := read(t, contentType, "", data)
	want := map[string]any{
		"to": []any{"a@b.c", "d@e.f"}, "payload": map[string]any{"event": "media.play"},
		"meta":  map[string]any{"n": json.Number("12345678901234567")},
		"note":  map[string]any{"filename": "n.txt", "content_type": "text/plain", "size": json.Number("5"), "text": "hello"},
		"thumb": map[string]any{"filename": "t.jpg", "content_type": "image/jpeg", "size": json.Number("3"), "text": nil},
	}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, contentType := range map[string]string{"no boundary": "multipart/form-data",
		"another boundary": "multipart/form-data; boundary=x"} {
		if v, _ := read(t, contentType, "", data); v != nil {
			t.Errorf("%s: %v", name, v)
		}
	}
	if v, _ := read(t, contentType, "", data[:len(data)-30]); v != nil {
		t.Errorf("cut: %v", v)
	}
}

func FuzzReadIsBoundedAndNeverPanics(f *testing.F) {
	for _, contentType := range []string{"", "application/json", formType, "multipart/form-data; boundary=b"} {
		f.Add(contentType, "", []byte(`{"a":[1,2.50,"\u00e9"]}`))
		f.Add(contentType, "", []byte("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\n"))
		for coding := range packers {
			f.Add(contentType, coding, packed(f, coding, []byte(`payload={"a":1}&b=%zz`)))
		}
	}
	f.Fuzz(func(t *testing.T, contentType, encoding string, data []byte) {
		c, err := body.Open(record.Header{{Name: "Content-Type", Value: contentType},
			{Name: "Content-Encoding", Value: encoding}}, data)
		if err != nil {
			if _, ok := errors.AsType[*body.UnpackError](err); !ok {
				t.Errorf("Open: %v", err)
			}
			return
		}
		if text := c.Text(); len(text) > 3*max(body.MaxUnpacked, len(data)) {
			t.Errorf("%d bytes are %d bytes of text", len(data), len(text))
		}
		v, err := c.Value()
		if err != nil && !errors.Is(err, body.ErrFields) {
			t.Errorf("Value: %v", err)
		}
		if _, err := json.Marshal(v); err != nil && !strings.Contains(err.Error(), "Inf") {
			t.Errorf("%v: %v", v, err)
		}
	})
}

func FuzzAFormIsReadBack(f *testing.F) {
	f.Add("a", "1", "b", "x y&=")
	f.Add("payload", `{"a":1}`, "a", "")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		valid := strings.ToValidUTF8(name1+value1+name2+value2, "?") == name1+value1+name2+value2
		if !valid || name1 == name2 || name1 == "payload" || name2 == "payload" {
			return
		}
		text := url.Values{name1: {value1}, name2: {value2}}.Encode()
		v, _ := read(t, formType, "", []byte(text))
		if diff := cmp.Diff(map[string]any{name1: value1, name2: value2}, v); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	})
}

func FuzzJSONKeepsItsNumbers(f *testing.F) {
	f.Add([]byte(`{"a":1234567890123456890}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, ok := body.JSON(data)
		if ok != json.Valid(data) {
			t.Fatalf("JSON reports %t", ok)
		}
		if n, isNumber := v.(json.Number); isNumber && n.String() != strings.Trim(string(data), " \t\r\n") {
			t.Errorf("%q is %s", data, n)
		}
	})
}
