package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// noon is when the exchanges of the tests begin.
var noon = time.Date(2026, 1, 20, 12, 0, 0, 123456789, time.UTC)

// newHistory makes a history of its own and closes it in the end.
func newHistory(t testing.TB) *store.Store {
	t.Helper()
	return openHistory(t, filepath.Join(t.TempDir(), "history.db"))
}

func openHistory(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, store.ErrReplaced) {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// hook is a received exchange as the listener records it, number n of its test: its start, webhook id and body follow
// from n.
func hook(n int) *record.Exchange {
	body := hookBody(n)
	head := fmt.Sprintf("POST /hooks?n=%d HTTP/1.1\r\nHost: app.test:4242\r\nContent-Type: application/json\r\n"+
		"webhook-id: msg_%d\r\ncontent-length: %d\r\n\r\n", n, n, len(body))
	r, err := record.ParseRequest(head, "http")
	if err != nil {
		panic(err)
	}
	r.Body = body
	return &record.Exchange{Kind: record.Received, Attempt: 1, Start: noon.Add(time.Duration(n) * time.Millisecond),
		Remote: "127.0.0.1:5555", Request: r,
		WebhookID: fmt.Sprintf("msg_%d", n), EventType: "invoice.paid", Scheme: "stripe",
		Verdict: record.Verdict{Status: record.Valid, Version: "v1", Secret: "env:WHSEC"}}
}

// hookBody is 1 KiB that differs from every other.
func hookBody(n int) []byte {
	return fmt.Appendf(nil, `{"n":%d,"pad":"%s"}`, n, strings.Repeat(string(rune('a'+n%26)), 1000))
}

// answered is x ended with a status; below 100 nothing came back.
func answered(x *record.Exchange, status int) *record.Exchange {
	x.Ended, x.Took = true, 3*time.Millisecond
	if status >= 100 {
		x.Response = &record.Response{Status: status, Reason: "Said", Proto: "HTTP/1.1",
			Header: record.Header{{Name: "x-a", Value: "b"}}, Body: []byte("so"), Size: 2}
	} else {
		x.Err = &record.Failure{Kind: record.FailRefused, Text: "connection refused"}
	}
	return x
}

// attempt is a sent exchange to an endpoint.
func attempt(n int, endpoint string) *record.Exchange {
	return &record.Exchange{Kind: record.Sent, Attempt: 1, Start: noon.Add(time.Duration(n) * time.Millisecond),
		WebhookID: fmt.Sprintf("msg_%d", n),
		Request: record.Request{Method: "POST", URL: "https://" + endpoint + "/in?key=1", Proto: "HTTP/1.1",
			Header: record.Header{{Name: "Host", Value: endpoint}, {Name: "X-B", Value: "1"}}, Body: hookBody(n)}}
}

// keep records exchanges, and how those that ended did.
func keep(t testing.TB, h history, xs ...*record.Exchange) {
	t.Helper()
	if err := h.Record(context.Background(), xs...); err != nil {
		t.Fatal(err)
	}
	for _, x := range xs {
		if !x.Ended {
			continue
		}
		if err := h.Answer(context.Background(), x); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// listed returns the ids that a filter selects, in order.
func listed(t testing.TB, h history, f store.Filter) []int64 {
	t.Helper()
	ids := []int64{}
	for x, err := range h.List(context.Background(), f) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, x.ID)
	}
	return ids
}

// diff minds no difference between nil and empty. Bodies are compared at once: cmp would go byte by byte.
func diff(want, got any) string {
	full := cmp.FilterValues(func(a, b []byte) bool { return len(a) > 0 || len(b) > 0 }, cmp.Comparer(bytes.Equal))
	return cmp.Diff(want, got, full, cmpopts.EquateEmpty())
}

// mustBe says when an error is not the one expected.
func mustBe(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error is %v, want: %v", err, want)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func execute(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}
