package format_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/barbhq/barb/store/format"
	"github.com/barbhq/barb/store/record"
)

var now = time.Date(2026, 1, 20, 14, 32, 0, 0, time.UTC)

func items(read format.Reader, text string) (all []format.Item, err error) {
	for item, err := range read(strings.NewReader(text), format.Options{Now: now}) {
		if err != nil {
			return all, err
		}
		all = append(all, item)
	}
	return all, nil
}

// writer is what all writers have.
type writer interface {
	Write(x *record.Exchange) ([]format.Loss, error)
	Close() error
}

func written(t testing.TB, make func(w io.Writer) writer, all ...*record.Exchange) (string, []format.Loss) {
	t.Helper()
	var b bytes.Buffer
	var lost []format.Loss
	w := make(&b)
	for _, x := range all {
		l, err := w.Write(x)
		if err != nil {
			t.Fatal(err)
		}
		lost = append(lost, l...)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), lost
}

func newHAR(w io.Writer) writer  { return format.NewHAR(w, "1.0") }
func newHTTP(w io.Writer) writer { return format.NewHTTP(w) }
func newCurl(w io.Writer) writer { return format.NewCurl(w) }

func has(lost []format.Loss, part format.Part) bool {
	return slices.ContainsFunc(lost, func(l format.Loss) bool { return l.Part == part })
}

// generated is any webhook of HTTP/1.1 that a sender can write.
func generated(t *rapid.T) *record.Exchange {
	value := rapid.OneOf(rapid.StringMatching(`([!-~]([ -~]{0,20}[!-~])?)?`), rapid.Just("caf\xe9"), rapid.Just("größe"))
	body := rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 0, 50), rapid.SampledFrom([][]byte{nil, []byte("\ufeff{}"),
		[]byte("{\n  \"a\": 1\n}"), []byte("a\r\nb"), []byte("x\n### y"), []byte("{{name}}"), []byte("'\"$`\\!%"),
		[]byte("< a"),
		[]byte("\n"), []byte("> {%"), bytes.Repeat([]byte("é"), 60_000), []byte("@file"), []byte("</a>&amp;")}))
	x := &record.Exchange{Kind: record.Received, Attempt: 1, Start: now, EventType: "a.b", WebhookID: "id"}
	r := &x.Request
	r.Method, r.Proto = rapid.SampledFrom([]string{"POST", "GET", "PUT", "DELETE"}).Draw(t, "method"), "HTTP/1.1"
	r.Target = rapid.SampledFrom([]string{"/", "/a?b=%20&c", "/?x={y}&z=[1]", "/caf\xe9", "/%"}).Draw(t, "target")
	r.URL = "http://h:81" + r.Target
	r.Header = record.Header{{Name: "host", Value: "h:81"}, {Name: "User-Agent", Value: "x"},
		{Name: "ACCEPT", Value: "*/*"}, {Name: "Content-Type", Value: "text/plain"}}
	for range rapid.IntRange(0, 4).Draw(t, "fields") {
		r.Header = append(r.Header, record.Field{Value: value.Draw(t, "value"),
			Name: rapid.SampledFrom([]string{"X-A", "x-a", "Cookie", "#x"}).Draw(t, "name")})
	}
	if r.Body = body.Draw(t, "body"); len(r.Body) > 0 {
		r.Header = append(r.Header, record.Field{Name: "Content-Length", Value: fmt.Sprint(len(r.Body))})
	}
	if rapid.Bool().Draw(t, "answer") {
		b := body.Draw(t, "answer body")
		x.Response = &record.Response{Status: 200, Reason: "OK", Proto: "HTTP/1.1", Body: b,
			Header: record.Header{{Name: "A", Value: "b"}}, Size: int64(len(b))}
		x.Took = 12345 * time.Microsecond
	}
	return x
}

// TestWhatIsNotSaidToBeLostIsTheSame is the promise of every format: a part comes back to the byte, or is named.
func TestWhatIsNotSaidToBeLostIsTheSame(t *testing.T) {
	for name, f := range map[string]struct {
		make func(w io.Writer) writer
		read format.Reader
	}{"HAR": {newHAR, format.ReadHAR}, "http": {newHTTP, format.ReadHTTP}, "curl": {newCurl, format.ReadCurl}} {
		t.Run(name, func(t *testing.T) {
			kept := 0
			rapid.Check(t, func(rt *rapid.T) {
				x := generated(rt)
				text, lost := written(t, f.make, x, x)
				got, err := items(f.read, text)
				if err != nil || len(got) != 2 {
					if len(lost) > 0 && (has(lost, format.URL) || has(lost, format.Headers) || has(lost, format.Body)) {
						return
					}
					rt.Fatalf("%d, %v\n%s", len(got), err, text)
				}
				want, back := x.Request, got[1].Exchange.Request
				if has(lost, format.URL) {
					want.URL, want.Target = back.URL, back.Target
				}
				if has(lost, format.Headers) {
					want.Header = back.Header
				}
				if has(lost, format.Body) {
					want.Body, want.Header = back.Body, back.Header
				}
				if d := cmp.Diff(want, back, cmpopts.EquateEmpty()); d != "" {
					rt.Fatalf("%s\n%s", d, text)
				}
				if d := cmp.Diff(x.Response, got[0].Exchange.Response, cmpopts.EquateEmpty()); d != "" &&
					!has(lost, format.Answer) {
					rt.Fatal(d)
				}
				if !has(lost, format.Time) && !got[1].Exchange.Start.Equal(x.Start) {
					rt.Fatal(got[1].Exchange.Start)
				}
				if len(lost) <= 4 { // answer and time of both
					kept++
				}
			})
			if kept < 10 {
				t.Errorf("only %d were kept as they are", kept)
			}
		})
	}
}

func TestRawRequestsAreReadOneAfterTheOther(t *testing.T) {
	text := "POST /a?b=1 HTTP/1.1\r\nHost: h\r\nX: 1\r\nx: 2\r\nContent-Length: 5\r\n\r\n\x00\xff\r\n1" +
		"\r\nGET /none HTTP/1.1\r\nHost: h\r\n\r\n" +
		"POST /chunked HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n" +
		"POST /last HTTP/1.1\nHost: h\n\n{\n}\n"
	all, err := items(format.ReadHTTP, text)
	if err != nil || len(all) != 4 {
		t.Fatal(len(all), err)
	}
	var b bytes.Buffer
	for _, item := range all[:3] {
		r := &item.Exchange.Request
		b.Write(r.AppendBody(r.AppendHead(nil)))
	}
	raw := strings.Replace(text, "1\r\nGET", "1GET", 1)
	if before, _, _ := strings.Cut(raw, "POST /last"); b.String() != before {
		t.Errorf("%q, want %q", b.String(), before)
	}
	last := all[3].Exchange.Request
	if string(last.Body) != "{\n}\n" || last.URL != "http://h/last" || all[3].Line != 23 {
		t.Errorf("%q %s line %d", last.Body, last.URL, all[3].Line)
	}
	if c := all[2].Exchange.Request; string(c.Body) != "abcde" || c.Trailer.Get("T") != "1" {
		t.Errorf("%+v", c)
	}
}

// A pipe that stays open must not keep a request back.
func TestARequestIsYieldedBeforeThePipeEnds(t *testing.T) {
	for text, read := range map[string]format.Reader{
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}": format.ReadHTTP,
		`{"id":"evt_1","type":"a.b"}` + "\n":                        format.ReadStripe,
		"id: 1\ndata: {\"host\":\"smee.io\",\"body\":{}}\n\n":       format.ReadSmee,
	} {
		r, w := io.Pipe()
		go func() { _, _ = io.WriteString(w, text) }()
		for item, err := range read(r, format.Options{}) {
			if err != nil || string(item.Exchange.Request.Body) == "" {
				t.Error(err)
			}
			break
		}
		_ = r.Close()
	}
}

func TestSamplesOfOtherToolsAreRead(t *testing.T) {
	for file, read := range map[string]format.Reader{
		"chromium.har": format.ReadHAR, "client.http": format.ReadHTTP, "chrome.curl": format.ReadCurl,
		"docs.curl": format.ReadCurl, "ngrok.json": format.ReadNgrok, "stripe.ndjson": format.ReadStripe,
		"smee.events": format.ReadSmee,
	} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		all, err := items(read, string(text))
		if err != nil {
			t.Error(file, err)
		}
		var b strings.Builder
		for _, item := range all {
			x := item.Exchange
			fmt.Fprintf(&b, "line %d: %s %s %s %s\n", item.Line, x.Start.Format(time.RFC3339Nano), x.Kind, x.EventType,
				x.WebhookID)
			fmt.Fprintf(&b, "%s %s %s\n", x.Request.Method, x.Request.URL, x.Request.Proto)
			for _, f := range x.Request.Header {
				fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Value)
			}
			fmt.Fprintf(&b, "%q\n", x.Request.Body)
			if x.Response != nil {
				fmt.Fprintf(&b, "-> %d %q %q\n", x.Response.Status, x.Response.Header, x.Response.Body)
			}
			for _, l := range item.Lost {
				fmt.Fprintf(&b, "lost %s: %s\n", l.Part, l.Text)
			}
			b.WriteString("\n")
		}
		golden := "testdata/" + file + ".golden"
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), b.String()); d != "" {
			t.Error(file, d)
		}
	}
}

func TestAMistakeIsSaidWithItsLine(t *testing.T) {
	raw := base64.StdEncoding.EncodeToString([]byte("POST / HTTP/1.1\r\nX: y\r\n\r\n"))
	for name, c := range map[string]struct {
		read       format.Reader
		text, want string
	}{
		"HAR: no JSON":    {format.ReadHAR, "x", "line 1: not a JSON object"},
		"HAR: other JSON": {format.ReadHAR, "{\n\"a\": 1}", `line 2: there is no "log"`},
		"HAR: cut": {format.ReadHAR,
			"{\"log\":{\"entries\":[\n{\"request\":",
			"line 2: unexpected EOF"},
		"HAR: wrong type": {format.ReadHAR,
			"{\"log\":{\"entries\":[\n\n{\"request\":{\"url\":7}}]}}",
			"line 3: request.url is a number"},
		"HAR: bad URL": {format.ReadHAR,
			"{\"log\":{\"entries\":[\n{\"request\":{\"method\":\"GET\",\"url\":\"ws://h\"}}]}}",
			`line 2: "ws://h" is not`},
		"HAR: smuggled": {format.ReadHAR,
			`{"log":{"entries":[{"request":{"method":"GET","url":"http://h","headers":[{"name":"a","value":"b\r\nc: d"}]}}]}}`,
			"line 1: header a has a control"},
		"http: no URL":    {format.ReadHTTP, "###\nPOST\n", `line 2: "POST" is not a request line`},
		"http: no header": {format.ReadHTTP, "POST http://h\nx\n", `line 2: "x" is not a header`},
		"http: not set":   {format.ReadHTTP, "POST http://{{host}}/\n", "line 1: {{host}} is not set"},
		"http: a file": {format.ReadHTTP,
			"POST http://h/\n\n< /etc/passwd\n",
			"line 3: the body is another file"},
		"raw: bad head": {format.ReadHTTP,
			"POST / HTTP/1.1\nno colon\n\n",
			"line 1: malformed header line"},
		"raw: cut head": {format.ReadHTTP,
			"POST / HTTP/1.1\nHost: h\n",
			"line 1: the text ends before the empty line"},
		"raw: cut body": {format.ReadHTTP,
			"POST / HTTP/1.1\nHost: h\nContent-Length: 9\n\nabc",
			"line 5: Content-Length is 9, but the body has only 3"},
		"raw: two lengths": {format.ReadHTTP,
			"POST / HTTP/1.1\nHost: h\nContent-Length: 1\nTransfer-Encoding: chunked\n\na",
			"line 6: both"},
		"curl: not curl": {format.ReadCurl, "\nwget http://h", `line 2: "wget" is not a curl command`},
		"curl: a form": {format.ReadCurl,
			"curl http://h \\\n -F a=b",
			"line 2: -F: -F makes a multipart body"},
		"curl: a file": {format.ReadCurl,
			"curl http://h -d @body.json",
			"line 1: -d: @body.json is a file"},
		"curl: a variable": {format.ReadCurl,
			"curl http://h -H \"A: $TOKEN\"",
			"line 1: $TOKEN is a variable"},
		"curl: a command":     {format.ReadCurl, "curl $(cat x)", "line 1: the command would run another"},
		"curl: an open quote": {format.ReadCurl, "curl 'http://h", "line 1: a ' is not closed"},
		"curl: cmd.exe":       {format.ReadCurl, "curl ^\"http://h^\" ^\n", "line 1: this is for cmd.exe"},
		"curl: no URL":        {format.ReadCurl, "curl -X POST", "line 1: the command has no URL"},
		"curl: no value":      {format.ReadCurl, "curl http://h -H", "line 1: -H has no value"},
		"ngrok: a bad raw": {format.ReadNgrok,
			"{\"requests\":[\n{\"request\":{\"raw\":\"" + raw + "\"}}]}",
			"line 2: 0 Host fields"},
		"stripe: another line": {format.ReadStripe,
			"> Ready!\n{\"id\":1}\n",
			`line 2: "{\"id\":1}" is not an event`},
		"stripe: cut":     {format.ReadStripe, "{\n\"id\":", "line 1: the event is cut"},
		"smee: no stream": {format.ReadSmee, "<html>\n", `line 1: "<html>" is not a line`},
		"smee: no JSON": {format.ReadSmee,
			"id: 1\ndata: x\n\n",
			"line 2: the data is not a JSON object"},
	} {
		all, err := items(c.read, c.text)
		wrong := new(format.Error)
		if !errors.As(err, &wrong) || !strings.HasPrefix(err.Error(), c.want) || len(all) > 0 {
			t.Errorf("%s: %d, %v, want %s", name, len(all), err, c.want)
		}
	}
}

func TestInputIsBounded(t *testing.T) {
	long := strings.Repeat("x", 2000)
	small := format.Options{MaxMessage: 1000, MaxFile: 1000}
	for name, c := range map[string]struct {
		read format.Reader
		text string
	}{
		"HAR": {format.ReadHAR, long},
		"HAR body": {format.ReadHAR,
			`{"log":{"entries":[{"request":{"method":"GET","url":"http://h","postData":{"text":"` + long[:900]},
		"http":       {format.ReadHTTP, "### " + long},
		"raw head":   {format.ReadHTTP, "GET / HTTP/1.1\nHost: " + long},
		"raw length": {format.ReadHTTP, "GET / HTTP/1.1\nHost: h\nContent-Length: 2000\n\n"},
		"raw chunk": {format.ReadHTTP,
			"GET / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n7d0\n" + long},
		"raw chunks": {format.ReadHTTP, "GET / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n" +
			strings.Repeat("1f4\n"+long[:500]+"\n", 5)},
		"raw rest":    {format.ReadHTTP, "POST / HTTP/1.1\nHost: h\n\n{" + long},
		"curl":        {format.ReadCurl, long},
		"ngrok":       {format.ReadNgrok, long},
		"stripe":      {format.ReadStripe, long},
		"stripe many": {format.ReadStripe, "{\n" + strings.Repeat("\"a\":1,\n", 400)},
		"smee":        {format.ReadSmee, "data: " + long},
		"smee many":   {format.ReadSmee, strings.Repeat("data: "+long[:500]+"\n", 5)},
	} {
		r := strings.NewReader(c.text + strings.Repeat("\n", 1<<20))
		var got error
		for _, err := range c.read(r, small) {
			got = err
		}
		wrong := new(format.Error)
		if !errors.As(got, &wrong) || !strings.Contains(strings.Replace(wrong.Text, "larger", "longer", 1), "longer than") {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzReaders(f *testing.F) {
	readers := []format.Reader{format.ReadHAR, format.ReadHTTP, format.ReadCurl, format.ReadNgrok,
		format.ReadStripe, format.ReadSmee}
	for i, file := range []string{"chromium.har", "client.http", "chrome.curl", "ngrok.json",
		"stripe.ndjson", "smee.events"} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(i, string(text))
	}
	f.Add(1, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: 1\r\n\r\n"+
		"GET / HTTP/1.1\nHost: h\n\nx")
	f.Fuzz(func(t *testing.T, which int, text string) {
		all, err := items(readers[uint(which)%uint(len(readers))], text)
		if wrong := new(format.Error); err != nil && !errors.As(err, &wrong) {
			t.Fatalf("%T %v", err, err)
		}
		for _, item := range all {
			x := item.Exchange
			if x.Request.Method == "" || x.Request.URL == "" || item.Line < 1 || x.Start.Year() > 9999 {
				t.Fatalf("%+v", item)
			}
			for _, field := range x.Request.Header {
				if err := record.CheckField(field); err != nil {
					t.Fatal(err)
				}
			}
			text, _ := written(t, newHAR, x)
			if !json.Valid([]byte(text)) {
				t.Fatal(text)
			}
			written(t, newHTTP, x)
			written(t, newCurl, x)
		}
	})
}
