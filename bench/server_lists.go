package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// day is how many exchanges a day the large history has, whatever its length: an hour of it has 41,667.
const day = 1_000_000

// inAList is a filter of the large history, in which the types of events and the endpoints go round.
type inAList struct {
	name   string
	filter store.Filter
	hour   bool // of the last hour alone
}

var success = store.StatusRange{From: 200, To: 299}

var inLists = []inAList{
	{name: "last"},
	{name: "oldest", filter: store.Filter{OldestFirst: true}},
	{name: "with bodies", filter: store.Filter{Bodies: true}},
	{name: "received", filter: store.Filter{Kind: record.Received}},
	{name: "of an hour", hour: true},
	{name: "endpoint", filter: store.Filter{Endpoint: "api-7.example.test"}},
	{name: "endpoint, status and time", filter: store.Filter{Endpoint: "api-7.example.test", Status: success}, hour: true},
	{name: "endpoints by a glob", filter: store.Filter{Endpoint: "api-3*.example.test"}},
	{name: "event", filter: store.Filter{Event: "order.17"}},
	{name: "events by a glob", filter: store.Filter{Event: "order.1*"}},
	{name: "event and endpoint", filter: store.Filter{Event: "order.17", Endpoint: "api-7.example.test"}},
	{name: "failed", filter: store.Filter{Failed: true}},
	{name: "failed, of an hour", filter: store.Filter{Failed: true}, hour: true},
	{name: "failed, of an endpoint", filter: store.Filter{Failed: true, Endpoint: "api-7.example.test"}},
	{name: "failed, of an event", filter: store.Filter{Failed: true, Event: "order.17"}},
	{name: "status 5xx", filter: store.Filter{Status: store.StatusRange{From: 500, To: 599}}},
	{name: "status 2xx", filter: store.Filter{Status: success}},
	{name: "webhook id", filter: store.Filter{WebhookID: fmt.Sprintf("msg_%032x", smallHistory/2+3)}},
}

// lists is how long the lists of a large history take on the server, and the figures of an hour. The server has
// statistics of the tables, as it makes them by itself in its time.
func lists(b *bench) (rows []row, err error) {
	path, name := b.path("large.db"), "large"
	if err := b.createDatabase(name); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.dropDatabase(name), b.dropHistory("large.db")) }()
	apart := 24 * time.Hour / day * 5 / 4 // besides the forwards
	for _, history := range []string{path, b.database(name)} {
		c := b.self("fill", "-mix", "-forward", "-types", "60", "-apart", apart.String(), "-db", history, "-rows",
			strconv.Itoa(b.rows*4/5)).on(anywhere)
		c.limit = time.Hour
		if _, err := b.run(c); err != nil {
			return nil, err
		}
	}
	if err := execute(b.ctx, b.database(name), "VACUUM ANALYZE"); err != nil {
		return nil, err
	}
	file, err := store.OpenExisting(b.ctx, path)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	server, err := store.OpenExisting(b.ctx, b.database(name))
	if err != nil {
		return nil, err
	}
	defer server.Close() // only read
	for _, in := range inLists {
		for _, l := range listings {
			r, err := b.askBoth(in, l, server, file)
			if err != nil {
				return rows, err
			}
			rows = append(rows, r)
		}
	}
	figures, err := b.figuresOfAnHour(server, file)
	return append(rows, figures), err
}

// askBoth times a list in both histories.
func (b *bench) askBoth(in inAList, l listing, server, file *store.Store) (row, error) {
	f := in.filter
	f.Limit = 20
	if in.hour {
		f.Since = time.Now().Add(-time.Hour)
	}
	ask := func(history *store.Store) func() error {
		return func() error {
			_, err := l.ask(b.ctx, history, f)
			return err
		}
	}
	there, err := twentieth(ask(server))
	if err != nil {
		return row{}, err
	}
	here, err := twentieth(ask(file))
	return row{What: fmt.Sprintf("list, %d rows, %s: %s", b.rows, in.name, l.name), Against: inFileToo,
		Barb: millis(there), Peer: millis(here), Value: there * 1e3, Unit: " ms", Goal: atMost(5, 0)}, err
}

// twentieth is how long something takes when it is done for about the twentieth time, in seconds: the median of the 16th
// to the 24th time. Of something that takes a second it is the fifth time.
func twentieth(do func() error) (float64, error) {
	var took samples
	for i := range 24 {
		begun := time.Now()
		if err := do(); err != nil {
			return 0, err
		}
		took.add(time.Since(begun).Seconds())
		if i == 4 && took[i] > 1 {
			return took[i], nil
		}
	}
	return took[15:].median(), nil
}

// figuresOfAnHour are what the alerts and the page ask for.
func (b *bench) figuresOfAnHour(server, file *store.Store) (row, error) {
	since := time.Now().Add(-time.Hour)
	var took [2]float64
	for i, history := range []*store.Store{server, file} {
		var err error
		took[i], err = twentieth(func() error {
			found, err := history.Figures(b.ctx, store.Filter{Since: since})
			if err == nil && found.Attempts == 0 {
				err = errors.New("the figures are of no attempt")
			}
			return err
		})
		if err != nil {
			return row{}, err
		}
	}
	return row{What: fmt.Sprintf("figures of an hour of a million a day, %d rows", b.rows), Against: inFileToo,
		Barb: millis(took[0]), Peer: millis(took[1]), Value: took[0] * 1e3, Unit: " ms", Goal: atMost(20, 0)}, nil
}
