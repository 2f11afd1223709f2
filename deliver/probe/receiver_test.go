package probe_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver/probe"
)

const secret = "whsec_cGFzc3dvcmQtb2YtdGhlLXByb2JlLXRlc3Rz"

// fault is what a receiver of Standard Webhooks does wrong.
type fault string

// The faults, by which a receiver is broken on purpose: one each.
const (
	none         fault = "none"
	unchecked    fault = "no signature check"
	printed      fault = "the signature of JSON that was parsed and printed"
	timeless     fault = "no look at the timestamp"
	onlyPast     fault = "only old timestamps refused"
	firstOnly    fault = "the first signature alone"
	emptyKey     fault = "a second key from a variable that is not set"
	forgetful    fault = "no idempotency"
	checkFirst   fault = "a look before the insert"
	inMemory     fault = "ids in memory alone"
	tied         fault = "an id that is kept before work that ends with the connection"
	slow         fault = "works before it answers"
	strictParser fault = "500 on bad JSON"
	talkative    fault = "a stack trace in the answer"
	yes          fault = "2xx for everything"
	no           fault = "4xx for everything"
)

// receiver is an application that receives webhooks over real HTTP.
type receiver struct {
	fault
	keys   [][]byte
	mu     sync.Mutex
	seen   map[string]bool
	done   int64
	server *httptest.Server
}

func serve(t *testing.T, f fault) *receiver {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{fault: f, keys: [][]byte{key}, seen: map[string]bool{}}
	if f == emptyKey {
		r.keys = append(r.keys, nil)
	}
	r.server = httptest.NewServer(r)
	t.Cleanup(func() { r.server.Close() })
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	switch {
	case r.fault == yes:
		r.work("")
		return
	case r.fault == no:
		http.Error(w, "bad signature", http.StatusUnauthorized)
		return
	case q.Method != http.MethodPost:
		http.Error(w, "only POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, 1<<20))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	if r.fault != unchecked && !r.verify(q.Header, body, time.Now()) {
		text := "bad signature"
		if r.fault == talkative {
			text = "Traceback (most recent call last):\n  File \"/srv/app.py\", line 7, in hook"
		}
		http.Error(w, text, http.StatusUnauthorized)
		return
	}
	var event map[string]any
	if err := json.Unmarshal(body, &event); err != nil {
		status := http.StatusBadRequest
		if r.fault == strictParser {
			status = http.StatusInternalServerError
		}
		http.Error(w, "bad JSON", status)
		return
	}
	if r.fault == slow {
		busy := time.NewTimer(1200 * time.Millisecond)
		defer busy.Stop()
		<-busy.C
	}
	if r.fault == tied && r.isCut(q) {
		return
	}
	if r.fault == checkFirst {
		query := 50 * time.Millisecond
		if strings.HasSuffix(q.Header.Get(probe.Field), " F4") {
			query = 300 * time.Millisecond // the retry comes meanwhile
		}
		r.ask(q.Header.Get("webhook-id"), query)
		return
	}
	r.work(q.Header.Get("webhook-id"))
}

// ask has a database look an id up, and works when it is not there.
func (r *receiver) ask(id string, query time.Duration) {
	r.mu.Lock()
	isKnown := r.seen[id]
	r.mu.Unlock()
	if isKnown {
		return
	}
	answered := time.NewTimer(query)
	defer answered.Stop()
	<-answered.C
	r.work(id)
}

// isCut keeps an id, and works for as long as the connection is there. Only the requests that are cut take long.
func (r *receiver) isCut(q *http.Request) bool {
	id := q.Header.Get("webhook-id")
	r.mu.Lock()
	isKnown := r.seen[id]
	r.seen[id] = true
	r.mu.Unlock()
	if isKnown {
		return true
	}
	if strings.HasSuffix(q.Header.Get(probe.Field), " F4") {
		busy := time.NewTimer(time.Second)
		defer busy.Stop()
		select {
		case <-q.Context().Done():
			return true
		case <-busy.C:
		}
	}
	r.mu.Lock()
	delete(r.seen, id) // work keeps it again
	r.mu.Unlock()
	return false
}

// work does what a webhook asks for, once for each id.
func (r *receiver) work(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen[id] && r.fault != forgetful && r.fault != yes && r.fault != checkFirst {
		return
	}
	r.seen[id] = true
	r.done++
}

func (r *receiver) verify(h http.Header, body []byte, now time.Time) bool {
	one := func(name string) string {
		if values := h.Values(name); len(values) == 1 {
			return values[0]
		}
		return ""
	}
	ts := one("webhook-timestamp")
	seconds, err := strconv.ParseInt(ts, 10, 64)
	isNumber := regexp.MustCompile(`^[1-9]\d{0,9}$`).MatchString(ts) && err == nil
	if !isNumber && r.fault != timeless {
		return false
	}
	age := now.Sub(time.Unix(seconds, 0))
	if r.fault != timeless && (age > 5*time.Minute || age < -5*time.Minute && r.fault != onlyPast) {
		return false
	}
	if r.fault == printed {
		var event any
		if json.Unmarshal(body, &event) != nil {
			return false
		}
		body, _ = json.Marshal(event)
	}
	signatures := strings.Fields(one("webhook-signature"))
	if r.fault == firstOnly && len(signatures) > 1 {
		signatures = signatures[:1]
	}
	for _, key := range r.keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(one("webhook-id") + "." + ts + "."))
		mac.Write(body)
		want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		for _, s := range signatures {
			if hmac.Equal([]byte(s), []byte(want)) {
				return true
			}
		}
	}
	return false
}

// effects counts what was done.
func (r *receiver) effects(context.Context) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done, nil
}

// restart closes the server and opens another one at the same address.
func (r *receiver) restart(context.Context) error {
	address := r.server.Listener.Addr().String()
	r.server.Close()
	r.mu.Lock()
	if r.fault == inMemory {
		clear(r.seen)
	}
	r.mu.Unlock()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return errors.Join(errors.New("the receiver does not start"), err)
	}
	r.server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: r}}
	r.server.Start()
	return nil
}
