package listen

import (
	"net/http"
	"net/netip"
	"slices"

	"golang.org/x/time/rate"

	"github.com/barbhq/barb/store/record"
)

// Guard decides which connections and requests a server takes. The zero value takes all of them.
type Guard struct {
	Networks []netip.Prefix // of the senders; empty: all
	Limit    *rate.Limiter  // of requests; nil: none
}

// Allow reports whether the sender at remote, an ip:port, is in one of the networks. It is for Server.Allow.
func (g *Guard) Allow(remote string) bool {
	if len(g.Networks) == 0 {
		return true
	}
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	ip := from.Addr().Unmap().WithZone("")
	return slices.ContainsFunc(g.Networks, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// Admit refuses a request beyond the limit with 429, and says when the next one would be taken. It is for Server.Admit.
func (g *Guard) Admit(string, *record.Request) Admission {
	if g.Limit == nil {
		return Admission{}
	}
	reservation := g.Limit.Reserve()
	wait := reservation.Delay()
	if wait == 0 {
		return Admission{}
	}
	reservation.Cancel()
	return Admission{Status: http.StatusTooManyRequests, RetryAfter: wait, Reason: "rate_limited"}
}
