package deliver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/barbhq/barb/store/record"
)

// ParseResolve reads curl's HOST:PORT:ADDR and returns an entry of Options.Resolve. An IPv6 address may have brackets.
func ParseResolve(s string) (from, to string, err error) {
	host, rest, ok1 := strings.Cut(s, ":")
	port, addr, ok2 := strings.Cut(rest, ":")
	ip, bad := netip.ParseAddr(strings.Trim(addr, "[]"))
	_, odd := strconv.ParseUint(port, 10, 16)
	if !ok1 || !ok2 || host == "" || odd != nil || bad != nil {
		return "", "", fmt.Errorf("resolve %q is not HOST:PORT:ADDRESS", s)
	}
	return net.JoinHostPort(strings.ToLower(host), port), net.JoinHostPort(ip.String(), port), nil
}

// dial opens a connection to an endpoint, with TLS for https, and sets the time of each phase. It reports the TLS
// handshake to the trace of the context, like net/http.
func (c *Client) dial(
	ctx context.Context, to *endpoint, phases *record.Phases, protocols ...string,
) (*conn, *record.Failure) {
	limited, cancel := context.WithTimeout(ctx, c.o.ConnectTimeout)
	defer cancel()
	plain, socket, err := c.connect(limited, to, phases)
	if err != nil {
		return nil, failure(ctx, connecting, err, false)
	}
	if !to.secure {
		return newConn(plain, socket, to), nil
	}
	if t := httptrace.ContextClientTrace(ctx); t != nil && t.TLSHandshakeStart != nil {
		t.TLSHandshakeStart()
	}
	start := time.Now()
	secret := tls.Client(plain, c.tlsFor(to.name, protocols...))
	err = secret.HandshakeContext(limited)
	phases.TLS = time.Since(start)
	if err != nil {
		_ = socket.Close()
		return nil, failure(ctx, handshaking, err, false)
	}
	return newConn(secret, socket, to), nil
}

// connect opens a connection to an endpoint, through its proxy if it has one. The socket is the connection below the
// proxy's TLS, or the same.
func (c *Client) connect(ctx context.Context, to *endpoint, phases *record.Phases) (nc, socket net.Conn, err error) {
	address := to.address
	if to.proxy != nil {
		if hasReach(ctx) {
			return nil, nil, errProxied
		}
		address = proxyAddress(to.proxy)
	}
	start := time.Now()
	socket, phases.DNS, err = c.dialTraced(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	if nc = socket; to.proxy != nil {
		nc, err = c.throughProxy(ctx, socket, to)
	}
	phases.Connect = time.Since(start) - phases.DNS
	return nc, socket, err
}

// throughProxy turns a connection to a proxy into one to the endpoint, unless the proxy takes the requests itself.
func (c *Client) throughProxy(ctx context.Context, socket net.Conn, to *endpoint) (nc net.Conn, err error) {
	nc = socket
	if to.proxy.Scheme == "https" {
		secret := tls.Client(socket, c.tlsFor(to.proxy.Hostname(), "http/1.1"))
		nc, err = secret, secret.HandshakeContext(ctx)
	}
	if err == nil && !to.isRelayed() {
		err = c.tunnel(ctx, nc, to)
	}
	if err != nil {
		_ = socket.Close()
	}
	return nc, err
}

func (c *Client) tlsFor(name string, protocols ...string) *tls.Config {
	config := c.o.TLS.Clone()
	config.NextProtos = protocols
	if config.ServerName == "" {
		config.ServerName = name
	}
	return config
}

// dialTraced connects to the unix socket, the resolved or the given address, and returns how long the lookup took. The
// lookup's hooks may run beside, and after, the dialing.
func (c *Client) dialTraced(ctx context.Context, address string) (conn net.Conn, looked time.Duration, err error) {
	var began, took atomic.Int64
	origin := time.Now()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { began.Store(int64(time.Since(origin))) },
		DNSDone:  func(httptrace.DNSDoneInfo) { took.Store(int64(time.Since(origin)) - began.Load()) },
	})
	network, addresses := "tcp", addressesOf(address)
	if c.o.UnixSocket != "" {
		network, addresses = "unix", []string{c.o.UnixSocket}
	} else if to, ok := c.o.Resolve[strings.ToLower(address)]; ok {
		addresses = []string{to}
	}
	host, _, _ := net.SplitHostPort(address)
	conn, err = dialInTurn(ctx, dialer(ctx, host), network, addresses)
	return conn, time.Duration(took.Load()), err
}

// addressesOf returns the addresses to connect to, in the order of trial. The name localhost and those below it are
// this machine and are not looked up (RFC 6761, section 6.3). An app may listen on one of the two loopback addresses
// only, so each of these names stands for both. So does 127.0.0.1, which is what :3000 on a command line means.
func addressesOf(address string) []string {
	host, port, err := net.SplitHostPort(address)
	if err != nil || !isLocalhost(host) && host != "127.0.0.1" {
		return []string{address}
	}
	return []string{net.JoinHostPort("127.0.0.1", port), net.JoinHostPort("::1", port)}
}

// dialInTurn connects to the first address that does not refuse. Any other error ends it: only where a connection was
// refused is it certain that nobody got anything. The error is that of the first address.
func dialInTurn(ctx context.Context, from net.Dialer, network string, addresses []string) (net.Conn, error) {
	var first error
	for _, address := range addresses {
		conn, err := from.DialContext(ctx, network, address)
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = err
		}
		if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.Errno(10061)) { // as Windows calls it
			break
		}
	}
	return nil, first
}
