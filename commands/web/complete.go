package web

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/barbhq/barb/commands/query"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

const (
	// lookedAt is how many of the newest exchanges are counted for completion.
	lookedAt = 2000
	// countEvery is how long these counts are used, for all pages.
	countEvery = 2 * time.Second
	// mostCompletions is how many are offered at once.
	mostCompletions = 10
	// longestValue is the longest value that is offered, in bytes.
	longestValue = 120
)

// completion is one way to go on with the last part of a filter.
type completion struct {
	Text string `json:"text"` // the whole part
	Says string `json:"says"` // what it selects, or how often its value was met lately
}

// valuesMet counts the values of filters in the newest exchanges.
type valuesMet struct {
	mu   sync.Mutex
	of   map[string]map[string]int
	when time.Time
}

// complete answers how the last part of the filter ?q= can go on.
func (p *Page) complete(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := within(r, time.Second)
	defer cancel()
	text := r.URL.Query().Get("q")
	all := p.completions(ctx, strings.ToLower(text[:min(len(text), longestFilter)]))
	data, err := json.Marshal(all)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "barb could not write these completions.")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(data)
}

func (p *Page) completions(ctx context.Context, part string) []completion {
	all := []completion{}
	name, value, ok := strings.Cut(strings.TrimPrefix(part, "--"), ":")
	if !ok {
		name, value, ok = strings.Cut(strings.TrimPrefix(part, "--"), "=")
	}
	met := p.met(ctx)
	if ok {
		return append(all, valuesOf(met, name, strings.Trim(value, `"'`))...)
	}
	for _, n := range query.Names() {
		if part != "" && strings.HasPrefix(strings.TrimPrefix(n.Text, "--"), strings.TrimPrefix(part, "--")) || part == "" {
			all = append(all, completion{n.Text, n.Does})
		}
	}
	if len(part) >= 2 {
		for _, name := range []string{"event", "of-scheme", "endpoint"} {
			all = append(all, valuesOf(met, name, part)...)
		}
	}
	return all[:min(len(all), mostCompletions+4)]
}

// valuesOf are the values of a filter that contain a text, the most frequent first.
func valuesOf(met map[string]map[string]int, name, text string) (all []completion) {
	values := met[name]
	names := make([]string, 0, len(values))
	for value := range values {
		if strings.Contains(strings.ToLower(value), text) {
			names = append(names, value)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(values[b], values[a]), cmp.Compare(a, b)) })
	for _, value := range names[:min(len(names), mostCompletions)] {
		part := name + ":" + strings.Join(strings.Fields(value), "*") // a filter takes no blanks here
		all = append(all, completion{part, strconv.Itoa(values[value]) + " lately"})
	}
	return all
}

// met counts the values in the newest exchanges; after an error there are none.
func (p *Page) met(ctx context.Context) map[string]map[string]int {
	m := &p.values
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of != nil && p.Now().Sub(m.when) < countEvery {
		return m.of
	}
	of := map[string]map[string]int{"event": {}, "status": {}, "of-scheme": {}, "endpoint": {}}
	for x, err := range p.History.List(ctx, store.Filter{Limit: lookedAt}) {
		if err != nil {
			break
		}
		host := ""
		if x.Kind == record.Sent {
			_, host, _ = strings.Cut(record.Origin(x.Request.URL), "://")
		}
		status := ""
		if x.Status() != 0 {
			status = strconv.Itoa(x.Status())
		}
		for name, value := range map[string]string{"event": x.Event(), "status": status, "of-scheme": x.Scheme,
			"endpoint": host} {
			if value != "" && len(value) <= longestValue && !strings.ContainsAny(value, "\"'\r\n") {
				of[name][value]++
			}
		}
	}
	m.of, m.when = of, p.Now()
	return of
}
