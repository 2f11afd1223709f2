package script_test

import (
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/script"
)

func TestPlatformsHaveTheLimitsTheyDocument(t *testing.T) {
	want := map[string]struct {
		body    int64
		timeout time.Duration
		late    int
	}{"lambda": {6 << 20, 30 * time.Second, 504}, "vercel": {4_500_000, 10 * time.Second, 504},
		"cloudflare": {100_000_000, 30 * time.Second, 503}}
	if n := len(script.Platforms()); n != len(want) {
		t.Errorf("%d platforms", n)
	}
	for name, w := range want {
		p, ok := script.LookupPlatform(name)
		if !ok || p.MaxBody != w.body || p.Timeout != w.timeout || p.Late().Status != w.late || len(p.Late().Body) == 0 {
			t.Errorf("%s: %+v", name, p)
		}
		if p.Doubt == "" || len(p.Docs) == 0 || !strings.HasPrefix(p.Docs[0], "https://") {
			t.Errorf("%s does not say where its figures come from", name)
		}
	}
	if _, ok := script.LookupPlatform("heroku"); ok {
		t.Error("heroku is known")
	}
}

func TestPlatformsCutWhatTakesTooLong(t *testing.T) {
	p, _ := script.LookupPlatform("vercel")
	slow := answer(200, "")
	slow.Delay = 11 * time.Second
	for name, a := range map[string]listen.Answer{"slow": slow, "hanging": {Fault: listen.Fault{Kind: listen.Hang}}} {
		if got := p.Cut(a); got.Response == nil || got.Response.Status != 504 || got.Delay != 10*time.Second ||
			got.Fault.Kind != "" {
			t.Errorf("a %s app is answered %+v", name, got)
		}
	}
	quick := answer(200, "")
	if got := p.Cut(quick); got.Response != quick.Response {
		t.Errorf("a quick app is answered %+v", got)
	}
}
