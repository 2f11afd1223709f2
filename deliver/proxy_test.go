package deliver_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

// tunnel is a proxy that connects everything to one address, whatever is asked for.
func tunnel(target string) func(*talk) {
	return func(c *talk) {
		if _, ok := c.request(); !ok {
			return
		}
		out, err := net.Dial("tcp", target)
		if err != nil {
			return
		}
		c.say("HTTP/1.1 200 Connection established\r\n\r\n")
		c.join(out)
	}
}

// join copies between two connections until one ends.
func (c *talk) join(out net.Conn) {
	var way sync.WaitGroup
	way.Go(func() { _, _ = io.Copy(out, c.br); _ = out.Close() })
	_, _ = io.Copy(c, out)
	_ = c.Close()
	way.Wait()
}

// socks is the server side of SOCKS5 without authentication (RFC 1928), for host names.
func socks(target string, asked chan<- string) func(*talk) {
	return func(c *talk) {
		greeting := make([]byte, 3)
		_, _ = io.ReadFull(c.br, greeting)
		_, _ = c.Write([]byte{5, 0})
		head := make([]byte, 5)
		_, _ = io.ReadFull(c.br, head)
		rest := make([]byte, int(head[4])+2)
		_, _ = io.ReadFull(c.br, rest)
		asked <- string(rest[:head[4]])
		_, _ = c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		if out, err := net.Dial("tcp", target); err == nil {
			c.join(out)
		}
	}
}

func TestPlainRequestsGoThroughAProxy(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, answers(ok))
	c := newClient(t, deliver.Options{Proxy: "http://user:pass@" + p.addr})
	x := post(t.Context(), c, "http://hooks.example/in?x=1", "{}")
	if x.Status() != 200 {
		t.Fatal(x.Err)
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(p.received()[0])))
	if err != nil || r.RequestURI != "http://hooks.example/in?x=1" || r.Host != "hooks.example" ||
		r.Header.Get("Proxy-Authorization") == "" {
		t.Errorf("%v %q", err, p.received())
	}
}

func TestSecureRequestsGoThroughATunnel(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	target := listen(t, ca.server(t), answers(ok))
	asked := make(chan string, 1)
	connect, viaSocks := listen(t, nil, tunnel(target.addr)), listen(t, nil, socks(target.addr, asked))
	_, port, _ := net.SplitHostPort(target.addr)
	config := ca.client(t)
	config.ServerName = "127.0.0.1"
	for _, proxy := range []string{"http://" + connect.addr, connect.addr, "socks5://" + viaSocks.addr} {
		c := newClient(t, deliver.Options{TLS: config, Proxy: proxy})
		if x := post(t.Context(), c, "https://hooks.example:"+port+"/in", "{}"); x.Status() != 200 {
			t.Errorf("%s: %v", proxy, x.Err)
		}
	}
	if got := connect.received()[0]; !strings.HasPrefix(got, "CONNECT hooks.example:"+port+" HTTP/1.1\r\n") {
		t.Errorf("%q", got)
	}
	if got := <-asked; got != "hooks.example" {
		t.Errorf("asked for %q", got)
	}
	for _, request := range target.received() {
		if !strings.HasPrefix(request, "POST /in HTTP/1.1\r\n") {
			t.Errorf("%q", request)
		}
	}
}

func TestProxyThatDoesNotConnectIsARefusal(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, answers(say("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")))
	x := post(t.Context(), newClient(t, deliver.Options{Proxy: p.url()}), "https://hooks.example/", "{}")
	if kindOf(x) != record.FailRefused || x.Err.Ambiguous ||
		x.Err.Text != "the proxy answered 407 Proxy Authentication Required" {
		t.Errorf("%+v", x.Err)
	}
}

func TestProxyThatIsNotThereIsARefusal(t *testing.T) {
	t.Parallel()
	const proxy = "127.0.0.1:1"
	x := post(t.Context(), newClient(t, deliver.Options{Proxy: proxy}), "http://hooks.example/", "{}")
	if kindOf(x) != record.FailRefused || x.Err.Text != proxy+": connection refused" {
		t.Errorf("%+v", x.Err)
	}
}

func TestProxyVariablesAreReadButForLoopback(t *testing.T) {
	t.Parallel()
	proxy, target := listen(t, nil, answers(ok)), listen(t, nil, answers(ok))
	env := map[string]string{"HTTP_PROXY": proxy.addr, "HTTPS_PROXY": proxy.addr}
	c := newClient(t, deliver.Options{Env: func(name string) string { return env[name] }})
	if x := post(t.Context(), c, "http://hooks.example/", "{}"); x.Status() != 200 || len(proxy.received()) != 1 {
		t.Errorf("%v, the proxy got %d requests", x.Err, len(proxy.received()))
	}
	if x := post(t.Context(), c, target.url(), "{}"); x.Status() != 200 || len(proxy.received()) != 1 ||
		len(target.received()) != 1 {
		t.Errorf("loopback: %v, the proxy got %d requests", x.Err, len(proxy.received()))
	}
}

func TestADirectClientUsesItsProxyButForLoopback(t *testing.T) {
	t.Parallel()
	proxy, target := listen(t, nil, answers(ok)), listen(t, nil, answers(ok))
	c := newClient(t, deliver.Options{Proxy: proxy.url(), Direct: true})
	for url, through := range map[string]*peer{"http://hooks.example/": proxy, target.url(): target} {
		if x := post(t.Context(), c, url, "{}"); x.Status() != 200 || x.Remote != through.addr {
			t.Errorf("%s: %v from %s", url, x.Err, x.Remote)
		}
	}
}

func TestExactBytesDoNotGoThroughAProxy(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, answers(ok))
	x := &record.Exchange{Request: record.Request{Method: "GET", URL: "http://hooks.example/",
		Head: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"}}
	newClient(t, deliver.Options{Proxy: p.url()}).Do(t.Context(), x)
	if x.Err == nil || !x.Err.Permanent || p.connections() != 0 {
		t.Errorf("%+v", x.Err)
	}
}

func TestClientRefusesOptionsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]deliver.Options{
		`proxy scheme "ftp"`: {Proxy: "ftp://proxy.example"},
		"proxy has no host":  {Proxy: "http://"},
		"proxy is not a URL": {Proxy: "http://u:secret%zz@h"},
		"through a proxy":    {Proxy: "http://h", UnixSocket: "/s"},
		"control character":  {UserAgent: "a\r\nb"},
	} {
		if _, err := deliver.NewClient(o); err == nil || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// What a proxy is told of who asks goes to the proxy, and to nobody else: not to the endpoint, and not into the record.
func TestCredentialsOfAProxyStayWithIt(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	secure, plain := listen(t, ca.server(t), answers(ok)), listen(t, nil, answers(ok))
	connect := listen(t, nil, tunnel(secure.addr))
	for _, c := range []struct {
		url         string
		proxy, peer *peer
	}{{"https://" + secure.addr, connect, secure}, {"http://hooks.example/", plain, plain}} {
		x := post(t.Context(), newClient(t, deliver.Options{TLS: ca.client(t), Proxy: "http://user:pass@" + c.proxy.addr}),
			c.url, "{}")
		if x.Status() != 200 || x.Request.Header.Has("Proxy-Authorization") ||
			strings.Contains(x.Request.Head, "Proxy-Auth") {
			t.Errorf("%s: %v, recorded %+v", c.url, x.Err, x.Request)
		}
		if asked := c.proxy.received()[0]; !strings.Contains(asked, "\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n") {
			t.Errorf("the proxy got %q", asked)
		}
		if got := c.peer.received()[0]; c.peer != c.proxy && strings.Contains(got, "Proxy-Auth") {
			t.Errorf("the endpoint got %q", got)
		}
	}
}

func TestExactBytesGoThroughATunnel(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	p := listen(t, ca.server(t), answers(ok))
	proxy := listen(t, nil, tunnel(p.addr))
	head := "POST /a%2F HTTP/1.1\r\nhOST:x\r\ncontent-length: 2\r\n\r\n"
	x := &record.Exchange{Request: record.Request{Method: "POST", URL: p.url(), Head: head, Body: []byte("hi"),
		Header: record.Header{{Name: "content-length", Value: "2"}}}}
	newClient(t, deliver.Options{TLS: ca.client(t), Proxy: proxy.url()}).Do(t.Context(), x)
	if x.Status() != 200 || p.received()[0] != head+"hi" {
		t.Errorf("%+v, arrived %q", x.Err, p.received())
	}
}

// socksWith is the server side of SOCKS5 that says certain things.
func socksWith(replies ...string) func(*talk) {
	return func(c *talk) {
		for _, reply := range replies {
			if _, err := c.br.ReadByte(); err != nil {
				return
			}
			for c.br.Buffered() > 0 { // each part of a request comes in one write
				_, _ = c.br.Discard(c.br.Buffered())
			}
			c.say(reply)
		}
	}
}

func TestSocksProxiesSayWhyTheyDoNotConnect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		user    string
		replies []string
		kind    record.FailureKind
		text    string
	}{
		"no way of authentication": {"", []string{"\x05\xff"}, record.FailRefused, "no authentication method"},
		"a wrong password": {"u:p@", []string{"\x05\x02", "\x01\x01"}, record.FailRefused,
			"rejects the user name"},
		"refused": {"", []string{"\x05\x00", "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"},
			record.FailRefused, "SOCKS5 reply 5"},
		"an address that is none": {"", []string{"\x05\x00", "\x05\x00\x00\x09"}, record.FailProtocol, "SOCKS5"},
		"another protocol": {"", []string{"HTTP/1.1 400 Bad Request\r\n\r\n"}, record.FailRefused,
			"no authentication method"},
		"a connection that ends":      {"", []string{"\x05"}, record.FailReset, "closed"},
		"a reply that ends in a name": {"", []string{"\x05\x00", "\x05\x00\x00\x03\x09abc"}, record.FailReset, "closed"},
	} {
		p := listen(t, nil, socksWith(c.replies...))
		x := post(t.Context(), newClient(t, deliver.Options{Proxy: "socks5://" + c.user + p.addr}),
			"http://hooks.example/", "{}")
		if kindOf(x) != c.kind || x.Err.Ambiguous || !strings.Contains(x.Err.Text, c.text) {
			t.Errorf("%s: %+v", name, x.Err)
		}
	}
}
