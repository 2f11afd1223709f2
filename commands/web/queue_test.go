package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
)

// line fills a queue: entry 1 is dead because a stranger's answer says so, 2 is tried again in an hour, and 3 waits
// behind it.
func line(t *testing.T, s *site, why string) {
	t.Helper()
	x := received(1)
	s.add(x)
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	entry := func(target, order string, due time.Time) *store.Queued {
		q := &store.Queued{Kind: store.Forward, Thread: x.ID, Target: target, Order: order, Due: due, Created: noon}
		must(s.Enqueue(ctx, q))
		return q
	}
	entry("http://dead.test/in?token=hidden", "", noon)
	leased, err := s.Lease(ctx, store.LeaseRequest{Kind: store.Forward, Target: "http://dead.test/in?token=hidden",
		Owner: "me", Want: 1, Now: noon, Until: noon.Add(time.Minute)})
	must(err)
	if len(leased) != 1 {
		t.Fatalf("%d leases", len(leased))
	}
	q := leased[0]
	q.State, q.Why = store.Dead, why
	must(s.Complete(ctx, "me", q, noon))
	entry("http://shop.test/hooks", "key cus_1", noon.Add(time.Hour))
	entry("http://shop.test/hooks", "key cus_1", noon)
}

func (s *site) state(id int64) store.QueueState {
	s.t.Helper()
	q, err := s.GetQueued(context.Background(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return q.State
}

func has(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
}

func TestTheQueuePageSaysWhatWaitsAndWhy(t *testing.T) {
	t.Parallel()
	a := newActing(t)
	line(t, a.site, "answered 503 <script>alert(1)</script> \u202e")
	text := a.get("/queue")
	has(t, text, "<b>2 waiting, 1 dead</b>", `<b class="c-bad">dead</b>`,
		"answered 503 &lt;script&gt;alert(1)&lt;/script&gt; ",
		"<b class=\"c-none\">waiting in order</b>  <small>behind entry 2",
		"in order with key cus_1", "in 59m",
		`aria-label="Retry now: entry 1"`, `aria-label="Cancel entry 2"`, `<a href="/w/1">#1</a>`)
	for _, bad := range []string{"<script>", "token=hidden", `aria-label="Cancel entry 1"`, "\u202e"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q is in the page", bad)
		}
	}
	dead := a.get("/queue?state=dead")
	if has(t, dead, `id="e1"`); strings.Contains(dead, `id="e2"`) {
		t.Error("the dead letters have what waits")
	}
	a.get("/queue?state=%27%20OR%201")
}

func TestRetryAndCancelOfTheQueue(t *testing.T) {
	t.Parallel()
	a := newActing(t)
	line(t, a.site, "no")
	status, _, text := a.post("/queue", "do", "retry", "id", "1")
	if has(t, text, "<b>1 retried</b>"); status != http.StatusOK || a.state(1) != store.Waiting {
		t.Errorf("retry: status %d, %s", status, a.state(1))
	}
	status, _, text = a.post("/queue", "do", "retry", "id", "3")
	if has(t, text, "entry 3 waits in order behind entry 2", "barb queue retry 2"); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	if a.post("/queue", "do", "cancel", "id", "2"); a.state(2) != store.Cancelled {
		t.Errorf("cancel: %s", a.state(2))
	}
	if status, _, text = a.post("/queue", "do", "retry", "id", "99"); status != http.StatusNotFound {
		t.Errorf("no such entry: status %d\n%s", status, text)
	}
}

// Only a form of the page with its token changes the queue.
func TestAttacksOnTheQueue(t *testing.T) {
	t.Parallel()
	a := newActing(t)
	line(t, a.site, "no")
	form := url.Values{"do": {"retry"}, "id": {"1"}}
	good := url.Values{"do": {"retry"}, "id": {"1"}, "token": {a.token()}}
	for name, try := range map[string]struct {
		method, path, body string
		headers            map[string]string
	}{
		"no token":               {"POST", "/queue", form.Encode(), fromPage},
		"a guess":                {"POST", "/queue", form.Encode() + "&token=guess", fromPage},
		"the token in the URL":   {"POST", "/queue?" + good.Encode(), "", fromPage},
		"GET":                    {"GET", "/queue?" + good.Encode(), "", nil},
		"GET with a form":        {"GET", "/queue", good.Encode(), fromPage},
		"another site":           {"POST", "/queue", good.Encode(), map[string]string{"Origin": "http://evil.test"}},
		"nothing named":          {"POST", "/queue", "do=retry&token=" + a.token(), fromPage},
		"all that waits, purged": {"POST", "/queue", "do=purge&state=dead&token=" + a.token(), fromPage},
	} {
		headers := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
		for key, value := range try.headers {
			headers[key] = value
		}
		status, _, _ := a.ask(try.method, try.path, headers, try.body)
		if got := a.state(1); got != store.Dead || status == http.StatusOK && try.method == "POST" {
			t.Errorf("%s: status %d, entry 1 is %s", name, status, got)
		}
	}
	reading := siteOf(t, a.Store)
	reading.enter()
	text := reading.get("/queue")
	if has(t, text, "This page only shows webhooks."); strings.Contains(text, "<form method=post") {
		t.Error("a page that only shows has a form that changes something")
	}
	if a.post("/queue", "do", "retry", "state", "dead"); a.state(1) != store.Waiting {
		t.Error("the form with the token does nothing")
	}
}

// Two lanes to one host have names of their own, and no query with a token in it.
func TestTheQueuePageTellsLanesOfOneHostApart(t *testing.T) {
	t.Parallel()
	s := entered(t)
	s.add(received(1))
	for _, target := range []string{"http://shop.test/a", "http://shop.test/b?token=hidden",
		"http://shop.test/b?token=other", "http://shop.test/b?token=hidden", "http://shop.test/"} {
		if err := s.Enqueue(t.Context(), &store.Queued{Kind: store.Forward, Thread: 1, Target: target, Due: noon,
			Created: noon}); err != nil {
			t.Fatal(err)
		}
	}
	text := s.get("/queue")
	for _, name := range []string{"shop.test/a", "shop.test/b", "shop.test/b (2)", "shop.test"} {
		has(t, text, "<th scope=row class=wire>"+name+"</th>")
	}
	if strings.Contains(text, "token=") {
		t.Error("a query is in the page")
	}
}
