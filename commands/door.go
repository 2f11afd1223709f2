package commands

import (
	"net/netip"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// admit is listen's question whether a request is taken.
func (e *entrance) admit(string, *record.Request) listen.Admission {
	if e.limit == nil {
		return listen.Admission{}
	}
	place := e.limit.Reserve()
	wait := place.Delay()
	if wait == 0 {
		return listen.Admission{}
	}
	place.Cancel()
	return listen.Admission{Status: 429, RetryAfter: wait, Reason: "rate_limited"}
}

// allows is listen's question whether a connection is taken: whether its address is one of those that are let in.
func (e *entrance) allows(remote string) bool {
	if len(e.allow) == 0 {
		return true
	}
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	ip := from.Addr().Unmap().WithZone("")
	for _, p := range e.allow {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}
