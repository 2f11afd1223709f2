package record_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store/record"
)

func TestParseResponseIsLenientWhereClientsMustBe(t *testing.T) {
	want := record.Header{{Name: "a", Value: "b"}, {Name: "A", Value: ""}}
	for _, head := range []string{"HTTP/1.1 200 OK\r\na: b\r\nA:\r\n\r\n", "HTTP/1.0 200\na:b\nA:\n\n",
		"HTTP/1.1 200 \r\na: b\nA: \r\n\n"} {
		got, err := record.ParseResponse(head)
		if err != nil || got.Status != 200 || got.Head != head {
			t.Fatalf("ParseResponse(%q) = %+v, %v", head, got, err)
		}
		if diff := cmp.Diff(want, got.Header); diff != "" {
			t.Errorf("%q (-want +got):\n%s", head, diff)
		}
		if again := string(got.AppendHead(nil)); again != head {
			t.Errorf("AppendHead = %q, want %q", again, head)
		}
	}
}

// RFC 9112, sections 2.2, 5.1 and 5.2; the head is kept as it came.
func TestParseResponseReadsWhatServersShouldNotSend(t *testing.T) {
	for lines, want := range map[string]string{
		"a: b\r\n c\r\n":              "a=b c;",
		"a: b \r\n\t c\r\n \r\n  d\n": "a=b c  d;",
		"a:\r\n b\r\nc: d\r\n":        "a=b;c=d;",
		"a\r\n : b\r\n":               "a=b;",
		" x: y\r\n z\r\na: b\r\n":     "a=b;",
		"a : b\r\nc\t \t:d\r\n":       "a=b;c=d;",
		"a b: c\r\n: x\r\nd: e\r\n":   "d=e;",
		"\xc3\xa9: x\r\nd: e\r\n":     "d=e;",
		"a: b\rc\x01\x7f\r\n":         "a=b c;",
		"a: \x1b[2J\r\n":              "a=[2J;",
	} {
		head := "HTTP/1.1 200 OK\r\n" + lines + "\r\n"
		r, err := record.ParseResponse(head)
		if err != nil || r.Head != head {
			t.Errorf("%q: %v", lines, err)
			continue
		}
		got := ""
		for _, f := range r.Header {
			got += f.Name + "=" + f.Value + ";"
		}
		if got != want {
			t.Errorf("%q became %q, want %q", lines, got, want)
		}
	}
}

// A head of nothing but folds is read in one pass.
func TestParseResponseReadsManyFoldsInOnePass(t *testing.T) {
	const folds = 500_000
	r, err := record.ParseResponse("HTTP/1.1 200 OK\r\na: b\r\n" + strings.Repeat(" c\n", folds) + "\r\n")
	if err != nil || len(r.Header) != 1 || len(r.Header[0].Value) != 1+2*folds {
		t.Errorf("%d fields, %v", len(r.Header), err)
	}
}

// What curl reads as the status 200, too; the version is then the one that was spoken.
func TestParseResponseReadsOddStatusLines(t *testing.T) {
	for line, want := range map[string]string{
		"HTTP/1.1  200 OK": "HTTP/1.1 OK", "HTTP/1.1 200\tOK": "HTTP/1.1 OK", "HTTP/1.1\t \t200\tOK": "HTTP/1.1 OK",
		"http/1.1 200 OK": "HTTP/1.1 OK", "Http/1.0 200 OK": "HTTP/1.0 OK", "HTTP/2 200 OK": "HTTP/1.1 OK",
		"HTTP/2.0 200": "HTTP/1.1 ", "http/2\t200 \t": "HTTP/1.1 \t",
	} {
		head := line + "\r\nA: b\r\n\r\n"
		r, err := record.ParseResponse(head)
		if err != nil || r.Status != 200 || r.Proto+" "+r.Reason != want || r.Head != head {
			t.Errorf("%q: %+v, %v", line, r, err)
		}
	}
}

func TestTheFramingOfAnAnswerIsNeverAmbiguous(t *testing.T) {
	const refused = -2
	for fields, want := range map[string]struct {
		length  int64
		chunked bool
	}{
		"":                      {-1, false},
		"Content-Length: 2":     {2, false},
		"Content-Length: 2, 02": {2, false},
		"Content-Length: 2,":    {2, false},
		"Content-Length: ,, 2\nContent-Length: 2 ,":              {2, false},
		"Content-Length: 2, 3":                                   {refused, false},
		"Content-Length: 2, 2x":                                  {refused, false},
		"Content-Length: 2\nContent-Length: 20":                  {refused, false},
		"Content-Length:":                                        {refused, false},
		"Content-Length: ,":                                      {refused, false},
		"Content-Length: -2":                                     {refused, false},
		"Transfer-Encoding: chunked":                             {-1, true},
		"Transfer-Encoding: Chunked ,":                           {-1, true},
		"Transfer-Encoding: , chunked\nTransfer-Encoding:":       {-1, true},
		"Transfer-Encoding: identity, chunked":                   {-1, true},
		"Transfer-Encoding: chunked\nContent-Length: 5":          {-1, true},
		"Transfer-Encoding: identity\nContent-Length: 5":         {5, false},
		"Transfer-Encoding: Identity,\nContent-Length: 5, 05":    {5, false},
		"Transfer-Encoding:\nContent-Length: 5":                  {5, false},
		"Transfer-Encoding: identity\nContent-Length: 5, 6":      {refused, false},
		"Transfer-Encoding: identity":                            {-1, false},
		"Transfer-Encoding: chunked, chunked":                    {refused, false},
		"Transfer-Encoding: chunked\nTransfer-Encoding: chunked": {refused, false},
		"Transfer-Encoding: gzip, chunked":                       {refused, false},
		"Transfer-Encoding: gzip\nContent-Length: 5":             {refused, false},
		"Transfer-Encoding: chunked;q=1":                         {refused, false},
	} {
		head := "HTTP/1.1 200 OK\n" + fields + "\n\n"
		if fields == "" {
			head = "HTTP/1.1 200 OK\n\n"
		}
		r, err := record.ParseResponse(head)
		if err != nil {
			t.Errorf("%q: %v", fields, err)
			continue
		}
		length, chunked, err := r.BodyFraming("POST")
		if err != nil {
			length = refused
		}
		if length != want.length || chunked != want.chunked {
			t.Errorf("%q: %d, %v, %v", fields, length, chunked, err)
		}
	}
}

func TestParseResponseRefusesWhatIsNotHTTP(t *testing.T) {
	for _, head := range []string{
		"", "\r\n\r\n", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/3 200\r\n\r\n", "HTTP/20 200\r\n\r\n", "HTTP/1.1200 OK\r\n\r\n",
		"HTTP/1.1\v200 OK\r\n\r\n", "HTTP/1.1 \t\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
		"HTTP/1.1 2000 OK\r\n\r\n",
		"HTTP/1.1 +20 OK\r\n\r\n", "HTTP/1.1 099 X\r\n\r\n", "HTTP/1.1 abc X\r\n\r\n", "HTTP/1.1 200 OK\r\n",
		"HTTP/1.1 200 OK\r\nx\r\n\r\n", "HTTP/1.1 200 OK\r\na: \x00\r\n\r\n", "HTTP/1.1 200 OK\r\na: b\r\n c\r\n",
	} {
		if got, err := record.ParseResponse(head); err == nil {
			t.Errorf("ParseResponse(%q) = %+v", head, got)
		}
	}
}
