package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

var answer = []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

// sink is a server that takes any hook and keeps none: so lean that who sends to it is the bottleneck. It says how many
// it had to whoever asks with GET.
func sink(ctx context.Context, _ []string) error {
	ctx, cancel := whileWatched(ctx)
	defer cancel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = ln.Close() })
	fmt.Fprintf(os.Stderr, "sink: listening on http://%s\n", ln.Addr())
	var taken atomic.Int64
	for {
		c, err := ln.Accept()
		if err != nil {
			return nil // closed: the end was asked for
		}
		go swallow(c, &taken)
	}
}

func swallow(c net.Conn, taken *atomic.Int64) {
	defer c.Close() // it has ended
	br := bufio.NewReaderSize(c, 16<<10)
	for {
		asks, length, err := skipHead(br)
		if err != nil {
			return
		}
		if _, err := br.Discard(length); err != nil {
			return
		}
		out := answer
		if asks {
			text := strconv.FormatInt(taken.Load(), 10)
			out = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
		} else {
			taken.Add(1)
		}
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

// skipHead reads a head and returns what it must know of it. It serves this program only, hence its trust.
func skipHead(br *bufio.Reader) (asks bool, length int, err error) {
	const field = "content-length:"
	for first := true; ; first = false {
		line, err := br.ReadSlice('\n')
		switch {
		case err != nil:
			return false, 0, err
		case len(line) <= 2:
			return asks, length, nil
		case first:
			asks = bytes.HasPrefix(line, []byte("GET "))
		case len(line) > len(field) && (line[0]|0x20) == 'c' && strings.EqualFold(string(line[:len(field)]), field):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(field):]))); err != nil {
				return false, 0, err
			}
		}
	}
}

// takenBy asks a sink how many hooks it had.
func takenBy(ctx context.Context, url string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close() // read whole
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

// whileWatched ends with ctx, after ten minutes, and when the runner has gone away, which closes our stdin.
func whileWatched(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return ctx, cancel
}
