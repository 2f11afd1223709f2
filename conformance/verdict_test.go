package conformance

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// request is sent to every receiver, byte for byte.
type request struct {
	name    string
	scheme  string
	fields  []string // header lines as on the wire
	body    []byte
	chunked bool
	valid   bool
	// except holds the reasons why receivers, by name, may contradict valid.
	except map[string]string
}

// barb listen accepts and refuses the same requests as the receivers.
func TestBarbListenJudgesAsReceiversDo(t *testing.T) {
	urls := map[string]string{}
	for _, r := range receivers() {
		urls[r.name] = start(t, r)
	}
	for _, req := range append(genericRequests(t), timestampedRequests(t)...) {
		t.Run(req.scheme+"/"+req.name, func(t *testing.T) {
			for _, r := range receivers() {
				reason, differs := req.except[r.name]
				if got := accepts(t, urls[r.name], req); got != (req.valid != differs) {
					t.Errorf("%s accepts it: %v; it is valid: %v; exception: %q", r.name, got, req.valid, reason)
				}
			}
		})
	}
}

// accepts writes the request to a new socket, since an HTTP client would normalise the headers, and returns the
// verdict.
func accepts(t *testing.T, url string, r request) bool {
	t.Helper()
	host := strings.TrimPrefix(url, "http://")
	conn, err := net.DialTimeout("tcp", host, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(r.wire(host)); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	switch answer.StatusCode {
	case http.StatusOK:
		return true
	case http.StatusUnauthorized:
		return false
	}
	t.Fatalf("%s answers %s, which is no verdict", url, answer.Status)
	return false
}

func (r request) wire(host string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", r.scheme, host)
	for _, field := range r.fields {
		b.WriteString(field + "\r\n")
	}
	if r.chunked {
		fmt.Fprintf(&b, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(r.body), r.body)
	} else {
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(r.body), r.body)
	}
	return b.Bytes()
}

// sign returns the signature header's value printed by barb sign.
func sign(t *testing.T, scheme, secret string, body []byte, more ...string) string {
	t.Helper()
	args := append([]string{"sign", "-o", "value", "-s", scheme, "--secret", secret}, more...)
	out, code := run(t, body, args...)
	if code != 0 {
		t.Fatalf("barb %s: exit code %d", strings.Join(args, " "), code)
	}
	return strings.TrimSuffix(out, "\n")
}
