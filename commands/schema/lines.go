package schema

import (
	"time"

	"github.com/barbhq/barb/store/record"
)

// Breaker is the line about an endpoint that is paused after failures, or active again.
type Breaker struct {
	Schema         int    `json:"schema"`
	Level          string `json:"level"`
	Event          string `json:"event"` // "breaker"
	Timestamp      string `json:"timestamp"`
	EndpointDomain string `json:"endpoint_domain"`
	State          string `json:"state"` // "open": nothing is sent; "closed": deliveries are sent again
	Failures       int    `json:"failures,omitempty"`
	CooldownMS     int64  `json:"cooldown_ms,omitempty"`
}

// NewBreaker returns the line about an endpoint that is active again.
func NewBreaker(domain string, now time.Time) Breaker {
	return Breaker{Schema: 1, Level: "info", Event: "breaker", Timestamp: Stamp(now),
		EndpointDomain: domain, State: "closed"}
}

// Open changes the line to say that the endpoint is paused for the cooldown after that many failures.
func (b *Breaker) Open(failures int, cooldown time.Duration) {
	b.Level, b.State, b.Failures, b.CooldownMS = "warn", "open", failures, cooldown.Milliseconds()
}

// Mirror is the line about a mirror's response.
type Mirror struct {
	Schema int          `json:"schema"`
	Event  string       `json:"event"` // "mirror"
	ID     int64        `json:"id"`    // of the received webhook
	Mirror MirrorAnswer `json:"mirror"`
}

// MirrorAnswer is the response of a mirror.
type MirrorAnswer struct {
	ID             int64  `json:"id"` // of the exchange with the mirror
	EndpointDomain string `json:"endpoint_domain"`
	StatusCode     int    `json:"status_code"`
	LatencyMS      int64  `json:"latency_ms"`
	Same           bool   `json:"same"` // as the app's
}

// NewMirror returns the line about the exchange f with a mirror of the received webhook.
func NewMirror(webhook int64, f *record.Exchange, same bool) Mirror {
	return Mirror{Schema: 1, Event: "mirror", ID: webhook, Mirror: MirrorAnswer{ID: f.ID,
		EndpointDomain: hostname(f.Request.URL), StatusCode: f.Status(), LatencyMS: f.Took.Milliseconds(), Same: same}}
}

// Exec is the line about a command that ran after its sender had a response.
type Exec struct {
	Schema int    `json:"schema"`
	Event  string `json:"event"` // "exec"
	ID     int64  `json:"id"`    // of the received webhook
	Exit   int    `json:"exec_exit"`
	MS     int64  `json:"exec_ms"`
}

// NewExec returns the line about the command that ran for x.
func NewExec(x *record.Exchange) Exec {
	return Exec{Schema: 1, Event: "exec", ID: x.ID, Exit: x.Run.Exit, MS: x.Run.Took.Milliseconds()}
}

// Refused is the line about a request that was refused before it became a webhook.
type Refused struct {
	Schema    int    `json:"schema"`
	Level     string `json:"level"`
	Event     string `json:"event"` // "refused"
	Timestamp string `json:"timestamp"`
	Status    int    `json:"status"` // 0: the connection was closed without a response
	Reason    string `json:"reason"`
	Remote    string `json:"remote"`
	Method    string `json:"method"` // "" if it was not read
	Path      string `json:"path"`
	// Count is the number of refusals that the line stands for, when they came too fast for a line each.
	Count int `json:"count,omitempty"`
}

// maxRefusedPath bounds the path in a line: a sender may choose one of 64 KiB.
const maxRefusedPath = 256

// NewRefused returns the line about count refused requests of one kind. The caller sets status, remote, method and path
// of the last one with At.
func NewRefused(reason string, count int, now time.Time) Refused {
	out := Refused{Schema: 1, Level: "warn", Event: "refused", Timestamp: Stamp(now), Reason: reason}
	if count > 1 {
		out.Count = count
	}
	return out
}

// At sets the refused request and the status.
func (r *Refused) At(status int, remote, method, path string) {
	r.Status, r.Remote, r.Method, r.Path = status, remote, method, path[:min(len(path), maxRefusedPath)]
}
