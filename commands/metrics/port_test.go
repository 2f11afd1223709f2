package metrics

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestAPortServesTheCountersAndNothingElse(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port, m := &Port{Listener: ln}, NewSent("1.2.3", emptyHistory(t))
	if port.Public() {
		t.Error("a loopback port is public")
	}
	stop := port.Serve(m)
	for _, c := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "", 200, "# TYPE barb_attempts_total counter\n"},
		{"GET", "", 200, `barb_build_info{version="1.2.3"`},
		{"HEAD", "", 200, ""},
		{"POST", "", 405, "only GET"},
		{"GET", "/other", 404, "only /metrics is here"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, port.URL()+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != c.status || !strings.Contains(string(body), c.want) {
			t.Errorf("%s %s: %d %q %v", c.method, c.path, res.StatusCode, body, err)
		}
	}
	stop()
	if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		t.Error("the port is open after stop")
	}
}

func TestAPortOfAllAddressesIsPublic(t *testing.T) {
	ln, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if !(&Port{Listener: ln}).Public() {
		t.Error("a port of all addresses is not public")
	}
}

func TestWithoutMetricsNothingIsCounted(t *testing.T) {
	var port *Port
	if port.URL() != "" || port.Public() {
		t.Error("no port has an address")
	}
	port.Serve(nil)()
	var m *Received
	m.Handshake()
	m.Answered(nil)
	m.Forwarded(nil)
	m.Mirrored(nil)
	m.Refused(400)
	(*Sent)(nil).Attempt(nil)
}

func TestAClosedHistoryHasNoQueueDepth(t *testing.T) {
	history := emptyHistory(t)
	m := NewReceived("dev", history, map[string]bool{"github": true})
	if err := history.Close(); err != nil {
		t.Fatal(err)
	}
	m.Refused(0)
	m.Refused(431)
	if got := m.scheme("") + " " + m.scheme("github"); got != "none github" {
		t.Error(got)
	}
	var out strings.Builder
	if err := m.set.write(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"barb_queue_depth NaN\n", `barb_refused_total{code=""} 1`, `barb_refused_total{code="431"} 1`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
}
