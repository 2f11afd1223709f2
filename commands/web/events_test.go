package web_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/store/record"
)

// event is one event of the stream.
type event struct{ name, id, data string }

// open opens the stream and returns its events as they come.
func (s *site) open(path string, headers map[string]string) <-chan event {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.at+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	client := *s.browser
	client.Timeout = 0
	answer, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatalf("%s: status %d, %s", path, answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	s.t.Cleanup(func() { _ = answer.Body.Close() })
	all := make(chan event, 1000)
	go func() {
		defer close(all)
		var e event
		for lines := bufio.NewReader(answer.Body); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			switch name {
			case "event":
				e.name = value
			case "id":
				e.id = value
			case "data":
				e.data = value
			case "":
				if e.name != "" {
					all <- e
				}
				e = event{}
			}
		}
	}()
	return all
}

// rows returns the ids of the next event with rows.
func (s *site) rowsOf(all <-chan event) (ids []int, html string) {
	s.t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case e, ok := <-all:
			if !ok {
				s.t.Fatal("the stream has ended")
			}
			if e.name != "rows" {
				continue
			}
			var data struct{ HTML string }
			if err := json.Unmarshal([]byte(e.data), &data); err != nil {
				s.t.Fatal(err)
			}
			return idsOf(data.HTML), data.HTML
		case <-late:
			s.t.Fatal("nothing came")
		}
	}
}

func TestWhatComesIsSentOnceAndInOrder(t *testing.T) {
	t.Parallel()
	s := entered(t)
	s.add(received(1))
	all := s.open("/events?after=1", nil)
	var got []int
	for n := 2; n <= 60; n++ {
		s.add(received(n))
	}
	for len(got) < 59 {
		ids, _ := s.rowsOf(all)
		got = append(got, ids...)
	}
	for i, id := range got {
		if id != i+2 {
			t.Fatalf("%v", got)
		}
	}
}

// Nothing is written to a history whose file is gone, so looking finds out. The page says it once, and when it is back.
func TestThatTheFileOfTheHistoryIsGoneIsSaid(t *testing.T) {
	t.Parallel()
	s := entered(t)
	s.add(received(1))
	all := s.open("/events?since=1", nil)
	next := func(name string) event {
		t.Helper()
		late := time.After(20 * time.Second)
		for {
			select {
			case e := <-all:
				if e.name == name {
					return e
				}
			case <-late:
				t.Fatalf("no event %s", name)
			}
		}
	}
	path := s.Path()
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if e := next("trouble"); !strings.Contains(e.data, "was removed or replaced while it was open") {
		t.Error(e.data)
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	next("well")
}

func TestAPageThatComesBackGetsWhatItMissed(t *testing.T) {
	t.Parallel()
	s := entered(t)
	for n := 1; n <= 5; n++ {
		s.add(received(n))
	}
	ids, _ := s.rowsOf(s.open("/events?after=1", map[string]string{"Last-Event-ID": "3"}))
	if !slices.Equal(ids, []int{4, 5}) {
		t.Errorf("%v", ids)
	}
	var batch []*record.Exchange
	for n := range 1000 {
		batch = append(batch, received(n))
	}
	s.add(batch...)
	for e := range s.open("/events?after=5", nil) {
		if e.name == "reset" {
			break
		}
		if e.name == "rows" {
			t.Fatal("a thousand rows are sent one by one")
		}
	}
}

func TestTheStreamFollowsTheFilterAndTheAnswer(t *testing.T) {
	t.Parallel()
	s := entered(t)
	all := s.open("/events?q=event:order.*", nil)
	x := received(1)
	x.EventType = "order.created"
	x.Response, x.Ended = nil, false
	s.add(received(2), x, received(3))
	if ids, html := s.rowsOf(all); !slices.Equal(ids, []int{2}) || !strings.Contains(html, "…") {
		t.Errorf("%v %s", ids, html)
	}
	x.Ended, x.Response = true, &record.Response{Status: 503}
	if err := s.Answer(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ids, html := s.rowsOf(all); !slices.Equal(ids, []int{2}) || !strings.Contains(html, "503") {
		t.Errorf("%v %s", ids, html)
	}
}

// A page that does not read holds up neither what is recorded nor another page.
func TestAPageThatDoesNotReadHoldsUpNobody(t *testing.T) {
	t.Parallel()
	s := entered(t)
	u := s.browser.Jar.Cookies(mustURL(t, s.at))
	conn, err := net.Dial("tcp", "127.0.0.1:"+s.port())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.(*net.TCPConn).SetReadBuffer(1 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET /events HTTP/1.1\r\nHost: 127.0.0.1:"+s.port()+"\r\nCookie: "+u[0].String()+
		"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	all := s.open("/events", nil)
	for n := range 40 {
		var batch []*record.Exchange
		for i := range 50 {
			batch = append(batch, received(50*n+i))
		}
		s.add(batch...)
	}
	last := strconv.Itoa(2000)
	for { // rows, or the word that there are too many of them
		select {
		case e, ok := <-all:
			if !ok {
				t.Fatal("the stream has ended")
			}
			if e.id == last {
				return
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the other page is held up")
		}
	}
}

func TestTooManyPagesAreRefused(t *testing.T) {
	t.Parallel()
	s := entered(t)
	for range 16 {
		s.open("/events", nil)
	}
	if status, _, _ := s.ask("GET", "/events", nil, ""); status != http.StatusServiceUnavailable {
		t.Errorf("the seventeenth stream: status %d", status)
	}
}
