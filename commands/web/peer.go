package web

import (
	"context"
	"net"
	"sync"
)

type peerKey struct{}

// withPeer adds to the context of a connection the question whose it is. It is answered at the first request.
func withPeer(ctx context.Context, conn net.Conn) context.Context {
	ours := sync.OnceValue(func() bool { return !isOthers(conn.RemoteAddr(), conn.LocalAddr()) })
	return context.WithValue(ctx, peerKey{}, ours)
}

// mayConnect reports whether a connection is this user's, as far as the system tells it.
func mayConnect(ctx context.Context) bool {
	ours, ok := ctx.Value(peerKey{}).(func() bool)
	return !ok || ours()
}
