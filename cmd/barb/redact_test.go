package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

const planted = "s3cret-t0ken-of-the-test"

// withToken is an exchange that has the token wherever one can stand.
func withToken(kind record.Kind) *record.Exchange {
	return &record.Exchange{Kind: kind, Attempt: 1, Start: time.Unix(1, 0), Ended: true, Scheme: "gitlab",
		Verdict: record.Verdict{Status: record.Valid, Secret: "env:T"},
		Request: record.Request{Method: "POST", URL: "http://h/?a=" + planted, Target: "/?a=" + planted, Proto: "HTTP/1.1",
			Head:   "POST /?a=" + planted + " HTTP/1.1\r\nHost: h\r\nX-Gitlab-Token: " + planted + "\r\n\r\n",
			Header: record.Header{{Name: "Host", Value: "h"}, {Name: "X-Gitlab-Token", Value: planted}},
			Body:   []byte(`{"token":"` + planted + `"}`), Trailer: record.Header{{Name: "T", Value: planted}}},
		Response: &record.Response{Status: 200, Header: record.Header{{Name: "Set-Cookie", Value: planted}},
			Body: []byte(planted), Size: 9}}
}

// waysToWrite are the methods of the history that keep an exchange, by name.
var waysToWrite = map[string]func(t *testing.T, s *store.Store) error{
	"Record": func(t *testing.T, s *store.Store) error { return s.Record(t.Context(), withToken(record.Sent)) },
	"Add":    func(t *testing.T, s *store.Store) error { return s.Add(t.Context(), withToken(record.Sent)) },
	"RecordMirror": func(t *testing.T, s *store.Store) error {
		return s.RecordMirror(t.Context(), withToken(record.Sent), 1)
	},
	"Answer": func(t *testing.T, s *store.Store) error {
		x := withToken(record.Received)
		x.Request, x.Response, x.Ended = record.Request{Method: "POST"}, nil, false
		if err := s.Record(t.Context(), x); err != nil {
			return err
		}
		x.Ended, x.Response = true, withToken(record.Received).Response
		return s.Answer(t.Context(), x)
	},
	"RecordQueued": func(t *testing.T, s *store.Store) error {
		x := withToken(record.Received)
		q := entryOf(x)
		q.Masks = s.Redacted(x).Masks
		return s.RecordQueued(t.Context(), x, q)
	},
	"Begin": func(t *testing.T, s *store.Store) error {
		x := withToken(record.Received)
		x.Request, x.Response = record.Request{Method: "POST"}, nil
		q := entryOf(x)
		q.Inline, q.Owner, q.Due = true, "listen test", q.Due.Add(time.Minute)
		if err := s.RecordQueued(t.Context(), x, q); err != nil {
			return err
		}
		return s.Begin(t.Context(), q.Owner, q, withToken(record.Sent))
	},
}

func entryOf(x *record.Exchange) *store.Queued {
	now := time.Now()
	return &store.Queued{Kind: store.Forward, Thread: x.ID, Target: "http://h/", Due: now, Created: now}
}

func TestNoWayOfWritingKeepsASecret(t *testing.T) {
	t.Parallel()
	for name, write := range waysToWrite {
		t.Run(name, func(t *testing.T) {
			r := redact.New(catalog.Lookup, []sign.Secret{{Name: "env:T", Key: []byte(planted)}}, nil)
			if keepsToken(t, r.Redact, write) {
				t.Errorf("%s keeps the token", name)
			}
			if !keepsToken(t, nil, write) {
				t.Errorf("%s writes no token without a Redact either: this test looks at nothing", name)
			}
		})
	}
}

// TestEveryWayOfWritingIsTried finds a new method of the history that takes an exchange.
func TestEveryWayOfWritingIsTried(t *testing.T) {
	t.Parallel()
	reads := []string{"Redacted", "Pieces", "Requests"}
	exchange := reflect.TypeFor[*record.Exchange]()
	methods := reflect.TypeFor[*store.Store]()
	for i := range methods.NumMethod() {
		m := methods.Method(i)
		takes := false
		for j := range m.Type.NumIn() {
			in := m.Type.In(j)
			takes = takes || in == exchange || in == reflect.SliceOf(exchange)
		}
		if takes && waysToWrite[m.Name] == nil && !slices.Contains(reads, m.Name) {
			t.Errorf("store.%s takes an exchange: write a token through it", m.Name)
		}
	}
}

// keepsToken reports whether the token is in the files of a history after something was written to it.
func keepsToken(t *testing.T, door func(*record.Exchange) *record.Exchange,
	write func(*testing.T, *store.Store) error) bool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.db")
	s, err := store.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	s.Redact = door
	if err := write(t, s); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, file := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found = found || bytes.Contains(data, []byte(planted))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return found
}
