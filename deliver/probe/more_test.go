package probe_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver/probe"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/handshake"
	"github.com/barbhq/barb/sign/newkey"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

func serveFunc(t *testing.T, f http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s.URL + "/hooks"
}

// quick leaves out the load check, which takes longer than all others.
func quick(c *probe.Check) bool { return c.ID != "G3" }

func result(t *testing.T, results []probe.Result, id string) probe.Result {
	t.Helper()
	i := slices.IndexFunc(results, func(r probe.Result) bool { return r.ID == id })
	if i < 0 {
		t.Fatalf("there is no %s", id)
	}
	return results[i]
}

// judged is a receiver that verifies with package sign.
type judged struct {
	scheme sign.Scheme
	secret sign.Secret
	params map[string]string
}

func (j *judged) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	m := sign.Message{Method: q.Method, URL: "http://" + q.Host + q.URL.String(), Header: q.Header, Body: body,
		Params: j.params}
	if h, ok := handshake.Find(m, j.scheme.Handshake); ok && j.scheme.Handshake != "" {
		if _, err := j.scheme.Verify(m, time.Now(), j.secret); h.Steps[0].Signed && err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		reply, _ := h.Answer(m, j.scheme, j.secret)
		for _, f := range reply.Fields {
			w.Header().Set(f.Name, f.Value)
		}
		w.WriteHeader(reply.Status)
		_, _ = w.Write(reply.Body)
		return
	}
	if q.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if _, err := j.scheme.Verify(m, time.Now(), j.secret); err != nil {
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func allParams() map[string]string {
	return map[string]string{"webhook_id": "1JE4291016473214C", "env": "master", "api_key": "APIabc",
		"audience": "https://hooks.example.com/in", "keyid": "k1", "email": "push@barb.iam.gserviceaccount.com",
		"topic_arn": "arn:aws:sns:us-east-1:000000000000:barb", "user_id": "user_barb", "verify_token": "barb-verify-token"}
}

// shape is what makes a scheme unlike others: everything but its names.
func shape(s sign.Scheme) string {
	kind := func(p string) string {
		before, _, found := strings.Cut(p, ":")
		if !found && p != "" {
			return "header"
		}
		return before
	}
	var b strings.Builder
	_, challenge := handshake.Lookup(s.Handshake)
	fmt.Fprint(&b, s.Auth, s.Hash, s.Enc, s.Key, s.Content, kind(s.Header), len(s.Alt), s.Repeat, s.Split, s.Prefix != "",
		s.AnyHash, s.Format != "", s.More != "", kind(string(s.Time.In)), s.Time.Unit, s.Tolerance.Future == sign.NoLimit,
		kind(string(s.IDIn)), kind(string(s.EventIn)), len(s.Bound), s.JWT != nil, s.Code, s.Name == "workos")
	if challenge {
		b.WriteString(s.Handshake)
	}
	return b.String()
}

// TestEverySchemeThatSignsCanBeProbed probes a receiver of every kind of scheme that verifies with package sign: it
// gets an A, whatever the scheme signs and wherever it writes its signature.
func TestEverySchemeThatSignsCanBeProbed(t *testing.T) {
	seen := map[string]bool{}
	for _, scheme := range catalog.All() {
		if seen[shape(scheme)] {
			continue
		}
		seen[shape(scheme)] = true
		t.Run(scheme.Name, func(t *testing.T) {
			t.Parallel()
			pair, err := newkey.Of(&scheme, time.Now().Add(-24*time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			j := &judged{scheme: scheme, secret: sign.Secret{Name: "v", Key: pair.Verifying}, params: allParams()}
			server := httptest.NewServer(j)
			defer server.Close()
			p := of(t, server.URL+"/hooks")
			p.Signer = &signer.Signer{Scheme: scheme, Params: allParams(),
				Secrets: []sign.Secret{{Name: "s", Key: pair.Signing}}}
			p.Tolerance, p.Runs = scheme.Tolerance, quick
			p.Fresh = func(int) (record.Exchange, error) { return sample(scheme, server.URL+"/hooks"), nil }
			results := run(t, p)
			if got := probe.Grade(results); got != "A" {
				t.Errorf("grade %s", got)
				explain(t, results)
			}
		})
	}
}

// sample returns an event of a scheme, in the kind of body that it signs.
func sample(s sign.Scheme, url string) record.Exchange {
	kind, body := "application/json", `{"id":"evt_1","type":"paid","n":1.0,"event":{"event_type":"sent","id":"e1"},`+
		`"value":[{"id":"1"},{"id":"2"}],"notificationItems":[{"NotificationRequestItem":{"amount":{"currency":"EUR",`+
		`"value":1130},"pspReference":"7914073381342284"}},{"NotificationRequestItem":{"eventCode":"REFUND"}}]}`
	switch {
	case s.Code == sign.Twilio || s.Code == sign.Plivo || strings.Contains(s.Content, "form|sorted"):
		kind, body = "application/x-www-form-urlencoded", "To=%2B18005551212&Body=hello+world&Digits=1234&type=x"
	case s.Code == sign.SNS:
		body = `{"Type":"Notification","Message":"hello"}`
	case s.Code == sign.EasyPost:
		body = `{"type":"invoice.paid","weight": 1, "n":1.0}`
	}
	q := record.Request{Method: "POST", URL: url, Proto: "HTTP/1.1", Body: []byte(body),
		Header: record.Header{{Name: "Content-Type", Value: kind}, {Name: "X-Fal-Webhook-User-Id", Value: "user_barb"}}}
	return record.Exchange{Request: q, EventType: "paid"}
}

// TestWithoutSightOfEffectsThereIsNoStar probes a right receiver whose effects nobody sees.
func TestWithoutSightOfEffectsThereIsNoStar(t *testing.T) {
	t.Parallel()
	p := of(t, serve(t, none).server.URL)
	p.Runs = quick
	results := run(t, p)
	if got := probe.Grade(results); got != "A" {
		t.Errorf("grade %s", got)
		explain(t, results)
	}
	for _, id := range []string{"C8", "F1", "F2", "F4"} {
		if r := result(t, results, id); r.Outcome != probe.Pass || !strings.Contains(r.Detail, "not observed") {
			t.Errorf("%s: %s %s", id, r.Outcome, r.Detail)
		}
	}
}

// TestAReceiverThatBlocksItsSenderGetsNoA answers 401 to everything after the first bad signature: every refusal is
// then right by itself, and no control is.
func TestAReceiverThatBlocksItsSenderGetsNoA(t *testing.T) {
	t.Parallel()
	right := serve(t, none)
	var blocked atomic.Bool
	p := of(t, serveFunc(t, func(w http.ResponseWriter, q *http.Request) {
		if blocked.Load() {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer := httptest.NewRecorder()
		right.ServeHTTP(answer, q)
		blocked.Store(answer.Code == http.StatusUnauthorized)
		w.WriteHeader(answer.Code)
	}))
	p.Runs = quick
	results := run(t, p)
	if got := probe.Grade(results); got != "C" {
		t.Errorf("grade %s", got)
	}
	r := result(t, results, "B4")
	if r.Outcome != probe.Unknown || !strings.Contains(r.Detail, "to the same event as it should be") {
		t.Errorf("B4: %s %s", r.Outcome, r.Detail)
	}
}

// TestATimeOutIsNoRefusal probes a receiver that answers nothing to a bad signature.
func TestATimeOutIsNoRefusal(t *testing.T) {
	t.Parallel()
	right := serve(t, none)
	p := of(t, serveFunc(t, func(w http.ResponseWriter, q *http.Request) {
		answer := httptest.NewRecorder()
		right.ServeHTTP(answer, q)
		if answer.Code == http.StatusUnauthorized {
			<-q.Context().Done()
			return
		}
		w.WriteHeader(answer.Code)
	}))
	p.Deadline = 500 * time.Millisecond
	p.Runs = func(c *probe.Check) bool { return c.ID == "B1" }
	results := run(t, p)
	if r := result(t, results, "B1"); r.Outcome != probe.Unknown {
		t.Errorf("B1: %s %s", r.Outcome, r.Detail)
	}
	if got := probe.Grade(results); got != "C" {
		t.Errorf("grade %s", got)
	}
}

// TestTheProbeStopsWaitingForAReceiverThatIsLate counts the requests that a receiver gets which never answers.
func TestTheProbeStopsWaitingForAReceiverThatIsLate(t *testing.T) {
	t.Parallel()
	var got atomic.Int64
	p := of(t, serveFunc(t, func(_ http.ResponseWriter, q *http.Request) {
		if got.Add(1) > 2 {
			_, _ = io.Copy(io.Discard, q.Body) // so that the server sees the end of the connection
			<-q.Context().Done()
		}
	}))
	p.Deadline = 500 * time.Millisecond
	results := run(t, p)
	if n := got.Load(); n != 5 {
		t.Errorf("%d requests came", n)
	}
	if r := result(t, results, "G1"); r.Outcome != probe.Fail || !strings.Contains(r.Detail, "3 times") {
		t.Errorf("G1: %s %s", r.Outcome, r.Detail)
	}
	if r := result(t, results, "H1"); r.Outcome != probe.Unknown {
		t.Errorf("H1: %s %s", r.Outcome, r.Detail)
	}
}

// TestAReceiverThatIsNotThereIsNotAnswered tells no answer from a refusal.
func TestAReceiverThatIsNotThereIsNotAnswered(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	results := run(t, of(t, gone.URL))
	if probe.Answered(results) || probe.Grade(results) != "F" {
		t.Errorf("%+v", results[0])
	}
	if results := run(t, of(t, serve(t, no).server.URL)); !probe.Answered(results) {
		t.Errorf("%+v", results[0])
	}
}

// TestARefusalOfTheFirstWebhookIsExplained tells a receiver that parses before it verifies from one with another
// secret.
func TestARefusalOfTheFirstWebhookIsExplained(t *testing.T) {
	t.Parallel()
	for f, says := range map[fault]string{
		printed: "but accepts one of the same event as JSON.stringify writes it: it verifies what it has parsed",
		no:      "it refuses a valid signature of standard-webhooks; is it the same secret?",
	} {
		p := of(t, serve(t, f).server.URL)
		event, fresh := "{\n  \"type\": \"a, \\\"b: é\",\n  \"data\": {\"n\": 1.0}\n}\n", p.Fresh
		p.Fresh = func(n int) (record.Exchange, error) {
			x, err := fresh(n)
			x.Request.Body = []byte(event)
			return x, err
		}
		if a := run(t, p)[0]; a.Outcome != probe.Fail || !strings.HasSuffix(a.Detail, says) {
			t.Errorf("%s: %s %s", f, a.Outcome, a.Detail)
		}
	}
}

// TestARedirectIsFound probes an address that has moved.
func TestARedirectIsFound(t *testing.T) {
	t.Parallel()
	results := run(t, of(t, serveFunc(t, func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, "/hooks/", http.StatusMovedPermanently)
	})))
	if got := failed(results); !slices.Equal(got, []string{"A1", "A3"}) {
		t.Errorf("%v fail", got)
		explain(t, results)
	}
}

// TestEveryRequestIsInTheHistory compares what came with what was recorded, and with what was announced.
func TestEveryRequestIsInTheHistory(t *testing.T) {
	t.Parallel()
	right := serve(t, none)
	var got atomic.Int64
	p := of(t, serveFunc(t, func(w http.ResponseWriter, q *http.Request) {
		if !strings.HasPrefix(q.Header.Get(probe.Field), "probe-") {
			t.Errorf("%s without its mark", q.Method)
		}
		got.Add(1)
		right.ServeHTTP(w, q)
	}))
	p.TakeItsTime()
	p.History = history(t)
	results := run(t, p)
	var kept int64
	for _, err := range p.History.List(t.Context(), store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		kept++
	}
	announced := 0
	for _, c := range probe.Checks() {
		if c.Skips(p) == "" {
			n, _ := c.Requests(p)
			announced += n
		}
	}
	if kept != got.Load() || kept > int64(announced) || kept < 500 {
		t.Errorf("%d came, %d are in the history, at most %d were announced", got.Load(), kept, announced)
	}
	for _, r := range results {
		if r.Outcome == probe.Pass && r.Exchange == 0 && r.ID < "C" && r.ID != "A4" && r.Detail == "" {
			t.Errorf("%s names no request", r.ID)
		}
	}
}

// TestAPublicAddressIsNotLoadedUnasked has the load check skipped.
func TestAPublicAddressIsNotLoadedUnasked(t *testing.T) {
	t.Parallel()
	p := of(t, serve(t, none).server.URL)
	p.Public = true
	results := run(t, p)
	if r := result(t, results, "G3"); r.Outcome != probe.Skip {
		t.Errorf("G3: %s %s", r.Outcome, r.Detail)
	}
	if r := result(t, results, "A4"); r.Outcome != probe.Fail {
		t.Errorf("A4: %s %s", r.Outcome, r.Detail)
	}
}

// TestAnErrorOfTheEffectEndsTheRun is no finding about the receiver.
func TestAnErrorOfTheEffectEndsTheRun(t *testing.T) {
	t.Parallel()
	p := of(t, serve(t, none).server.URL)
	p.Effect = func(context.Context) (int64, error) { return 0, io.ErrUnexpectedEOF }
	if _, err := p.Run(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
}

// TestThePageHasEveryCheck compares docs/probe.md with the table.
func TestThePageHasEveryCheck(t *testing.T) {
	page, err := os.ReadFile("../../docs/probe.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range probe.Checks() {
		if row := fmt.Sprintf("| %s | %s | %s |\n", c.ID, c.Name, c.Severity); !strings.Contains(string(page), row) {
			t.Errorf("the page lacks %s", row)
		}
		if seen[c.ID] || c.Fix == "" || len(c.Source) == 0 {
			t.Errorf("%s is there twice, or lacks its fix or source", c.ID)
		}
		seen[c.ID] = true
	}
}

// TestHTTP2IsTriedWhereItIsOffered probes receivers over TLS, with HTTP/2 and without, and one that fails over it.
func TestHTTP2IsTriedWhereItIsOffered(t *testing.T) {
	t.Parallel()
	right := serve(t, none)
	for _, c := range []struct {
		offers, fails bool
		outcome       probe.Outcome
		says          string
	}{
		{true, false, probe.Pass, "4 of 4 as they should be"},
		{true, true, probe.Fail, "500 Internal Server Error to HTTP/2"},
		{false, true, probe.Pass, "3 of 3 as they should be; HTTP/2 was not tried: the receiver does not offer HTTP/2"},
	} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if c.fails && q.ProtoMajor == 2 {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			right.ServeHTTP(w, q)
		}))
		server.EnableHTTP2 = c.offers
		server.StartTLS()
		t.Cleanup(server.Close)
		p := of(t, server.URL)
		p.Runs = func(c *probe.Check) bool { return c.ID == "E4" }
		p.Options.TLS = server.Client().Transport.(*http.Transport).TLSClientConfig
		if r := result(t, run(t, p), "E4"); r.Outcome != c.outcome || r.Detail != c.says {
			t.Errorf("%+v: %s %s", c, r.Outcome, r.Detail)
		}
	}
	p := of(t, right.server.URL)
	p.Runs = func(c *probe.Check) bool { return c.ID == "E4" }
	const says = "3 of 3 as they should be; HTTP/2 was not tried: HTTP/2 needs https"
	if r := result(t, run(t, p), "E4"); r.Detail != says {
		t.Errorf("%s %s", r.Outcome, r.Detail)
	}
}

// TestAFixIsSaidInTheWordsOfTheFramework takes the framework from the answers, or from the probe.
func TestAFixIsSaidInTheWordsOfTheFramework(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, value, framework, says string }{
		{"X-Powered-By", "Express", "", "written again has other bytes. In Express: express.raw("},
		{"Server", "Werkzeug/2.2.2 Python/3.11.2", "", "In Flask: request.get_data()"},
		{"Server", "WSGIServer/0.2 CPython/3.11.2", "", "In Django: request.body, before"},
		{"Server", "nginx", "php", "In PHP: file_get_contents"},
		{"X-Powered-By", "Express", "go", "In Go: io.ReadAll"},
		{"Server", "nginx", "", "has other bytes."},
	} {
		bad := serve(t, printed)
		p := of(t, serveFunc(t, func(w http.ResponseWriter, q *http.Request) {
			w.Header().Set(c.name, c.value)
			bad.ServeHTTP(w, q)
		}))
		p.Framework, p.Runs = c.framework, func(c *probe.Check) bool { return c.ID == "E1" }
		if r := result(t, run(t, p), "E1"); r.Outcome != probe.Fail || !strings.Contains(r.Fix, c.says) {
			t.Errorf("%s: %s %s", c.value, r.Outcome, r.Fix)
		}
	}
}
