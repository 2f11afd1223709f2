package deliver_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver"
)

func TestEveryProviderSaysWhereItsFiguresComeFrom(t *testing.T) {
	var names []string
	for _, p := range deliver.Providers() {
		names = append(names, p.Name)
		if p.Title == "" || p.Scheme == "" || p.Timeout <= 0 || p.Retried == "" || len(p.Docs) == 0 || p.Doubt == "" {
			t.Errorf("%s is not complete: %+v", p.Name, p)
		}
		for _, address := range p.Docs {
			if !strings.HasPrefix(address, "https://") {
				t.Errorf("%s: %q is no address", p.Name, address)
			}
		}
		var all time.Duration
		for _, wait := range p.Waits {
			all += wait
		}
		if len(p.Waits) > 0 && len(p.Waits) != p.Retries || all > p.Within && p.Within > 0 {
			t.Errorf("%s: %d waits of %s in all for %d retries within %s", p.Name, len(p.Waits), all, p.Retries, p.Within)
		}
	}
	if !slices.IsSorted(names) {
		t.Errorf("%v are not in order", names)
	}
}

func TestProvidersWaitAsLongAsIsKnown(t *testing.T) {
	for name, seconds := range map[string]int{"stripe": 20, "github": 10, "shopify": 5, "twilio": 15, "paypal": 20, "slack": 3} {
		p, ok := deliver.LookupProvider(name)
		if !ok || p.Timeout != time.Duration(seconds)*time.Second {
			t.Errorf("%s waits %s, want %d s", name, p.Timeout, seconds)
		}
	}
	if p, ok := deliver.LookupProvider("nobody"); ok {
		t.Errorf("nobody is %+v", p)
	}
}
