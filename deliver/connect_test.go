package deliver_test

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

func TestUnixSocketIsReachedByAnyHost(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	p := listenOn(t, ln, nil, answers(ok))
	x := post(t.Context(), newClient(t, deliver.Options{UnixSocket: path}), "http://app.internal/hook", "{}")
	if x.Status() != 200 || !strings.Contains(p.received()[0], "Host: app.internal\r\n") {
		t.Errorf("%v %q", x.Err, p.received())
	}
}

func TestResolveLeadsElsewhere(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, answers(ok))
	host, port, _ := net.SplitHostPort(p.addr)
	from, to, err := deliver.ParseResolve("Hooks.Example:" + port + ":" + host)
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, deliver.Options{Resolve: map[string]string{from: to}})
	x := post(t.Context(), c, "http://hooks.example:"+port+"/", "{}")
	if x.Status() != 200 || !strings.Contains(p.received()[0], "Host: hooks.example:"+port+"\r\n") || x.Remote != p.addr {
		t.Errorf("%v %q from %s", x.Err, p.received(), x.Remote)
	}
	if _, to, err := deliver.ParseResolve("h:443:[::1]"); err != nil || to != "[::1]:443" {
		t.Errorf("%s %v", to, err)
	}
}

func TestFailuresToConnectHaveNames(t *testing.T) {
	t.Parallel()
	const closed = "http://127.0.0.1:1" // a port that was just closed may be another test's in the next moment
	short := deliver.Options{ConnectTimeout: 2 * time.Second}
	tests := []struct {
		name, url string
		o         deliver.Options
		want      record.FailureKind
	}{
		{"a closed port", closed, short, record.FailRefused},
		{"no such socket", "http://x/", deliver.Options{UnixSocket: filepath.Join(t.TempDir(), "none")}, record.FailRefused},
		{"no such host", "http://no-such-host.invalid/", short, record.FailDNS},
	}
	for _, test := range tests {
		x := post(within(t, 20*time.Second), newClient(t, test.o), test.url, "{}")
		if kindOf(x) != test.want || x.Err.Ambiguous || x.Err.Permanent || x.Response != nil || !x.Ended {
			t.Errorf("%s: %+v", test.name, x.Err)
		}
	}
}

func TestWhatCannotBeSentIsRefusedForGood(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, answers(ok))
	c := newClient(t, deliver.Options{})
	field := func(name, value string) record.Request {
		return record.Request{Method: "POST", URL: p.url(), Body: []byte("abc"),
			Header: record.Header{{Name: name, Value: value}}}
	}
	to := func(url string) record.Request { return record.Request{Method: "POST", URL: url} }
	tests := map[string]record.Request{
		"no scheme":                to("example.com/x"),
		"another scheme":           to("ftp://127.0.0.1/"),
		"no host":                  to("http:///x"),
		"a bad port":               to("http://127.0.0.1:port/"),
		"a port out of range":      to("http://127.0.0.1:65536/"),
		"a user name":              to("http://u:p@" + p.addr),
		"a host that is not ASCII": to("http://bücher.example/"),
		"a space in the URL":       to(p.url() + "/a b"),
		"a break in the URL":       to(p.url() + "/a\r\nX: y"),
		"a bad method":             {Method: "PO ST", URL: p.url()},
		"no method":                {URL: p.url()},
		"a break in a header":      field("X", "a\r\nEvil: b"),
		"a space in a name":        field("X y", "a"),
		"a length that lies":       field("Content-Length", "2"),
		"two framings": {Method: "POST", URL: p.url(), Header: record.Header{{Name: "Content-Length", Value: "0"},
			{Name: "Transfer-Encoding", Value: "chunked"}}},
	}
	for name, r := range tests {
		s := &deliver.Sender{Client: c, Policy: deliver.DefaultPolicy()}
		a := run(t.Context(), t, s, record.Exchange{Request: r})
		if x := a[0].Exchange; len(a) != 1 || a[0].Decision != deliver.Final || !x.Err.Permanent || x.Err.Ambiguous {
			t.Errorf("%s: %s, %v", name, decisions(a), x.Err)
		}
		if err := c.Prepare(&r); err == nil || err.Error() != a[0].Why {
			t.Errorf("%s: Prepare says %v, the attempt %q", name, err, a[0].Why)
		}
	}
	if p.connections() != 0 {
		t.Errorf("%d connections were made", p.connections())
	}
}

// onlyOn listens on one loopback address at a port that nobody has on the other.
func onlyOn(t *testing.T, host, other string) (ln net.Listener, port string) {
	t.Helper()
	for range 100 {
		ln, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		free, err := net.Listen("tcp", net.JoinHostPort(other, port))
		if err == nil {
			_ = free.Close()
			return ln, port
		}
		_ = ln.Close()
	}
	t.Fatal("no port is free on both addresses")
	return nil, ""
}

// An app may listen on one of the two addresses of this machine; names below localhost are not looked up.
func TestAnAppOnEitherLoopbackAddressIsFound(t *testing.T) {
	t.Parallel()
	for host, other := range map[string]string{"127.0.0.1": "::1", "::1": "127.0.0.1"} {
		ln, port := onlyOn(t, host, other)
		p := listenOn(t, ln, nil, answers(ok, ok, ok, ok))
		client := newClient(t, deliver.Options{})
		names := []string{"localhost", "app.LocalHost", "hooks.app.localhost.", "127.0.0.1"}
		for _, name := range names {
			x := post(t.Context(), client, "http://"+name+":"+port+"/hook", "{}")
			if x.Status() != 200 || x.Remote != net.JoinHostPort(host, port) {
				t.Errorf("%s with the app on %s: %v from %q", name, host, x.Err, x.Remote)
			}
		}
		if got := len(p.received()); got != len(names) {
			t.Errorf("the app on %s got %d requests", host, got)
		}
	}
}

// Only a refused connection moves on: an app that took the request and gave no answer may have acted on it.
func TestTheOtherLoopbackAddressIsNotTriedAfterAConnection(t *testing.T) {
	t.Parallel()
	ln, port := onlyOn(t, "127.0.0.1", "::1")
	listenOn(t, ln, nil, func(c *talk) { c.request() })
	ln, err := net.Listen("tcp", net.JoinHostPort("::1", port))
	if err != nil {
		t.Fatal(err)
	}
	second := listenOn(t, ln, nil, answers(ok))
	x := post(t.Context(), newClient(t, deliver.Options{}), "http://localhost:"+port, "{}")
	if x.FailureKind() != record.FailReset || len(second.received()) != 0 {
		t.Errorf("%v; the second got %q", x.Err, second.received())
	}
}

func TestAnExactAddressIsTheOnlyOne(t *testing.T) {
	t.Parallel()
	ln, port := onlyOn(t, "127.0.0.1", "::1")
	p := listenOn(t, ln, nil, answers(ok))
	for url, o := range map[string]deliver.Options{
		"http://[::1]:" + port:     {},
		"http://localhost:" + port: {Resolve: map[string]string{"localhost:" + port: "[::1]:" + port}},
	} {
		if x := post(t.Context(), newClient(t, o), url, "{}"); x.FailureKind() != record.FailRefused {
			t.Errorf("%s: %v", url, x.Err)
		}
	}
	if got := p.received(); len(got) != 0 {
		t.Errorf("the other got %q", got)
	}
}
