package record_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store/record"
)

const head = "POST //a%2Fb?x=1&x=%41 HTTP/1.1\r\nhOST: h:80\r\nx-B:1\r\nX-b: \t two  words \t\r\nEmpty:\r\n" +
	"X-Latin: caf\xe9\r\n\r\n"

func TestParseRequestKeepsOrderCaseAndRepetition(t *testing.T) {
	got, err := record.ParseRequest(head, "https")
	if err != nil {
		t.Fatal(err)
	}
	want := record.Request{
		Method: "POST", Target: "//a%2Fb?x=1&x=%41", Proto: "HTTP/1.1", URL: "https://h:80//a%2Fb?x=1&x=%41", Head: head,
		Header: record.Header{{Name: "hOST", Value: "h:80"}, {Name: "x-B", Value: "1"}, {Name: "X-b", Value: "two  words"},
			{Name: "Empty", Value: ""}, {Name: "X-Latin", Value: "caf\xe9"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if again := string(got.AppendHead(nil)); again != head {
		t.Errorf("AppendHead = %q, want %q", again, head)
	}
}

func TestParseRequestRefusesWhatIsNotStrictlyHTTP(t *testing.T) {
	cases := map[string]struct {
		head   string
		status int
	}{
		"empty":                    {"", 400},
		"no CRLF":                  {"GET / HTTP/1.1", 400},
		"bare LF":                  {"GET / HTTP/1.1\nHost: h\n\n", 400},
		"one bare LF":              {"GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400},
		"no end":                   {"GET / HTTP/1.1\r\nHost: h\r\n", 400},
		"no target":                {"GET HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"no method":                {" / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"two spaces":               {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"control in the target":    {"GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"method is not a token":    {"G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"no version":               {"GET / \r\nHost: h\r\n\r\n", 400},
		"lower case version":       {"GET / http/1.1\r\nHost: h\r\n\r\n", 400},
		"HTTP/2":                   {"PRI * HTTP/2.0\r\n\r\n", 505},
		"HTTP/0.9":                 {"GET / HTTP/0.9\r\n\r\n", 505},
		"no Host":                  {"GET / HTTP/1.1\r\nX: y\r\n\r\n", 400},
		"two Hosts":                {"GET / HTTP/1.1\r\nHost: h\r\nhost: h\r\n\r\n", 400},
		"two Hosts in HTTP/1.0":    {"GET / HTTP/1.0\r\nHost: h\r\nhost: h\r\n\r\n", 400},
		"folded line":              {"GET / HTTP/1.1\r\nHost: h\r\n x\r\n\r\n", 400},
		"folded with tab":          {"GET / HTTP/1.1\r\nHost: h\r\n\tx: y\r\n\r\n", 400},
		"space before colon":       {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
		"no colon":                 {"GET / HTTP/1.1\r\nHost: h\r\nx\r\n\r\n", 400},
		"no name":                  {"GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", 400},
		"name beyond ASCII":        {"GET / HTTP/1.1\r\nHost: h\r\n\xc3\xa9: x\r\n\r\n", 400},
		"NUL in a value":           {"GET / HTTP/1.1\r\nHost: h\x00\r\n\r\n", 400},
		"CR in a value":            {"GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", 400},
		"CR before the CRLF":       {"GET / HTTP/1.1\r\nHost: h\r\r\n\r\n", 400},
		"escape in a value":        {"GET / HTTP/1.1\r\nHost: h\x1b[m\r\n\r\n", 400},
		"DEL in a value":           {"GET / HTTP/1.1\r\nHost: h\x7f\r\n\r\n", 400},
		"CR in the request line":   {"GET /\r HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"something after the rest": {"GET / HTTP/1.1 x\r\nHost: h\r\n\r\n", 505},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := record.ParseRequest(c.head, "http")
			if status, ok := record.IsHeadError(err); !ok || status != c.status {
				t.Errorf("ParseRequest = %v (status %d), want status %d", err, status, c.status)
			}
		})
	}
}

func TestParseRequestTakesHTTP10WithoutHost(t *testing.T) {
	if _, err := record.ParseRequest("GET / HTTP/1.0\r\n\r\n", "http"); err != nil {
		t.Error(err)
	}
}

func TestReadHeadReadsNoFurtherThanTheHead(t *testing.T) {
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"at once":      func(r io.Reader) io.Reader { return r },
		"byte by byte": iotest.OneByteReader,
		"ending early": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			br := bufio.NewReaderSize(wrap(strings.NewReader("\r\n"+head+"body")), 16)
			got, err := record.ReadHead(br, 1000)
			if got != head || err != nil {
				t.Fatalf("ReadHead = %q, %v", got, err)
			}
			if rest, err := io.ReadAll(br); string(rest) != "body" || err != nil {
				t.Errorf("left %q, %v", rest, err)
			}
		})
	}
}

func TestReadHeadRefusesWhatIsTooLong(t *testing.T) {
	line, field := "GET /"+strings.Repeat("a", 200), "\r\nX: "+strings.Repeat("b", 200)
	cases := map[string]struct {
		in     string
		limit  int
		status int
	}{
		"just fits":            {head, len(head), 0},
		"a byte too long":      {head, len(head) - 1, 431},
		"first line":           {line, 100, 414},
		"a field":              {"GET / HTTP/1.1" + field + "\r\n\r\n", 100, 431},
		"many fields":          {"GET / HTTP/1.1\r\n" + strings.Repeat("a: b\r\n", 50) + "\r\n", 100, 431},
		"many empty lines":     {strings.Repeat("\r\n", 50), 100, 400},
		"one empty line first": {"\r\n" + head, len(head), 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := record.ReadHead(bufio.NewReaderSize(strings.NewReader(c.in), 16), c.limit)
			if status, _ := record.IsHeadError(err); status != c.status || c.status == 0 && err != nil {
				t.Errorf("ReadHead = %v (status %d), want %d", err, status, c.status)
			}
		})
	}
}

func TestReadHeadTellsAnEndFromABreak(t *testing.T) {
	broken := errors.New("broken")
	cases := map[string]struct {
		r    io.Reader
		want error
	}{
		"nothing":        {strings.NewReader(""), io.EOF},
		"half a line":    {strings.NewReader("GET /"), io.ErrUnexpectedEOF},
		"half a head":    {strings.NewReader("GET / HTTP/1.1\r\nHost: h\r\n"), io.ErrUnexpectedEOF},
		"a broken read":  {io.MultiReader(strings.NewReader("GET /"), iotest.ErrReader(broken)), broken},
		"broken at once": {iotest.ErrReader(broken), broken},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got, err := record.ReadHead(bufio.NewReader(c.r), 1000); !errors.Is(err, c.want) || got != "" {
				t.Errorf("ReadHead = %q, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestBodyFramingIsNeverAmbiguous(t *testing.T) {
	cases := map[string]struct {
		fields  string
		length  int64
		chunked bool
		status  int
	}{
		"none":              {"", 0, false, 0},
		"length":            {"Content-Length: 12\r\n", 12, false, 0},
		"leading zeros":     {"content-length: 012\r\n", 12, false, 0},
		"chunked":           {"transfer-encoding: Chunked\r\n", 0, true, 0},
		"18 digits":         {"Content-Length: 999999999999999999\r\n", 999999999999999999, false, 0},
		"19 digits":         {"Content-Length: 9999999999999999999\r\n", 0, false, 400},
		"both":              {"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", 0, false, 400},
		"two lengths":       {"Content-Length: 1\r\nContent-Length: 1\r\n", 0, false, 400},
		"a list":            {"Content-Length: 1,1\r\n", 0, false, 400},
		"plus":              {"Content-Length: +1\r\n", 0, false, 400},
		"minus":             {"Content-Length: -1\r\n", 0, false, 400},
		"empty":             {"Content-Length:\r\n", 0, false, 400},
		"digits of others":  {"Content-Length: \xd9\xa1\r\n", 0, false, 400},
		"inner space":       {"Content-Length: 1 1\r\n", 0, false, 400},
		"other coding":      {"Transfer-Encoding: gzip\r\n", 0, false, 501},
		"identity":          {"Transfer-Encoding: identity\r\n", 0, false, 501},
		"chunked not alone": {"Transfer-Encoding: gzip, chunked\r\n", 0, false, 501},
		"chunked twice":     {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 0, false, 501},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, err := record.ParseRequest("POST / HTTP/1.1\r\nHost: h\r\n"+c.fields+"\r\n", "http")
			if err != nil {
				t.Fatal(err)
			}
			length, chunked, err := r.BodyFraming()
			status, _ := record.IsHeadError(err)
			if length != c.length || chunked != c.chunked || status != c.status || c.status == 0 && err != nil {
				t.Errorf("BodyFraming = %d, %v, %v, want %d, %v, status %d", length, chunked, err, c.length, c.chunked, c.status)
			}
		})
	}
}

func TestAppendHeadMakesAHeadOfFields(t *testing.T) {
	r := record.Request{Method: "PUT", URL: "https://h/a?b#c", Proto: "HTTP/2.0",
		Header: record.Header{{Name: "hOST", Value: "h"}, {Name: "x", Value: ""}}}
	if got, want := string(r.AppendHead([]byte("<"))), "<PUT /a?b HTTP/1.1\r\nhOST: h\r\nx: \r\n\r\n"; got != want {
		t.Errorf("request = %q, want %q", got, want)
	}
	a := record.Response{Status: 404, Reason: "Not Here", Header: record.Header{{Name: "x", Value: "y"}}}
	if got, want := string(a.AppendHead(nil)), "HTTP/1.1 404 Not Here\r\nx: y\r\n\r\n"; got != want {
		t.Errorf("response = %q, want %q", got, want)
	}
}

func TestWireTargetIsWhatFollowsTheAuthority(t *testing.T) {
	for url, want := range map[string]string{
		"http://h": "/", "http://h/": "/", "http://h/a%2Fb?c": "/a%2Fb?c", "http://h?c": "/?c", "http://h//a": "//a",
		"http://h/a#b": "/a",
		"http://h#b/c": "/", "http://h/a?u=http://x/y": "/a?u=http://x/y",
	} {
		if got := (&record.Request{URL: url}).WireTarget(); got != want {
			t.Errorf("WireTarget of %q = %q, want %q", url, got, want)
		}
	}
	if got := (&record.Request{URL: "http://h/a", Target: "*"}).WireTarget(); got != "*" {
		t.Errorf("WireTarget = %q, want the target itself", got)
	}
}

func TestOriginFormIsThePathAndQueryAsWritten(t *testing.T) {
	for target, want := range map[string]string{"/a%2F?b": "/a%2F?b", "http://h/a?b": "/a?b", "HTTPS://h?b": "/?b",
		"http://h": "/", "*": "*",
		"/x?u=http://h/": "/x?u=http://h/", "ftp://h/a": "ftp://h/a"} {
		if got := record.OriginForm(target); got != want {
			t.Errorf("OriginForm(%q) = %q, want %q", target, got, want)
		}
	}
}

func TestEndToEndLeavesOutWhatConcernsOneConnection(t *testing.T) {
	h := record.Header{{Name: "A", Value: "1"}, {Name: "connection", Value: "x-hop ,\tb"}, {Name: "X-Hop", Value: "1"},
		{Name: "B", Value: "2"},
		{Name: "TE", Value: "trailers"}, {Name: "a", Value: "3"}}
	want := record.Header{{Name: "A", Value: "1"}, {Name: "a", Value: "3"}}
	if diff := cmp.Diff(want, h.EndToEnd()); diff != "" {
		t.Errorf("EndToEnd (-want +got):\n%s", diff)
	}
	if len(h) != 6 || record.Header(nil).EndToEnd() != nil {
		t.Errorf("the header itself was changed: %v", h)
	}
}

func TestCheckFieldRefusesLineBreaks(t *testing.T) {
	for _, f := range []record.Field{{Name: "a", Value: "b\tc \xff"}, {Name: "X-1_~", Value: ""}} {
		if err := record.CheckField(f); err != nil {
			t.Errorf("CheckField(%q) = %v", f, err)
		}
	}
	for _, f := range []record.Field{{Name: "a", Value: "b\r\nc: d"}, {Name: "a", Value: "\n"}, {Name: "a", Value: "\x00"},
		{Name: "", Value: "b"}, {Name: "a b", Value: "c"}, {Name: "a:", Value: "c"}, {Name: "a\r\n", Value: "c"}} {
		if err := record.CheckField(f); err == nil {
			t.Errorf("CheckField(%q) found nothing", f)
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add(head)
	f.Add("GET / HTTP/1.0\r\n\r\n")
	f.Add("OPTIONS * HTTP/1.1\r\nHost:\r\nA: b\r\n c\r\n\r\n")
	f.Fuzz(func(t *testing.T, head string) {
		r, err := record.ParseRequest(head, "http")
		if err != nil {
			if _, ok := record.IsHeadError(err); !ok {
				t.Fatalf("not a HeadError: %v", err)
			}
			return
		}
		if again := string(r.AppendHead(nil)); !strings.HasPrefix(head, again) {
			t.Fatalf("AppendHead = %q of %q", again, head)
		}
		r.Head = ""
		again, err := record.ParseRequest(string(r.AppendHead(nil)), "http")
		if again.Head = ""; err != nil || !cmp.Equal(r, again) {
			t.Fatalf("made of its fields: %v\n%s", err, cmp.Diff(r, again))
		}
	})
}

// What is refused by its beginning is refused when it is whole, and a request is not refused by any beginning of it.
func FuzzReadRequestHead(f *testing.F) {
	for _, seed := range []string{head, "GET / HTTP/1.1 \r\n\r\n", "\r\nGET / HTTP/1.0\r\n\r\n", "\nP(\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\n", "\r", "A  B\n\n", "GET /\rx HTTP/1.1\r\n\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		text, err := record.ReadHead(bufio.NewReader(strings.NewReader(in)), len(in))
		if err == nil {
			_, err = record.ParseRequest(text, "http")
		}
		for i := range len(in) {
			begun := io.MultiReader(strings.NewReader(in[:i+1]), iotest.ErrReader(io.ErrNoProgress))
			_, startErr := record.ReadRequestHead(bufio.NewReaderSize(begun, 16), len(in))
			if !errors.Is(startErr, io.ErrNoProgress) {
				if (startErr != nil) && err == nil {
					t.Fatalf("%q: %v", in[:i+1], startErr)
				}
				return
			}
		}
	})
}

func FuzzParseResponse(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\na: b\r\n\r\n")
	f.Add("HTTP/1.0 404\nx:y\n\n")
	f.Fuzz(func(t *testing.T, head string) {
		r, err := record.ParseResponse(head)
		if err != nil {
			return
		}
		if r.Status < 100 || r.Status > 999 || string(r.AppendHead(nil)) != head {
			t.Fatalf("ParseResponse(%q) = %+v", head, r)
		}
		for _, f := range r.Header {
			if err := record.CheckField(f); err != nil {
				t.Fatalf("took a field that may not be written: %v", err)
			}
		}
	})
}

func FuzzReadHead(f *testing.F) {
	f.Add([]byte("\r\n"+head+"body"), 1000)
	f.Add([]byte("a\n\r\n\n"), 4)
	f.Fuzz(func(t *testing.T, in []byte, limit int) {
		br := bufio.NewReaderSize(bytes.NewReader(in), 16)
		got, err := record.ReadHead(br, limit)
		if err != nil {
			return
		}
		rest, _ := io.ReadAll(br)
		if len(got) > limit || !bytes.HasSuffix(in, append([]byte(got), rest...)) || !strings.HasSuffix(got, "\n") {
			t.Fatalf("ReadHead = %q and left %q of %q", got, rest, in)
		}
	})
}

func TestTheURLIsWhatTheSenderAddressed(t *testing.T) {
	for target, want := range map[string]string{
		"/a?to=http://x/":    "https://h/a?to=http://x/",
		"//a//b?":            "https://h//a//b?",
		"http://other/a?b=c": "http://other/a?b=c",
		"/":                  "https://h/",
	} {
		r, err := record.ParseRequest("GET "+target+" HTTP/1.1\r\nHost: h\r\n\r\n", "https")
		if err != nil || r.URL != want || r.Target != target {
			t.Errorf("%s: %s, %v; want %s", target, r.URL, err, want)
		}
	}
}

// RFC 9110: section 5.6.2 has the characters of a token, section 5.5 those of a value.
func TestEachByteIsInANameOrAValueOrRefused(t *testing.T) {
	t.Parallel()
	const marks = "!#$%&'*+-.^_`|~"
	for i := range 256 {
		c := byte(i)
		letter := '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
		inName := letter || c < 0x80 && strings.IndexByte(marks, c) >= 0
		inValue := c == '\t' || c >= ' ' && c != 0x7f
		text := string([]byte{'x', c, 'x'})
		if err := record.CheckField(record.Field{Name: text}); (err == nil) != inName {
			t.Errorf("name with %#x: %v", c, err)
		}
		if err := record.CheckField(record.Field{Name: "x", Value: text}); (err == nil) != inValue {
			t.Errorf("value with %#x: %v", c, err)
		}
	}
}
