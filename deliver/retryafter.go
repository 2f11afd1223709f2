package deliver

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// retryAfter reads the Retry-After of an answer (RFC 9110, section 10.2.3): exactly one field, of 1 to 10 digits or an
// HTTP date. Anything else is malformed and counts as absent. A past date is a wait of zero.
func retryAfter(values []string, now time.Time) (wait time.Duration, ok, malformed bool) {
	if len(values) == 0 {
		return 0, false, false
	}
	if len(values) > 1 {
		return 0, false, true
	}
	if seconds, err := strconv.ParseUint(values[0], 10, 64); err == nil && len(values[0]) <= 10 {
		// Ten digits of seconds are more nanoseconds than a Duration holds.
		return time.Duration(min(seconds, math.MaxInt64/uint64(time.Second))) * time.Second, true, false
	}
	date, err := http.ParseTime(values[0])
	if err != nil {
		return 0, false, true
	}
	return max(date.Sub(now), 0), true, false
}
