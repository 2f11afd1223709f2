package listen_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/listen"
)

func TestServeRefusesWhatCanBeReadTwoWays(t *testing.T) {
	post := "POST / HTTP/1.1\r\nHost: h\r\n"
	wantRefusals(t, map[string]refused{
		"length and chunks":        {post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		"two lengths":              {post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", 400},
		"two lengths, case":        {post + "Content-Length: 2\r\ncontent-length: 3\r\n\r\nhi", 400},
		"a list of lengths":        {post + "Content-Length: 2, 2\r\n\r\nhi", 400},
		"length +12":               {post + "Content-Length: +12\r\n\r\n012345678901", 400},
		"length -1":                {post + "Content-Length: -1\r\n\r\n", 400},
		"length 0x2":               {post + "Content-Length: 0x2\r\n\r\nhi", 400},
		"empty length":             {post + "Content-Length:\r\n\r\n", 400},
		"length of 30 digits":      {post + "Content-Length: " + strings.Repeat("9", 30) + "\r\n\r\n", 400},
		"unknown coding":           {post + "Transfer-Encoding: gzip\r\n\r\n", 501},
		"two codings":              {post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
		"chunked twice":            {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
		"almost chunked":           {post + "Transfer-Encoding: xchunked\r\n\r\n", 501},
		"chunks in HTTP/1.0":       {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		"space before colon":       {post + "Content-Length : 2\r\n\r\nhi", 400},
		"tab before colon":         {post + "Transfer-Encoding\t: chunked\r\n\r\n", 400},
		"folded line":              {post + "X: a\r\n b\r\n\r\n", 400},
		"folded first line":        {"POST / HTTP/1.1\r\n X: a\r\nHost: h\r\n\r\n", 400},
		"bare LF":                  {"POST / HTTP/1.1\nHost: h\n\n", 400},
		"one bare LF":              {post + "X: a\nY: b\r\n\r\n", 400},
		"bare LF at the end":       {post + "\n", 400},
		"bare CR in a value":       {post + "X: a\rY: b\r\n\r\n", 400},
		"NUL in a value":           {post + "X: a\x00b\r\n\r\n", 400},
		"NUL in a name":            {post + "X\x00: b\r\n\r\n", 400},
		"control in a value":       {post + "X: \x1b[2J\r\n\r\n", 400},
		"no colon":                 {post + "X\r\n\r\n", 400},
		"empty name":               {post + ": x\r\n\r\n", 400},
		"no Host":                  {"POST / HTTP/1.1\r\nX: y\r\n\r\n", 400},
		"two Hosts":                {post + "host: h\r\n\r\n", 400},
		"Host with a path":         {"POST / HTTP/1.1\r\nHost: h/x?\r\n\r\n", 400},
		"Host with a user":         {"POST / HTTP/1.1\r\nHost: a@h\r\n\r\n", 400},
		"Host with a large port":   {"POST / HTTP/1.1\r\nHost: h:99999\r\n\r\n", 400},
		"Host with a word as port": {"POST / HTTP/1.1\r\nHost: h:abc\r\n\r\n", 400},
		"Host with a signed port":  {"POST / HTTP/1.1\r\nHost: h:+80\r\n\r\n", 400},
		"Host with two ports":      {"POST / HTTP/1.1\r\nHost: h:80:80\r\n\r\n", 400},
		"Host of a port alone":     {"POST / HTTP/1.1\r\nHost: :80\r\n\r\n", 400},
		"Host with a bracket":      {"POST / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
		"Host with the other":      {"POST / HTTP/1.1\r\nHost: ::1]\r\n\r\n", 400},
		"Host with one inside":     {"POST / HTTP/1.1\r\nHost: a[::1]\r\n\r\n", 400},
		"Host with a name in them": {"POST / HTTP/1.1\r\nHost: [h]:80\r\n\r\n", 400},
		"Host with IPv4 in them":   {"POST / HTTP/1.1\r\nHost: [127.0.0.1]\r\n\r\n", 400},
		"Host with more behind":    {"POST / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400},
		"Host of bare IPv6":        {"POST / HTTP/1.1\r\nHost: ::1\r\n\r\n", 400},
		"Host with a blank":        {"POST / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
		"Host with a bad escape":   {"POST / HTTP/1.1\r\nHost: a%zz\r\n\r\n", 400},
		"Host in HTTP/1.0":         {"POST / HTTP/1.0\r\nHost: h:99999\r\n\r\n", 400},
		"target with a large port": {"POST http://h:99999/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"target with a bracket":    {"POST http://[::1/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"target with a user":       {"POST http://a@h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"target without a host":    {"POST http:///a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"target without a slash":   {"POST x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"asterisk without OPTIONS": {"POST * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"foreign scheme":           {"GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"CONNECT":                  {"CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n", 501},
		"no version":               {"POST /\r\nHost: h\r\n\r\n", 400},
		"two spaces":               {"POST  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"a space in the target":    {"POST /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"tab for a space":          {"POST\t/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"space after the version":  {"POST / HTTP/1.1 \r\nHost: h\r\n\r\n", 505},
		"control in the target":    {"POST /\x7f HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"malformed method":         {"PO(ST / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"HTTP/2":                   {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
		"HTTP/1.2":                 {"POST / HTTP/1.2\r\nHost: h\r\n\r\n", 505},
		"not HTTP":                 {"SSH-2.0-OpenSSH_9.9\r\n\r\n", 400},
		"many empty lines":         {"\r\n\r\n\r\n" + post + "\r\n", 400},
	})
}

func TestServeRefusesMalformedChunks(t *testing.T) {
	chunked := "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
	wantRefusals(t, map[string]refused{
		"chunk size empty":            {chunked + "\r\n\r\n", 400},
		"chunk size +1":               {chunked + "+1\r\nx\r\n0\r\n\r\n", 400},
		"chunk size 0x1":              {chunked + "0x1\r\nx\r\n0\r\n\r\n", 400},
		"chunk size with a space":     {chunked + " 1\r\nx\r\n0\r\n\r\n", 400},
		"chunk size and a space":      {chunked + "1 \r\nx\r\n0\r\n\r\n", 400},
		"chunk size of 17 digits":     {chunked + "00000000000000001\r\nx\r\n0\r\n\r\n", 400},
		"chunk size ends in LF":       {chunked + "1\nx\r\n0\r\n\r\n", 400},
		"chunk ends in LF":            {chunked + "1\r\nx\n0\r\n\r\n", 400},
		"chunk longer than its size":  {chunked + "1\r\nxy\r\n0\r\n\r\n", 400},
		"control in an extension":     {chunked + "1;a\rb\r\nx\r\n0\r\n\r\n", 400},
		"line of extensions too long": {chunked + "1;" + strings.Repeat("a", 5000) + "\r\nx\r\n0\r\n\r\n", 400},
		"too many extensions": {chunked + strings.Repeat("1;"+strings.Repeat("a", 1000)+"\r\nx\r\n", 20) +
			"0\r\n\r\n", 400},
		"trailers end in LF": {chunked + "0\r\n\nX: y\r\n\r\n", 400},
		"malformed trailer":  {chunked + "0\r\nX : y\r\n\r\n", 400},
	})
}

func TestServeRefusesWhatIsTooLarge(t *testing.T) {
	post := "POST / HTTP/1.1\r\nHost: h\r\n"
	chunked := post + "Transfer-Encoding: chunked\r\n\r\n"
	wantRefusals(t, map[string]refused{
		"trailers too large":     {chunked + "0\r\nX: " + strings.Repeat("y", 70<<10) + "\r\n\r\n", 414},
		"chunk over the cap":     {chunked + "FFFFFFFFFFFFFFFF\r\n", 413},
		"length over the cap":    {post + "Content-Length: 999999999999999999\r\n\r\n", 413},
		"header of 100 KB":       {post + "X: " + strings.Repeat("y", 100<<10) + "\r\n\r\n", 431},
		"10,000 headers":         {post + strings.Repeat("X-Header: y\r\n", 10_000) + "\r\n", 431},
		"request line of 200 KB": {"POST /" + strings.Repeat("y", 200<<10) + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
	})
}

// refused is a request and what it must be answered.
type refused struct {
	request string
	status  int
}

// wantRefusals sends each request, and one more behind it that must never be taken for a request of its own.
func wantRefusals(t *testing.T, cases map[string]refused) {
	t.Helper()
	r := serve(t, server{})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { wantRefusal(t, r.talk(t, c.request+hook), c.status) })
	}
	if n := r.shelf.len(); n != 0 {
		t.Errorf("%d refused requests were recorded, the first is %q", n, r.shelf.kept[0].Request.Head)
	}
}

func TestServeRefusesWhatBreaksOff(t *testing.T) {
	post := "POST / HTTP/1.1\r\nHost: h\r\n"
	chunked := post + "Transfer-Encoding: chunked\r\n\r\n"
	r := serve(t, server{})
	for name, request := range map[string]string{
		"in the request line":     "POST / HT",
		"in a head":               "POST / HTTP/1.1\r\nHost",
		"before the empty line":   post,
		"before a body":           post + "Content-Length: 3\r\n\r\n",
		"in a body":               post + "Content-Length: 3\r\n\r\nhi",
		"before a chunk":          chunked,
		"in a chunk":              chunked + "5\r\nx",
		"after a chunk":           chunked + "1\r\nx\r\n",
		"before the trailers":     chunked + "0\r\n",
		"in the trailers":         chunked + "0\r\nX: y\r\n",
		"in the end of the chunk": chunked + "1\r\nx\r",
	} {
		t.Run(name, func(t *testing.T) { wantRefusal(t, r.talk(t, request), 400) })
	}
	if n := r.shelf.len(); n != 0 {
		t.Errorf("%d were recorded", n)
	}
}

// wantRefusal checks that got is one answer, made of constants, that ends the connection.
func wantRefusal(t *testing.T, got string, status int) {
	t.Helper()
	head, body, _ := strings.Cut(got, "\r\n\r\n")
	reason := http.StatusText(status)
	_, date, _ := strings.Cut(head, "Date: ")
	date, _, _ = strings.Cut(date, "\r\n")
	want := fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"+
		"Date: %s\r\nConnection: close",
		status, reason, len(reason)+1, date)
	if head != want || body != reason+"\n" {
		t.Errorf("answered %q, want a single %d", got, status)
	}
}

func TestServeTakesBodiesUpToItsCap(t *testing.T) {
	const limit = 8 << 20
	r := serve(t, server{MaxBody: limit})
	sized := func(n int) string {
		return fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", n, strings.Repeat("x", n))
	}
	chunked := func(n int) string {
		return fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n1\r\nx\r\n0\r\n\r\n",
			n-1, strings.Repeat("x", n-1))
	}
	for name, request := range map[string]string{"sized": sized(limit), "chunked": chunked(limit)} {
		t.Run("exactly, "+name, func(t *testing.T) {
			r.dial(t).send(request).wantStatus(200)
			if x := r.shelf.next(t); len(x.Request.Body) != limit {
				t.Errorf("body of %d bytes", len(x.Request.Body))
			}
		})
	}
	for name, request := range map[string]string{"sized": sized(limit + 1), "chunked": chunked(limit + 1)} {
		t.Run("and not a byte more, "+name, func(t *testing.T) {
			c := r.dial(t).send(request) // all of it before it reads: a reset would lose the answer
			c.wantStatus(413)
			if rest := c.rest(); rest != "" {
				t.Errorf("after the refusal came %q", rest)
			}
			if refusal := receive(t, r.refusals, "a refusal"); refusal.Status != 413 || refusal.Method != http.MethodPost {
				t.Errorf("refusal = %+v", refusal)
			}
		})
	}
}

func TestServeCutsEndlessBodies(t *testing.T) {
	const limit = 1 << 20
	r := serve(t, server{MaxBody: limit})
	block := strings.Repeat("x", 64<<10)
	cases := map[string]struct{ head, block string }{
		"2 GB": {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2147483648\r\n\r\n", block},
		"endless chunks": {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
			fmt.Sprintf("%x\r\n%s\r\n", len(block), block)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			sender := r.dial(t).send(c.head)
			sent := 0
			for {
				n, err := io.WriteString(sender, c.block)
				sent += n
				if err != nil {
					break
				}
			}
			if sent > 64<<20 { // the kernel's buffers take some of it
				t.Errorf("%d bytes were taken", sent)
			}
			sender.wantStatus(413)
		})
	}
}

// A client that waits for our half of a handshake is not left waiting.
func TestServeHangsUpOnTLS(t *testing.T) {
	r := serve(t, server{})
	if got := r.dial(t).send("\x16\x03\x01\x02\x00\x01").rest(); got != "" {
		t.Errorf("answered %q", got)
	}
	if refusal := receive(t, r.refusals, "a refusal"); !errors.Is(refusal.Err, listen.ErrTLS) || refusal.Remote == "" {
		t.Errorf("refusal = %+v", refusal)
	}
}

func TestServeTellsWhatItRefuses(t *testing.T) {
	r := serve(t, server{})
	r.talk(t, "POST http://h/a%20b?token=secret HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n")
	refusal := receive(t, r.refusals, "a refusal")
	if refusal.Method != http.MethodPost || refusal.Path != "/a%20b" || refusal.Status != 400 || refusal.Remote == "" ||
		refusal.Err == nil {
		t.Errorf("refusal = %+v", refusal)
	}
}

func TestServeRefusesHEADWithoutABody(t *testing.T) {
	r := serve(t, server{})
	got := r.talk(t, "HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n")
	if head, body, _ := strings.Cut(got, "\r\n\r\n"); !strings.HasPrefix(head, "HTTP/1.1 400 ") || body != "" {
		t.Errorf("answered %q", got)
	}
}

func TestServeCutsSlowSenders(t *testing.T) {
	const short = 60 * time.Millisecond
	cases := map[string]struct {
		server  server
		request string
		want    string
	}{
		"before a head":    {server{HeadTimeout: short}, "", ""},
		"in a head":        {server{HeadTimeout: short}, "POST / HTTP/1.1\r\nHost: h\r\n", "408 Request Timeout"},
		"in a second head": {server{HeadTimeout: short}, hook + "POST", "408 Request Timeout"},
		"between requests": {server{KeepIdle: short}, hook, "200 OK"},
		"in a body": {server{BodyIdle: short}, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nab",
			"408 Request Timeout"},
		"in a body that came well": {server{BodyIdle: short},
			"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n" + strings.Repeat("x", 1_000_000),
			"408 Request Timeout"},
		"in chunks": {server{BodyIdle: short}, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na",
			"408 Request Timeout"},
		"in trailers": {server{BodyIdle: short}, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
			"408 Request Timeout"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := serve(t, c.server).dial(t).send(c.request).rest()
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("answered %q, want %q", got, c.want)
			}
		})
	}
}

func TestServeCutsBodiesThatOnlyTrickle(t *testing.T) {
	r := serve(t, server{BodyIdle: 100 * time.Millisecond})
	c := r.dial(t).send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")
	over := make(chan struct{})
	trickling := make(chan struct{})
	go func() {
		defer close(trickling)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
				_, _ = c.Write([]byte("x")) // it fails once the server is through, which is what is asked below
			}
		}
	}()
	c.wantStatus(408)
	close(over)
	<-trickling
}

// Nobody has to wait for the end of a head, or of a line, to know that it is no request.
func TestServeRefusesABadRequestLineAtOnce(t *testing.T) {
	r := serve(t, server{HeadTimeout: time.Hour})
	for name, c := range map[string]struct {
		begun  string
		status int
	}{
		"a whole line that is none":    {"hello\r\n", 400},
		"another protocol":             {"SSH-2.0-OpenSSH_9.9\r\n", 400},
		"mail":                         {"EHLO client.example\r\n", 400},
		"no version, as in HTTP/0.9":   {"GET /\r\n", 400},
		"a bare LF":                    {"GET / HTTP/1.1\n", 400},
		"a version that is not spoken": {"GET / HTTP/2.0\r\n", 505},
		"the beginning of HTTP/2":      {"PRI * HTTP/2", 505},
		"half a version that is none":  {"GET / FTP", 400},
		"lower case":                   {"GET / http/1", 400},
		"a zero byte":                  {"\x00", 400},
		"an escape sequence":           {"\x1b[2J", 400},
		"beyond ASCII":                 {"\xff\xfe", 400},
		"a method without end":         {strings.Repeat("A", 65), 400},
		"a method that is no token":    {"GE(", 400},
		"a blank first":                {" GET", 400},
		"a blank before the target":    {"GET  /", 400},
		"a control character in it":    {"GET /\x7f", 400},
		"a tab in it":                  {"GET /a\tb", 400},
		"after the empty line":         {"\r\nGE(", 400},
		"after a good request":         {hook + "GE(", 400},
		"a JSON document":              {"{\"a\":1}", 400},
		"5000 zero bytes":              {strings.Repeat("\x00", 5000), 400},
		"a method of 4096 bytes":       {strings.Repeat("A", 4096), 400},
		"a version beside a long head": {"POST / HTTP/9.9\r\nX: " + strings.Repeat("a", 5000), 505},
		"lower case beside a long one": {"POST / http/1.1\r\nX: " + strings.Repeat("a", 5000), 400},
		"a long target, no version":    {"GET /" + strings.Repeat("a", 9000) + "\r\n", 400},
		"a zero byte in a long target": {"GET /" + strings.Repeat("a", 9000) + "\x00", 400},
		"a CR at its end":              {"GET /" + strings.Repeat("a", 4090) + "\rb", 400},
		"a version after a long one":   {"GET /" + strings.Repeat("a", 9000) + " HTTP/2", 505},
		"a bare CR first":              {"\rGET / HTTP/1.1\r\n", 400},
		"a bare CR in the line":        {"GET /\r", 400},
		"after one without a body":     {"GET / HTTP/1.1\r\nHost: h\r\n\r\n{", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sender := r.dial(t).send(c.begun)
			if strings.HasPrefix(c.begun, hook) || strings.HasPrefix(c.begun, "GET / HTTP/1.1\r\nHost") {
				sender.wantStatus(200)
			}
			sender.wantStatus(c.status)
		})
	}
}

// Every beginning of a request that is good is waited on.
func TestServeWaitsForARequestLineInDrops(t *testing.T) {
	r := serve(t, server{})
	for _, request := range []string{hook, "\r\n" + hook, "\n" + hook, "OPTIONS * HTTP/1.0\r\n\r\n",
		"GET /" + strings.Repeat("a", 5000) + " HTTP/1.1\r\nHost: h\r\n\r\n"} {
		t.Run(request[:20], func(t *testing.T) {
			t.Parallel()
			c := r.dial(t)
			_ = c.SetNoDelay(true)
			for i := range len(request) {
				c.send(request[i : i+1])
			}
			c.wantStatus(200)
		})
	}
}

func TestServeServesOthersBesideSlowSenders(t *testing.T) {
	r := serve(t, server{})
	for range 50 {
		r.dial(t).send("POST / HT")
		r.dial(t).send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na")
	}
	for range 50 {
		r.dial(t).send(hook).wantStatus(200)
	}
	r.stop()
}
