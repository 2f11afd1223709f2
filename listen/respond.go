package listen

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/barbhq/barb/store/record"
)

// Respond is a scripted answer: what senders get instead of 200, one status after another, the last one from then on. Its
// zero value is no script.
type Respond struct {
	statuses []int
	next     atomic.Int64
}

// ParseRespond reads a script: statuses from 200 to 599, such as "500" or "503,503,200". Those below 200 are no answers, a
// sender would wait on.
func ParseRespond(s string) (*Respond, error) {
	r := &Respond{}
	for item := range strings.SplitSeq(s, ",") {
		status, err := strconv.ParseUint(item, 10, 16)
		if err != nil || len(item) != 3 || status < 200 || status > 599 {
			return nil, fmt.Errorf("answer %q is not a status from 200 to 599, such as 202 or 500", item)
		}
		r.statuses = append(r.statuses, int(status))
	}
	return r, nil
}

// Response returns the next answer to send: a status with an empty body. Many goroutines may ask.
func (r *Respond) Response() *record.Response {
	n := int(r.next.Add(1)) - 1
	return &record.Response{Status: r.statuses[min(n, len(r.statuses)-1)]}
}
