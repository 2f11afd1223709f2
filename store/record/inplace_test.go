package record_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/barbhq/barb/store/record"
)

func TestSetInPlaceIsSet(t *testing.T) {
	t.Parallel()
	names := []string{"a", "A", "b", "webhook-id", "Webhook-Id", "c"}
	one := func() record.Field {
		return record.Field{Name: names[rand.IntN(len(names))], Value: string(rune('0' + rand.IntN(10)))}
	}
	for range 5000 {
		var h record.Header
		for range rand.IntN(6) {
			h = append(h, one())
		}
		f := one()
		want := h.Set(f.Name, f.Value)
		if got := slices.Clone(h).SetInPlace(f); !slices.Equal(got, want) {
			t.Fatalf("%v with %v: %v, want %v", h, f, got, want)
		}
	}
}

// The fields of one connection are those that the RFC names, in any case, and those that Connection names.
func TestEndToEndLeavesOutWhatIsOfOneConnection(t *testing.T) {
	t.Parallel()
	hops := []string{"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE",
		"Trailer", "Transfer-Encoding", "Upgrade"}
	others := []string{"X-A", "Te2", "Upgrades", "Content-Type", "Proxy-Connectiom", "Host", "et", "x-b", "trailed"}
	for range 5000 {
		var h record.Header
		for range rand.IntN(8) {
			name := slices.Concat(hops, others)[rand.IntN(len(hops)+len(others))]
			if rand.IntN(2) == 0 {
				name = strings.ToLower(name)
			}
			h = append(h, record.Field{Name: name, Value: []string{"x-B , X-a", "close", ""}[rand.IntN(3)]})
		}
		want := h.Without(append(slices.Clone(hops), strings.Split(strings.ReplaceAll(strings.Join(h.Values("Connection"),
			","), " ", ""), ",")...)...)
		if got := h.EndToEnd(); !slices.Equal(got, want) {
			t.Fatalf("of %v: %v, want %v", h, got, want)
		}
	}
}

func TestMakeHeadIsAppendHead(t *testing.T) {
	t.Parallel()
	of := func(texts ...string) string { return texts[rand.IntN(len(texts))] }
	for range 5000 {
		r := record.Request{Method: of("POST", "", "GET"), Target: of("", "/a?b", "*"),
			URL: of("http://h/x#f", "http://h", ""), Proto: of("", "HTTP/1.0", "HTTP/1.1", "HTTP/2.0")}
		for range rand.IntN(5) {
			r.Header = append(r.Header, record.Field{Name: of("", "Host", "X-A"), Value: of("", "é", " a ")})
		}
		if got, want := r.MakeHead(), string(r.AppendHead(nil)); got != want {
			t.Fatalf("%+v: %q, want %q", r, got, want)
		}
	}
}
