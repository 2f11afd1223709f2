package listen

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
)

var (
	// ErrPlain means that a sender speaks plain HTTP to a listener of TLS.
	ErrPlain = errors.New("the client speaks plain HTTP, this listener TLS")
	// ErrHandshake means that a TLS handshake failed: most often the sender does not trust the certificate.
	ErrHandshake = errors.New("TLS handshake failed")
)

// overHTTP2 is the name of HTTP/2 in a TLS handshake (RFC 9113, section 3.2).
const overHTTP2 = "h2"

// secure makes the TLS handshake, within the time of a first head. It waits for the first byte as for a request's, so
// that a silent connection can be closed.
func (c *conn) secure(ctx context.Context) (*tls.Conn, bool) {
	if !c.wait() {
		return nil, false
	}
	first, _ := c.br.Peek(c.br.Buffered())
	if first[0] != tlsHandshake {
		c.refuse(400, ErrPlain)
		return nil, false
	}
	// The buffered bytes of the handshake are for TLS; from here on the buffer holds decrypted bytes.
	secret := tls.Server(&begun{Conn: c.net, first: bytes.Clone(first), closed: make(chan struct{})}, c.run.TLS)
	c.br.Reset(c)
	end := c.last.Add(c.run.HeadTimeout)
	_ = c.net.SetDeadline(end) // on a connection that is gone the handshake fails
	if err := secret.HandshakeContext(ctx); err != nil {
		c.tell(0, fmt.Errorf("%w: %w", ErrHandshake, err))
		return nil, false
	}
	c.mu.Lock()
	c.armed = end
	c.mu.Unlock()
	c.run.mu.Lock() // who cuts connections reads it
	c.net = secret
	c.run.mu.Unlock()
	c.serverName = secret.ConnectionState().ServerName
	return secret, true
}

// begun is a connection with some bytes already read.
type begun struct {
	net.Conn
	first  []byte
	closed chan struct{}
	once   sync.Once
}

func (b *begun) Read(p []byte) (int, error) {
	if len(b.first) == 0 {
		return b.Conn.Read(p)
	}
	n := copy(p, b.first)
	if b.first = b.first[n:]; len(b.first) == 0 {
		b.first = nil
	}
	return n, nil
}

func (b *begun) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.Conn.Close()
}
