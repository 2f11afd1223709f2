package expect_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/expect"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// A webhook is read with its body, its headers and the answer of its app, and once more when that has changed.
func TestABoardFollowsAHistory(t *testing.T) {
	t.Parallel()
	history, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = history.Close() })
	now := time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC)
	add := func(x record.Exchange) {
		x.Start, x.Attempt, x.Ended = now, 1, true
		if err := history.Record(t.Context(), &x); err != nil {
			t.Fatal(err)
		}
	}
	b := board(t, `order.paid: .body.total == 3 and .headers["x-shop"] == "s" and .answer.status == 200 and .url != null`)
	news := pick.News{Chosen: pick.Selection{History: history}}
	feed := func() {
		newest, err := history.Newest(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := news.Next(t.Context(), newest, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			w, err := expect.Read(t.Context(), history, row)
			if err != nil {
				t.Fatal(err)
			}
			b.Put(w)
		}
	}
	add(record.Exchange{Kind: record.Received, EventType: "order.paid", Response: &record.Response{Status: 200},
		Request: record.Request{Method: "POST", URL: "/hooks", Body: []byte(`{"total":3}`),
			Header: record.Header{{Name: "X-Shop", Value: "s"}}}})
	forward := func(status int) {
		add(record.Exchange{Kind: record.Sent, Role: record.Forward, Thread: 1, Response: &record.Response{Status: status},
			Request: record.Request{Method: "POST", URL: "http://127.0.0.1:3000/"}})
	}
	forward(500)
	feed()
	if near := b.Result().Cases[0].Near; len(near) != 1 || near[0].String() !=
		"1 order.paid unchecked: answer.status is 500" {
		t.Errorf("%v", near)
	}
	forward(200)
	feed()
	if r := b.Result(); r.Code() != 0 || r.Came != 1 {
		t.Error(told(r))
	}
}
