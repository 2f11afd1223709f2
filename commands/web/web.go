// Package web is the page on which a person sees webhooks in a browser. It is barb ui, and --ui of barb listen. It
// shows the history of the other commands to one user of this machine.
package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/health"
	"github.com/barbhq/barb/store/record"
)

// Page is the page of one history. Set its fields before Serve.
type Page struct {
	History *store.Store
	Now     func() time.Time
	// Filter returns what the flags of a filter select, as barb history takes them.
	Filter func(*flags.Filter) (store.Filter, *jq.Expr, error)
	Scheme func(name string) (sign.Scheme, bool)
	// Hint returns what an error of the history says to a person, with the next command to type where there is one.
	Hint      func(error) (text, hint string)
	Hide      func(*record.Exchange) *record.Exchange // returns an exchange without its credentials; nil: hides nothing
	Limits    health.Limits                           // beyond which a figure is a breach
	Actions   *act.Actions
	Listening string // the URL of the listener of this process; "" for barb ui
	ReadOnly  string // why the page changes nothing, for people; "" when it offers changes
	Public    string // the host, with its port where it is not 443, by which a proxy passes the page on over https

	listener net.Listener
	gate     gate
	streams  chan struct{} // a place for each open stream of events
	ended    chan struct{} // closed when the page is to end
	ear      ear
	counts   counts
	values   valuesMet
	acting   sync.WaitGroup  // actions that forms have asked for, and the ear
	ending   context.Context // of actions; ends with the page
	end      context.CancelFunc
}

// Limits on what a browser may use.
const (
	mostStreams = 16
	// mostTeamStreams is mostStreams behind a proxy. The proxy may need two connections for a browser.
	mostTeamStreams = 48
	mostConns       = 128
	longestHead     = 16 << 10 // bytes
	longestForm     = 12 << 20 // bytes; a body that was edited
	readTimeout     = 15 * time.Second
	writeTimeout    = 30 * time.Second
)

// Open makes the page on a listener. The address for a person is that of URL.
func (p *Page) Open(ln net.Listener) {
	p.listener = &limited{Listener: ln, free: make(chan struct{}, mostConns), closed: make(chan struct{})}
	p.gate = newGate(ln.Addr().(*net.TCPAddr).Port, p.Public, rand.Text, func() time.Time { return p.Now() })
	p.ending, p.end = context.WithCancel(context.Background())
	streams := mostStreams
	if p.Public != "" {
		streams = mostTeamStreams
	}
	p.streams, p.ended = make(chan struct{}, streams), make(chan struct{})
}

// URL returns the address to open, with the code that opens the page once, or each browser of a team behind a proxy; ""
// for a nil Page.
func (p *Page) URL() string {
	if p == nil {
		return ""
	}
	if p.Public != "" {
		return "https://" + p.Public + "/?code=" + p.gate.code
	}
	return p.origin() + "/?code=" + p.gate.code
}

// origin is the address of the page on this machine, without a path.
func (p *Page) origin() string { return "http://" + p.listener.Addr().String() }

// can reports whether the page offers changes.
func (p *Page) can() bool { return p.Actions != nil && p.ReadOnly == "" }

// why says to a person why the page offers no changes.
func (p *Page) why() string {
	return cmp.Or(p.ReadOnly, "This page only shows webhooks.")
}

// Serve serves the page until stop is called. stop returns when no request is in progress.
func (p *Page) Serve() (stop func()) {
	if p == nil {
		return func() {}
	}
	server := &http.Server{Handler: p.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: longestHead,
		ErrorLog: log.New(io.Discard, "", 0), ConnContext: withPeer}
	var done sync.WaitGroup
	done.Go(func() { _ = server.Serve(p.listener) }) // ends with Close
	done.Go(func() { _, _ = assets(), templates() }) // the first page does not wait for them
	var once sync.Once
	return func() {
		once.Do(func() {
			close(p.ended)
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			if server.Shutdown(ctx) != nil {
				_ = server.Close()
			}
			p.end()
			p.acting.Wait() // each records what it has done
			done.Wait()
		})
	}
}

// handler is the page behind its gate.
func (p *Page) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.list)
	mux.HandleFunc("GET /rows", p.rows)
	mux.HandleFunc("GET /check", p.check)
	mux.HandleFunc("GET /count", p.count)
	mux.HandleFunc("GET /complete", p.complete)
	mux.HandleFunc("GET /pulse", p.pulse)
	mux.HandleFunc("GET /figures", p.figures)
	mux.HandleFunc("GET /queue", p.queue)
	mux.HandleFunc("POST /queue", p.change(p.changeQueue))
	mux.HandleFunc("GET /events", p.events)
	mux.HandleFunc("GET /w/{id}", p.webhook)
	mux.HandleFunc("GET /w/{id}/signature", p.explained)
	mux.HandleFunc("GET /w/{id}/download/{part}", p.download)
	mux.HandleFunc("GET /w/{id}/rest/{part}", p.rest)
	mux.HandleFunc("GET /w/{id}/find/{part}", p.inBody)
	mux.HandleFunc("GET /w/{id}/cassette", p.cassette)
	mux.HandleFunc("GET /w/{id}/copy/{form}", p.copied)
	mux.HandleFunc("GET /w/{id}/diff", p.diff)
	mux.HandleFunc("GET /w/{id}/edit", p.edit)
	for name, do := range map[string]func(context.Context, *doing) error{"replay": p.replay, "preview": p.preview,
		"pin": p.pin, "note": p.note, "delete": p.remove, "sample": p.sample} {
		mux.HandleFunc("POST /w/{id}/"+name, p.change(do))
	}
	return p.gate.guard(mux)
}

// limited accepts only so many connections at a time.
type limited struct {
	net.Listener
	free   chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.free <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &counted{Conn: conn, done: sync.OnceFunc(func() { <-l.free })}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type counted struct {
	net.Conn
	done func()
}

func (c *counted) Close() error {
	c.done()
	return c.Conn.Close()
}

// firstPort is the first port that is tried without an address.
const firstPort = 4040

// Listen opens the address of the page: the first free port from 4040 on where there is none.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	if address != "" {
		return config.Listen(ctx, "tcp", address)
	}
	var last error
	for port := firstPort; port < firstPort+100; port++ {
		ln, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return ln, nil
		}
		last = err
	}
	return nil, errors.Join(errors.New("no port from 4040 to 4139 is free"), last)
}
