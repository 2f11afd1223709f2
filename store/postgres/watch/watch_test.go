package watch

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// place is a server that answers, or does not, on connections within the test.
type place struct {
	mu      sync.Mutex
	there   bool
	dialled []net.Conn // the server's ends
}

func (p *place) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialled = append(p.dialled, server)
	go func() {
		ask := make([]byte, len(sslRequest))
		_, err := io.ReadFull(server, ask)
		p.mu.Lock()
		defer p.mu.Unlock()
		if err == nil && p.there && string(ask) == string(sslRequest) {
			_, _ = server.Write([]byte{'N'})
		}
	}()
	return client, nil
}

// waiting connects and returns how long it was waited for an answer that never comes, up to two minutes.
func waiting(t *testing.T, p *place) (took time.Duration, other net.Conn) {
	t.Helper()
	config := &pgconn.Config{DialFunc: p.dial}
	Over(config)
	conn, err := config.DialFunc(t.Context(), "tcp", "here:5432")
	if err != nil {
		t.Fatal(err)
	}
	if other, err = config.DialFunc(t.Context(), "tcp", "here:5432"); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	end := time.AfterFunc(2*time.Minute, func() { _ = conn.Close() })
	defer end.Stop()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("something was read")
	}
	return time.Since(begun), other
}

func TestAServerThatDoesNotAnswerIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{}
		took, other := waiting(t, p)
		if took != askAfter+answerWithin {
			t.Errorf("it was waited for %v", took)
		}
		if _, err := other.Write([]byte{1}); err == nil {
			t.Error("another connection to the server is open")
		}
		closeAll(p)
	})
}

func TestAServerThatAnswersIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{there: true}
		if took, _ := waiting(t, p); took != 2*time.Minute {
			t.Errorf("it was waited for %v", took)
		}
		time.Sleep(2 * askAfter) // the last question ends
		closeAll(p)
	})
}

func TestAServerThatWasGoneIsAskedShortly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{}
		config := &pgconn.Config{DialFunc: p.dial}
		Over(config)
		conn, err := config.DialFunc(t.Context(), "tcp", "here:5432")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Read(make([]byte, 1))
		begun := time.Now()
		if _, err := config.DialFunc(t.Context(), "tcp", "here:5432"); err == nil || time.Since(begun) != answerAgain {
			t.Errorf("connected: %v, after %v", err, time.Since(begun))
		}
		p.mu.Lock()
		p.there = true
		p.mu.Unlock()
		if _, err := config.DialFunc(t.Context(), "tcp", "here:5432"); err != nil {
			t.Errorf("it is there again: %v", err)
		}
		closeAll(p)
	})
}

func closeAll(p *place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.dialled {
		_ = c.Close()
	}
}
