package deliver

import (
	"errors"
	"math"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"
)

// Limits bound what one process sends to each endpoint, a host with its port: however many URLs it serves, it is one
// machine. The zero value bounds nothing. It may be used from many goroutines.
type Limits struct {
	AtOnce   int           // attempts at a time; 0: any number
	Rate     rate.Limit    // attempts a second; 0: any number
	Failures int           // in a row, after which nothing is sent for a while; 0: it goes on
	Cooldown time.Duration // how long nothing is sent; then one attempt decides whether all others may go on
	// Changed is called when an endpoint is paused, and when it works again. It must not call Limits.
	Changed func(endpoint string, open bool)

	mu        sync.Mutex
	endpoints map[string]*limit
}

// limit is the state of one endpoint.
type limit struct {
	active  int
	rate    *rate.Limiter                         // nil: none
	breaker *gobreaker.TwoStepCircuitBreaker[any] // nil: none
	until   time.Time                             // of the pause
}

// Grant is the result of Limits.Acquire.
type Grant struct {
	Permits []*Permit
	// Wait is how long until there may be more; 0 when the end of an attempt decides that.
	Wait time.Duration
	// Open says that nothing may be sent, since the endpoint has failed too often.
	Open bool
}

// Permit is the right to make one attempt, until End.
type Permit struct {
	limits *Limits
	limit  *limit
	token  *rate.Reservation
	taken  time.Time
	report func(error)
}

// Acquire asks for the right to make some attempts at a URL now.
func (l *Limits) Acquire(url string, want int) Grant {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, now := l.of(url), time.Now()
	var grant Grant
	for len(grant.Permits) < want && (l.AtOnce == 0 || e.active < l.AtOnce) {
		p := &Permit{limits: l, limit: e, taken: now}
		if grant.Wait = p.takeToken(); grant.Wait > 0 {
			break
		}
		if grant.Open = !p.pass(); grant.Open {
			grant.Wait = max(e.until.Sub(now), 0)
			p.giveBack()
			break
		}
		e.active++
		grant.Permits = append(grant.Permits, p)
	}
	return grant
}

// Open reports whether nothing may be sent to an endpoint at the moment.
func (l *Limits) Open(url string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.of(url)
	return e.breaker != nil && e.breaker.State() == gobreaker.StateOpen
}

// EndpointOf returns the endpoint that the limits of a URL are for, host:port. An invalid URL is one of its own: its
// attempts fail soon enough.
func EndpointOf(url string) string {
	if e, err := parseEndpoint(url); err == nil {
		return e.address
	}
	return url
}

// of returns the limit of a URL's endpoint.
func (l *Limits) of(url string) *limit {
	key := EndpointOf(url)
	if e, ok := l.endpoints[key]; ok {
		return e
	}
	e := &limit{}
	if l.Rate > 0 {
		e.rate = rate.NewLimiter(l.Rate, max(int(math.Ceil(float64(l.Rate)/burstsPerSecond)), 1))
	}
	if l.Failures > 0 {
		e.breaker = l.newBreaker(key, e)
	}
	if l.endpoints == nil {
		l.endpoints = map[string]*limit{}
	}
	l.endpoints[key] = e
	return e
}

// burstsPerSecond is how many bursts the attempts of a second are spread over, at least.
const burstsPerSecond = 10

// newBreaker makes the breaker of an endpoint. It calls back under its own lock, so until needs none: it is only read
// after a call that has seen the new state.
func (l *Limits) newBreaker(endpoint string, e *limit) *gobreaker.TwoStepCircuitBreaker[any] {
	return gobreaker.NewTwoStepCircuitBreaker[any](gobreaker.Settings{
		Name: endpoint, MaxRequests: 1, Timeout: l.Cooldown,
		ReadyToTrip: func(c gobreaker.Counts) bool { return int(c.ConsecutiveFailures) >= l.Failures },
		IsExcluded:  func(err error) bool { return errors.Is(err, errNothingLearnt) },
		OnStateChange: func(name string, from, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				e.until = time.Now().Add(l.Cooldown + time.Millisecond) // the breaker opens after the end of its time, not at it
			}
			if l.Changed != nil && (from == gobreaker.StateClosed || to == gobreaker.StateClosed) {
				l.Changed(name, to == gobreaker.StateOpen)
			}
		},
	})
}

// The reports of a permit to the breaker.
var (
	errNothingLearnt = errors.New("no attempt came to its end")
	errFailed        = errors.New("the endpoint failed")
)

// takeToken takes a part of the rate, or returns how long until there is one.
func (p *Permit) takeToken() time.Duration {
	if p.limit.rate == nil {
		return 0
	}
	p.token = p.limit.rate.ReserveN(p.taken, 1)
	wait := p.token.DelayFrom(p.taken)
	if wait > 0 {
		p.giveBack()
	}
	return wait
}

func (p *Permit) giveBack() {
	if p.token != nil {
		p.token.CancelAt(p.taken) // later it would be too late: what was due counts as used
	}
}

// pass reports whether the breaker lets the attempt through.
func (p *Permit) pass() (ok bool) {
	if p.limit.breaker == nil {
		return true
	}
	var err error
	p.report, err = p.limit.breaker.Allow()
	return err == nil
}

// End returns the permit, with the attempt that was made; nil for none. An answer that another attempt would not change
// counts as a success: the endpoint works, even if it rejects the webhook.
func (p *Permit) End(a *Attempt) {
	p.limits.mu.Lock()
	defer p.limits.mu.Unlock()
	p.limit.active--
	if a == nil {
		p.giveBack()
	}
	if p.report != nil {
		p.report(verdict(a))
	}
}

func verdict(a *Attempt) error {
	switch {
	case a == nil || !a.Ended || a.Decision == Interrupted:
		return errNothingLearnt
	case a.Decision == Delivered, a.Decision == Final && a.Exchange.Response != nil:
		return nil
	}
	return errFailed
}
