package deliver_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

// sink is the leanest server there is: it answers as many requests as have the length of one.
func sink(b *testing.B, size int) string {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				br := bufio.NewReader(c)
				for {
					for { // the head
						line, err := br.ReadSlice('\n')
						if err != nil {
							return
						}
						if len(line) == 2 {
							break
						}
					}
					if _, err := br.Discard(size); err != nil {
						return
					}
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")
				}
			}()
		}
	}()
	return "http://" + ln.Addr().String() + "/hook"
}

var payload = []byte(`{"data":"` + strings.Repeat("x", 1013) + `"}`)

func BenchmarkAttemptOverWire(b *testing.B) {
	url := sink(b, len(payload))
	c, err := deliver.NewClient(deliver.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	s := &deliver.Sender{Client: c, Policy: deliver.DefaultPolicy()}
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			x := record.Exchange{Request: record.Request{Method: "POST", URL: url, Body: payload, Header: record.Header{
				{Name: "Content-Type", Value: "application/json"}, {Name: "X-Signature", Value: "sha256=abc"},
			}}}
			for a, err := range s.Attempts(b.Context(), x) {
				if err != nil || a.Ended && a.Decision != deliver.Delivered {
					b.Error(err, a.Why)
				}
			}
		}
	})
}

func BenchmarkRequestOverNetHTTP(b *testing.B) {
	url := sink(b, len(payload))
	transport := &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	defer transport.CloseIdleConnections()
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader(payload))
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-Signature", "sha256=abc")
			response, err := transport.RoundTrip(r)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
	})
}
