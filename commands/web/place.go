package web

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/barbhq/barb/commands/query"
)

// place is where a person is: what the address says.
type place struct {
	filter string // as it was typed
	before int64  // the list begins below this exchange; 0: at the newest
	chosen int64  // the webhook that is shown; 0: none
}

func placeOf(r *http.Request) place {
	q := r.URL.Query()
	return place{filter: q.Get("q"), before: number(q.Get("before")), chosen: number(r.PathValue("id"))}
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// suffix is the query of the addresses of this place, with its question mark; "" for none.
func (at place) suffix() string { return at.with(at.before) }

// with is suffix for another page of the list.
func (at place) with(before int64) string {
	v := url.Values{}
	if at.filter != "" {
		v.Set("q", at.filter)
	}
	if before != 0 {
		v.Set("before", strconv.FormatInt(before, 10))
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

// longestFilter is the longest filter that is read, in bytes.
const longestFilter = 2 << 10

// queryOf reads the filter of a place.
func (at place) queryOf() (*query.Query, error) {
	return query.Read(at.filter[:min(len(at.filter), longestFilter)])
}
