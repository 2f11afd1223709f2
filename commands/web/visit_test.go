package web_test

import (
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/web"
)

// stranger is another browser: it has no cookie of the page.
func (s *site) stranger() {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.browser.Jar = jar
}

func TestAnAddressOfAVisitOpensThePageOnceAndNotForLong(t *testing.T) {
	t.Parallel()
	var late atomic.Int64
	s := siteWith(t, newStore(t), func(p *web.Page) {
		p.Now = func() time.Time { return noon.Add(time.Duration(late.Load())) }
	})
	s.add(received(1))
	at := s.page.Visit("/w/1?q=push")
	if !strings.HasPrefix(at, s.at+"/w/1?q=push&code=") || at == s.page.Visit("/w/1?q=push") {
		t.Error(at)
	}
	if status, _, text := s.ask("HEAD", at, nil, ""); status != http.StatusForbidden { // a preview of the link
		t.Errorf("HEAD: %d %s", status, text)
	}
	status, header, _ := s.ask("GET", at, nil, "")
	if to := header.Get("Location"); status != http.StatusSeeOther || to != "/w/1?q=push" {
		t.Errorf("%d to %q", status, to)
	}
	if status, _, _ := s.ask("GET", "/w/1", nil, ""); status != http.StatusOK {
		t.Errorf("the browser did not enter: %d", status)
	}
	if status, _, _ := s.ask("GET", at, nil, ""); status != http.StatusSeeOther {
		t.Errorf("the browser that entered, again: %d", status)
	}
	next := s.page.Visit("/")
	if status, _, _ := s.ask("GET", next, nil, ""); status != http.StatusSeeOther {
		t.Errorf("%d", status)
	}
	old := s.page.Visit("/")
	s.stranger()
	late.Store(int64(web.VisitLife))
	for name, address := range map[string]string{"used": at, "used by who was in": next, "old": old} {
		status, _, text := s.ask("GET", address, nil, "")
		if status != http.StatusForbidden || !strings.Contains(text, "works once") {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if status, _, _ := s.ask("GET", s.entry, nil, ""); status != http.StatusSeeOther {
		t.Errorf("the printed address, after visits: %d", status)
	}
}

func TestOnlyTheLastVisitsAreRemembered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first, last := s.page.Visit("/"), ""
	for range 16 {
		last = s.page.Visit("/")
	}
	if status, _, _ := s.ask("GET", first, nil, ""); status != http.StatusForbidden {
		t.Errorf("the first of 17: %d", status)
	}
	if status, _, _ := s.ask("GET", last, nil, ""); status != http.StatusSeeOther {
		t.Errorf("the last: %d", status)
	}
}
