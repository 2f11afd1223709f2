package metrics

import (
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Port is the listener for a command's counters. A nil *Port serves nothing, so that a command without --metrics needs
// no conditions.
type Port struct{ Listener net.Listener }

// URL returns the address of the counters, "" for a nil Port.
func (p *Port) URL() string {
	if p == nil {
		return ""
	}
	return "http://" + p.Listener.Addr().String() + "/metrics"
}

// Public reports whether other machines may reach the counters.
func (p *Port) Public() bool {
	if p == nil {
		return false
	}
	tcp, ok := p.Listener.Addr().(*net.TCPAddr)
	return ok && !tcp.IP.IsLoopback()
}

// Serve serves counters until stop is called. stop returns when no request is in progress.
func (p *Port) Serve(counters http.Handler) (stop func()) {
	if p == nil {
		return func() {}
	}
	server := &http.Server{Handler: counters, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second,
		WriteTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(p.Listener) // ends with Close
	}()
	return func() {
		_ = server.Close()
		<-done
	}
}
