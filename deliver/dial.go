package deliver

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
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

// dial opens a connection to an endpoint, with TLS when it is https, and notes how long each phase took.
func (c *Client) dial(ctx context.Context, to *endpoint, phases *record.Phases) (*conn, *record.Failure) {
	limited, cancel := context.WithTimeout(ctx, c.o.ConnectTimeout)
	defer cancel()
	start := time.Now()
	plain, looked, err := c.dialTraced(limited, to.address)
	phases.DNS = looked
	if err != nil {
		return nil, failure(ctx, connecting, err, false)
	}
	phases.Connect = time.Since(start) - looked
	if !to.secure {
		return newConn(plain, plain, to.key), nil
	}
	start = time.Now()
	secret := tls.Client(plain, c.tlsFor(to.name))
	err = secret.HandshakeContext(limited)
	phases.TLS = time.Since(start)
	if err != nil {
		_ = plain.Close()
		return nil, failure(ctx, handshaking, err, false)
	}
	return newConn(secret, plain, to.key), nil
}

func (c *Client) tlsFor(name string) *tls.Config {
	config := c.o.TLS.Clone()
	config.NextProtos = []string{"http/1.1"}
	if config.ServerName == "" {
		config.ServerName = name
	}
	return config
}

// dialTraced connects and returns how long the lookup took. The lookup's hooks may run beside, and after, the dialing.
func (c *Client) dialTraced(ctx context.Context, address string) (conn net.Conn, looked time.Duration, err error) {
	var began, took atomic.Int64
	origin := time.Now()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { began.Store(int64(time.Since(origin))) },
		DNSDone:  func(httptrace.DNSDoneInfo) { took.Store(int64(time.Since(origin)) - began.Load()) },
	})
	conn, err = c.dialPlain(ctx, address)
	return conn, time.Duration(took.Load()), err
}

// dialPlain connects to where the options lead an address: the unix socket, a resolved address, or itself.
func (c *Client) dialPlain(ctx context.Context, address string) (net.Conn, error) {
	var dialer net.Dialer
	if c.o.UnixSocket != "" {
		return dialer.DialContext(ctx, "unix", c.o.UnixSocket)
	}
	if to, ok := c.o.Resolve[strings.ToLower(address)]; ok {
		address = to
	}
	return dialer.DialContext(ctx, "tcp", address)
}
