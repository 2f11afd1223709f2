package web

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// VisitLife is how long an address of Visit opens the page.
const VisitLife = 2 * time.Minute

// mostVisits is how many addresses of Visit are remembered.
const mostVisits = 16

// visits are codes that were handed out while the page runs. Each opens the page once.
type visits struct {
	now func() time.Time
	mu  sync.Mutex
	all []visit // the newest last
}

type visit struct {
	code  string
	until time.Time
	used  bool
}

// Visit returns the address of a place of the page, such as /w/17?q=push, with a code of its own. The code opens the
// page once, within VisitLife.
func (p *Page) Visit(place string) string {
	code := p.gate.random()
	p.gate.visits.add(code)
	separator := "?"
	if strings.Contains(place, "?") {
		separator = "&"
	}
	return p.origin() + place + separator + "code=" + url.QueryEscape(code)
}

// At returns the address of a place of the page without a code. It opens in a browser that has entered the page.
func (p *Page) At(place string) string { return p.origin() + place }

func (v *visits) add(code string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all = append(v.all, visit{code: code, until: v.now().Add(VisitLife)})
	v.all = slices.Clone(v.all[max(len(v.all)-mostVisits, 0):])
}

// spend uses a code up. opens is false if the code was used or is too old; known is true then.
func (v *visits) spend(code string) (opens, known bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range v.all {
		if one := &v.all[i]; same(code, one.code) {
			opens = !one.used && v.now().Before(one.until)
			one.used = true
			return opens, true
		}
	}
	return false, false
}
