package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"
)

// withUplink calls do with a history on the server by way of a proxy with some flags.
func (b *bench) withUplink(history string, flags []string, do func(history string) error) error {
	u, err := url.Parse(history)
	if err != nil {
		return err
	}
	proxy, err := b.serve(b.self("uplink", append(flags, "-to", u.Host)...).on(anywhere))
	if err != nil {
		return err
	}
	defer func() { closeServer(proxy, &err) }()
	at, err := url.Parse(proxy.url)
	if err != nil {
		return err
	}
	u.Host = at.Host
	err = do(u.String())
	return err
}

// uplink is a proxy that passes bytes on late, or to the server slowly.
func uplink(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("uplink", flag.ContinueOnError)
	to := flags.String("to", "", "the `address` of the server")
	rtt := flags.Duration("rtt", 0, "how much longer the way there and back takes")
	rate := flags.Int("rate", 0, "bytes a second to the server; 0: as many as come")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := whileWatched(ctx)
	defer cancel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = ln.Close() })
	fmt.Fprintf(os.Stderr, "uplink: listening on http://%s\n", ln.Addr())
	for {
		client, err := ln.Accept()
		if err != nil {
			return nil // closed: the end was asked for
		}
		server, err := net.Dial("tcp", *to)
		if err != nil {
			_ = client.Close()
			continue
		}
		go pass(server, client, *rtt/2, *rate)
		go pass(client, server, *rtt/2, 0)
	}
}

// chunk is some bytes that came, and when they are due.
type chunk struct {
	bytes []byte
	due   time.Time
}

// pass passes on what comes, each byte so much later and no more than so many a second, until one side ends. With a rate
// no more than 16 KiB are read ahead, as a slow network would hold the sender back.
func pass(to, from net.Conn, late time.Duration, rate int) {
	ahead, size := 1024, 64<<10
	if rate > 0 {
		ahead, size = 1, 8<<10
	}
	chunks := make(chan chunk, ahead)
	go func() {
		defer close(chunks)
		for {
			b := make([]byte, size)
			n, err := from.Read(b)
			if n > 0 {
				chunks <- chunk{b[:n], time.Now().Add(late)}
			}
			if err != nil {
				return
			}
		}
	}()
	defer func() {
		_, _ = to.Close(), from.Close() // one has ended: so does the other
		for range chunks {
		}
	}()
	for c := range chunks {
		time.Sleep(time.Until(c.due))
		if _, err := to.Write(c.bytes); err != nil {
			return
		}
		if rate > 0 {
			time.Sleep(time.Duration(len(c.bytes)) * time.Second / time.Duration(rate))
		}
	}
}
