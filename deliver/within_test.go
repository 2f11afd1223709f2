package deliver_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store/record"
)

// Where a connection goes is decided when its address is known: over HTTP/1.1, TLS and HTTP/2, and whatever name or
// --resolve leads there. A refusal is final and opens nothing.
func TestAConnectionIsOpenedOnlyToWhatMayBeReached(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	plain := listen(t, nil, answers(ok))
	secret := webServer(t, ca, func(http.ResponseWriter, *http.Request) {})
	_, port, _ := strings.Cut(plain.addr, ":")
	resolve := map[string]string{"elsewhere.test:" + port: plain.addr}
	for name, c := range map[string]struct {
		url, host string
		options   deliver.Options
	}{
		"address":  {plain.url(), "127.0.0.1", deliver.Options{}},
		"name":     {"http://a.localhost:" + port, "a.localhost", deliver.Options{}},
		"resolved": {"http://elsewhere.test:" + port, "elsewhere.test", deliver.Options{Resolve: resolve}},
		"TLS":      {secret.URL, "127.0.0.1", deliver.Options{TLS: ca.client(t)}},
		"HTTP/2":   {secret.URL, "127.0.0.1", deliver.Options{TLS: ca.client(t), HTTP2: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			may := false
			ctx := deliver.WithReach(t.Context(), func(host string, address netip.Addr) error {
				asked = append(asked, host+" "+address.String())
				if may {
					return nil
				}
				return errors.New("not there")
			})
			client := newClient(t, c.options)
			x := post(ctx, client, c.url, "{}")
			if x.Err == nil || x.Err.Kind != record.FailUnknown || !x.Err.Permanent || x.Err.Ambiguous ||
				!strings.Contains(x.Err.Text, "not there") {
				t.Errorf("%+v", x.Err)
			}
			if len(asked) != 1 || asked[0] != c.host+" 127.0.0.1" {
				t.Errorf("asked about %q", asked)
			}
			may = true
			if x := post(ctx, client, c.url, "{}"); x.Status() != http.StatusOK {
				t.Errorf("%+v", x.Err)
			}
		})
	}
}

// A proxy looks names up anew, so that nothing could be decided.
func TestALimitedConnectionGoesThroughNoProxy(t *testing.T) {
	t.Parallel()
	p := listen(t, nil, answers(ok))
	client := newClient(t, deliver.Options{Proxy: p.url()})
	ctx := deliver.WithReach(context.WithoutCancel(t.Context()), func(string, netip.Addr) error { return nil })
	x := post(ctx, client, "http://example.test/", "{}")
	if x.Err == nil || !x.Err.Permanent || p.connections() != 0 {
		t.Errorf("%+v, %d connections", x.Err, p.connections())
	}
}
