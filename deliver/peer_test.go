package deliver_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

// peer is a server made of raw connections, which keeps every byte it was sent.
type peer struct {
	addr string
	tls  *tls.Config // nil: none
	end  *expiring   // of an attempt, at the peer's will

	mu       sync.Mutex
	requests []string // head and body as they came
	conns    []net.Conn
	running  sync.WaitGroup
}

// talk is one connection of a peer.
type talk struct {
	net.Conn
	br *bufio.Reader
	p  *peer
}

// listen starts a peer on loopback that gives each connection to serve.
func listen(t *testing.T, config *tls.Config, serve func(*talk)) *peer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listenOn(t, ln, config, serve)
}

func listenOn(t *testing.T, ln net.Listener, config *tls.Config, serve func(*talk)) *peer {
	p := &peer{addr: ln.Addr().String(), tls: config, end: &expiring{Context: t.Context(), done: make(chan struct{})}}
	p.running.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.conns = append(p.conns, c)
			p.mu.Unlock()
			p.running.Go(func() { p.talk(c, serve) })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		p.mu.Lock()
		for _, c := range p.conns {
			_ = c.Close()
		}
		p.mu.Unlock()
		p.running.Wait()
	})
	return p
}

func (p *peer) talk(c net.Conn, serve func(*talk)) {
	defer func() { _ = c.Close() }()
	if p.tls != nil {
		secret := tls.Server(c, p.tls)
		if secret.Handshake() != nil {
			return
		}
		c = secret
	}
	serve(&talk{Conn: c, br: bufio.NewReader(c), p: p})
	_ = c.Close() // with TLS it says so
}

func (p *peer) url() string {
	if p.tls != nil {
		return "https://" + p.addr
	}
	return "http://" + p.addr
}

func (p *peer) received() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.requests...)
}

func (p *peer) connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)
}

// expiring is a context whose deadline comes when it is told to, so that no test depends on how fast the machine is.
type expiring struct {
	context.Context
	once sync.Once
	done chan struct{}
}

func (e *expiring) expire()               { e.once.Do(func() { close(e.done) }) }
func (e *expiring) Done() <-chan struct{} { return e.done }

func (e *expiring) Err() error {
	select {
	case <-e.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// timed is a client whose attempts end when the peer says so.
type timed struct {
	*deliver.Client
	end *expiring
}

func (c timed) Do(_ context.Context, x *record.Exchange) { c.Client.Do(c.end, x) }

// request reads the next request and returns how many came before it on all connections.
func (c *talk) request() (before int, ok bool) {
	head, err := record.ReadHead(c.br, 1<<20)
	if err != nil {
		return 0, false
	}
	r, err := record.ParseRequest(head, "http")
	if err != nil {
		return 0, false
	}
	length, chunked, _ := r.BodyFraming()
	body := make([]byte, length)
	_, err = io.ReadFull(c.br, body)
	for chunked && err == nil && !strings.HasSuffix(string(body), "0\r\n\r\n") {
		var b byte
		b, err = c.br.ReadByte()
		body = append(body, b)
	}
	if err != nil {
		return 0, false
	}
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.p.requests = append(c.p.requests, head+string(body))
	return len(c.p.requests) - 1, true
}

func (c *talk) say(s string) { _, _ = io.WriteString(c, s) }

// reset ends the connection with a TCP reset.
func (c *talk) reset() {
	plain := c.Conn
	if secret, ok := plain.(*tls.Conn); ok {
		plain = secret.NetConn()
	}
	_ = plain.(*net.TCPConn).SetLinger(0)
	_ = plain.Close()
}

// answers serves requests from a list, the last item for ever. A step that closes the connection ends it.
func answers(steps ...func(*talk)) func(*talk) {
	return func(c *talk) {
		for {
			i, ok := c.request()
			if !ok {
				return
			}
			steps[min(i, len(steps)-1)](c)
		}
	}
}

func say(s string) func(*talk) { return func(c *talk) { c.say(s) } }

func ok(c *talk) { c.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") }

func newClient(t *testing.T, o deliver.Options) *deliver.Client {
	t.Helper()
	c, err := deliver.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// post makes one attempt with a body.
func post(ctx context.Context, c *deliver.Client, url, body string) *record.Exchange {
	x := &record.Exchange{Kind: record.Sent, Request: record.Request{Method: "POST", URL: url, Body: []byte(body)}}
	c.Do(ctx, x)
	return x
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func kindOf(x *record.Exchange) record.FailureKind { return x.FailureKind() }

// authority is a certificate authority made for one test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // its certificate in PEM form
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true,
		BasicConstraintsValid: true,
		NotBefore:             time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageCertSign,
	}
	var der []byte
	a.key, der = a.sign(t, template)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.cert = cert
	a.file = writePEM(t, "CERTIFICATE", der)
	return a
}

func (a *authority) sign(t *testing.T, template *x509.Certificate) (*ecdsa.PrivateKey, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := template, key
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	return key, der
}

// issue makes a certificate for a server name or address, and for clients.
func (a *authority) issue(t *testing.T, name string) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	key, der := a.sign(t, template)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// server is a TLS configuration for 127.0.0.1 that speaks HTTP/1.1 only.
func (a *authority) server(t *testing.T) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{a.issue(t, "127.0.0.1")}, NextProtos: []string{"http/1.1"}}
}

// client is the TLS configuration of a client that trusts the authority.
func (a *authority) client(t *testing.T) *tls.Config {
	t.Helper()
	config, err := deliver.Connection{CACert: a.file}.TLS()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func writePEM(t *testing.T, kind string, der []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), strings.ToLower(strings.ReplaceAll(kind, " ", "-"))+".pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
