package deliver_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

func TestTLSFailuresSendNothing(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	trusting := ca.client(t)
	wrongName := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "other.example")}}
	const stalled = "a handshake that stalls"
	tests := []struct {
		name      string
		server    *tls.Config
		serve     func(*talk)
		client    *tls.Config
		scheme    string
		want      record.FailureKind
		permanent bool
		text      string
	}{
		{"an unknown authority", ca.server(t), answers(ok), nil, "https", record.FailTLS, true, "unknown authority"},
		{"another host's certificate", wrongName, answers(ok), trusting, "https", record.FailTLS, true, "127.0.0.1"},
		{"https to a plain port", nil, plainServer, trusting, "https", record.FailTLS, false,
			"the port speaks plain HTTP, not TLS"},
		{"https to something else", nil, func(c *talk) { c.say("220 mail.example ESMTP\r\n") }, trusting, "https",
			record.FailTLS, false, "the port does not speak TLS"},
		{"a cut handshake", nil, func(c *talk) { _, _ = c.br.ReadByte() }, trusting, "https",
			record.FailTLS, false, "closed"},
		{stalled, nil, func(c *talk) { _, _ = io.Copy(io.Discard, c) }, trusting, "https", record.FailTimeout, false,
			"timed out while waiting for the TLS handshake"},
		{"http to a TLS port", nil, alert, nil, "http", record.FailProtocol, false, "the port speaks TLS, not plain HTTP"},
	}
	for _, test := range tests {
		for _, web := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				p := listen(t, test.server, test.serve)
				limit := time.Minute
				if test.name == stalled {
					limit = time.Second
				}
				c := newClient(t, deliver.Options{TLS: test.client, HTTP2: web, ConnectTimeout: limit})
				x := post(within(t, time.Minute), c, test.scheme+"://"+p.addr, "the secret body")
				if kindOf(x) != test.want || x.Err.Permanent != test.permanent || !strings.Contains(x.Err.Text, test.text) {
					t.Errorf("web %v: %+v", web, x.Err)
				}
				if x.Took > 30*time.Second {
					t.Errorf("web %v: it took %s in spite of the limit for connecting", web, x.Took)
				}
				if x.Err.Ambiguous != (test.scheme == "http") || len(p.received()) != 0 {
					t.Errorf("web %v: ambiguous %v, %q", web, x.Err.Ambiguous, p.received())
				}
			})
		}
	}
}

// alert reads what comes and answers as OpenSSL does when it is not TLS: with an alert, protocol_version.
func alert(c *talk) {
	_, _ = record.ReadHead(c.br, 1<<10)
	c.say("\x15\x03\x01\x00\x02\x02\x46")
}

// plainServer answers what it cannot read, as web servers do, and keeps what it got.
func plainServer(c *talk) {
	got := make([]byte, 5)
	_, _ = io.ReadFull(c.br, got)
	if got[0] != 0x16 {
		c.p.mu.Lock()
		c.p.requests = append(c.p.requests, string(got))
		c.p.mu.Unlock()
	}
	c.say("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
}

func TestInsecureTakesAnyCertificate(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	config, err := deliver.Connection{Insecure: true}.TLS()
	if err != nil {
		t.Fatal(err)
	}
	for _, web := range []bool{false, true} {
		p := listen(t, ca.server(t), answers(ok))
		x := post(t.Context(), newClient(t, deliver.Options{TLS: config, HTTP2: web}), p.url(), "{}")
		if x.Status() != 200 {
			t.Errorf("web %v: %v", web, x.Err)
		}
	}
}

func TestServerNameIsTheURLsHost(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	names := make(chan string, 2)
	config := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "hooks.example")}}
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		names <- hello.ServerName + " " + strings.Join(hello.SupportedProtos, ",")
		return nil, nil
	}
	for _, web := range []bool{false, true} {
		p := listen(t, config, answers(ok))
		_, port, _ := net.SplitHostPort(p.addr)
		c := newClient(t, deliver.Options{TLS: ca.client(t), HTTP2: web,
			Resolve: map[string]string{"hooks.example:" + port: p.addr}})
		if x := post(t.Context(), c, "https://hooks.example:"+port, "{}"); x.Status() != 200 {
			t.Fatalf("web %v: %v", web, x.Err)
		}
		want := map[bool]string{false: "hooks.example http/1.1", true: "hooks.example h2,http/1.1"}[web]
		if got := <-names; got != want {
			t.Errorf("web %v: %q", web, got)
		}
	}
}

func TestClientCertificateIsShown(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	own := ca.issue(t, "barb")
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	files := deliver.Connection{CACert: ca.file, Cert: writePEM(t, "CERTIFICATE", own.Certificate[0]),
		Key: writePEM(t, "PRIVATE KEY", key)}
	shown, err := files.TLS()
	if err != nil {
		t.Fatal(err)
	}
	server := ca.server(t)
	server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	server.ClientCAs.AddCert(ca.cert)
	for _, web := range []bool{false, true} {
		p := listen(t, server, answers(ok))
		if x := post(t.Context(), newClient(t, deliver.Options{TLS: shown, HTTP2: web}), p.url(), "{}"); x.Status() != 200 {
			t.Errorf("web %v: %v", web, x.Err)
		}
		x := post(t.Context(), newClient(t, deliver.Options{TLS: ca.client(t), HTTP2: web}), p.url(), "{}")
		if kindOf(x) != record.FailTLS || !x.Err.Permanent || len(p.received()) != 1 {
			t.Errorf("web %v, without: %+v, %d requests", web, x.Err, len(p.received()))
		}
	}
}

func TestTLSConfigNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, files := range map[string]deliver.Connection{
		"empty.pem has no certificate":   {CACert: empty},
		"none.pem":                       {CACert: "none.pem"},
		"client key has no certificate":  {Key: empty},
		"certificate " + empty + ": tls": {Cert: empty},
	} {
		if _, err := files.TLS(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", files, err)
		}
	}
}

// webServer is a server of net/http with TLS and HTTP/2.
func webServer(t *testing.T, ca *authority, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1")}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestHTTP2IsSpokenWhereItIsOffered(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	s := webServer(t, ca, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Saw", r.Proto+" "+r.Header.Get("Webhook-Id")+" "+string(body)+" "+r.UserAgent())
		w.WriteHeader(http.StatusAccepted)
	})
	for _, h2 := range []bool{true, false} {
		c := newClient(t, deliver.Options{TLS: ca.client(t), HTTP2: h2, UserAgent: "barb/1"})
		x := hook()
		x.Request.URL = s.URL + "/in"
		c.Do(t.Context(), &x)
		proto := map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[h2]
		if x.Err != nil || x.Response.Proto != proto || x.Response.Header.Get("X-Saw") != proto+` msg_1 {"n":1} barb/1` {
			t.Errorf("%v %+v", x.Err, x.Response)
		}
	}
}

func TestHTTP2FailuresHaveTheSameNames(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	s := webServer(t, ca, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/abort":
			panic(http.ErrAbortHandler)
		case "/half":
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case "/stall":
			<-r.Context().Done()
		}
	})
	c := newClient(t, deliver.Options{TLS: ca.client(t), HTTP2: true})
	for path, want := range map[string]record.FailureKind{"/abort": record.FailReset, "/half": record.FailReset,
		"/stall": record.FailTimeout} {
		ctx := t.Context()
		if want == record.FailTimeout {
			ctx = within(t, time.Second)
			post(ctx, c, s.URL+"/", "{}") // the connection is there
		}
		x := post(ctx, c, s.URL+path, "{}")
		if kindOf(x) != want || !x.Err.Ambiguous || (x.Status() == 200) != (path == "/half") {
			t.Errorf("%s: %d %+v", path, x.Status(), x.Err)
		}
	}
}

func TestTargetsOfRedirectsGetNoRequests(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	reached := make(chan string, 20)
	target := webServer(t, ca, func(_ http.ResponseWriter, r *http.Request) { reached <- r.URL.Path })
	for _, code := range []int{301, 302, 303, 307, 308} {
		s := webServer(t, ca, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target.URL, code) })
		for _, h2 := range []bool{false, true} {
			c := newClient(t, deliver.Options{TLS: ca.client(t), HTTP2: h2})
			a := run(t.Context(), t, &deliver.Sender{Client: c, Policy: deliver.DefaultPolicy()}, record.Exchange{
				Request: record.Request{Method: "POST", URL: s.URL, Body: []byte("{}")},
			})
			host := strings.TrimPrefix(target.URL, "https://")
			if decisions(a) != "final" || a[0].Exchange.Status() != code ||
				!strings.Contains(a[0].Why, "redirect to host "+host+" is not followed") {
				t.Errorf("%d: %s, %s", code, decisions(a), a[0].Why)
			}
		}
	}
	if len(reached) != 0 {
		t.Errorf("the target got %d requests", len(reached))
	}
}
