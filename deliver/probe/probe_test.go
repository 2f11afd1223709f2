package probe_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver/probe"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// shared is the history of all probes but those whose requests are counted.
var shared *store.Store

// TestMain opens the history. Probes wait more than they work: four of them at a time on each processor are no hurry.
func TestMain(m *testing.M) {
	flag.Parse()
	err := errors.Join(flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0))), withHistory(m.Run))
	if err != nil {
		panic(err)
	}
}

func withHistory(run func() int) error {
	dir, err := os.MkdirTemp("", "barb-probe-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if shared, err = store.Open(context.Background(), filepath.Join(dir, "history.db")); err != nil {
		return err
	}
	run()
	return shared.Close()
}

func history(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// of returns a probe of a receiver of Standard Webhooks.
func of(t *testing.T, url string) *probe.Probe {
	t.Helper()
	scheme, _ := catalog.Lookup("standard-webhooks")
	p := &probe.Probe{
		Signer:    &signer.Signer{Scheme: scheme, Secrets: []sign.Secret{{Name: "env:WHSEC", Key: []byte(secret)}}},
		Tolerance: scheme.Tolerance, Deadline: 15 * time.Second, Waits: "Standard Webhooks", History: shared,
		Fresh: func(int) (record.Exchange, error) {
			return record.Exchange{Request: record.Request{Method: "POST", URL: url, Proto: "HTTP/1.1",
				Header: record.Header{{Name: "Content-Type", Value: "application/json"}},
				Body:   []byte(`{"data":{"amount":12},"type":"invoice.paid"}`)}}, nil
		},
	}
	p.Hasten()
	return p
}

func run(t *testing.T, p *probe.Probe) []probe.Result {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	results, err := p.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func failed(results []probe.Result) (ids []string) {
	for _, r := range results {
		if r.Outcome == probe.Fail {
			ids = append(ids, r.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func explain(t *testing.T, results []probe.Result) {
	t.Helper()
	for _, r := range results {
		if r.Outcome != probe.Pass && r.Outcome != probe.Skip {
			t.Logf("%-3s %-7s %s", r.ID, r.Outcome, r.Detail)
		}
	}
}

// TestEachFaultIsFoundByTheCheckThatIsMeant probes receivers that are broken in one way each. The check that is meant
// fails first in each list; the others are those that the same fault must fail.
func TestEachFaultIsFoundByTheCheckThatIsMeant(t *testing.T) {
	for f, c := range map[fault]struct{ fails, grade string }{
		none:         {"", "A*"},
		unchecked:    {"B1 B2 B3 B4 B5 B6 B9 C1 C3 C6 C7 D3", "F"},
		printed:      {"E1 E2 B6", "C"},
		timeless:     {"C1 C3 C6", "C"},
		onlyPast:     {"C3", "C"},
		firstOnly:    {"D1", "C"},
		emptyKey:     {"B9", "F"},
		forgetful:    {"F1 C8 F2 F3 F4", "C"},
		checkFirst:   {"F2 F4", "C"},
		inMemory:     {"F3", "C"},
		tied:         {"F4", "C"},
		slow:         {"G1 G2", "C"},
		strictParser: {"H1 E7", "C"},
		talkative:    {"K1", "C"},
		yes:          {"B1 B2 B3 B4 B5 B6 B9 C1 C3 C6 C7 C8 D3 F1 F2 F3 F4 H9", "F"},
		no:           {"A1", "F"},
	} {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			r := serve(t, f)
			p := of(t, r.server.URL+"/hooks")
			p.Effect, p.Restart = r.effects, r.restart
			if f == slow {
				p.Deadline = time.Second
			}
			results := run(t, p)
			want := strings.Fields(c.fails)
			slices.Sort(want)
			if got := failed(results); !slices.Equal(got, want) {
				t.Errorf("%v fail, want %v", got, want)
				explain(t, results)
			}
			if got := probe.Grade(results); got != c.grade {
				t.Errorf("grade %s, want %s", got, c.grade)
				explain(t, results)
			}
		})
	}
}
