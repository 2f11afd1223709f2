package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/web"
	"github.com/barbhq/barb/store/record"
)

var rowID = regexp.MustCompile(`<tr id="w(\d+)"`)

// idsOf returns the ids of the rows of a page, from its top.
func idsOf(text string) (ids []int) {
	for _, m := range rowID.FindAllStringSubmatch(text, -1) {
		id, err := strconv.Atoi(m[1])
		if err != nil {
			panic(err) // digits
		}
		ids = append(ids, id)
	}
	return ids
}

var older = regexp.MustCompile(`id=older rel=next href="([^"]*)"`)

func TestTheListIsPagedByKeyThroughManyRows(t *testing.T) {
	t.Parallel()
	rows := 100_000
	if testing.Short() {
		rows = 2000
	}
	s := entered(t)
	var batch []*record.Exchange
	for n := 1; n <= rows; n++ {
		if batch = append(batch, received(n)); len(batch) == 1000 {
			s.add(batch...)
			batch = nil
		}
	}
	text, seen := s.get("/"), rows
	for page := range 12 {
		ids := idsOf(text)
		if len(ids) == 0 || len(ids) > 100 || ids[0] != seen { // fewer than 100 where the machine is busy
			t.Fatalf("page %d: %d rows, want up to 100 from %d", page, len(ids), seen)
		}
		for i, id := range ids {
			if id != seen-i {
				t.Fatalf("page %d: %d in place of %d", page, id, seen-i)
			}
		}
		seen -= len(ids)
		next := older.FindStringSubmatch(text)
		if next == nil {
			t.Fatalf("page %d has no next one", page)
		}
		s.add(received(rows + page)) // what comes meanwhile does not move the pages below
		text = s.get(next[1])
	}
	last := s.pages("/?before=50")
	if ids := idsOf(strings.Join(last, "")); len(ids) != 49 || ids[48] != 1 {
		t.Errorf("the last page: %v", ids)
	}
}

// pages returns the page at an address and those after it. A page is shorter than it may be where the machine was busy.
func (s *site) pages(address string) (all []string) {
	for next := []string{"", address}; next != nil; {
		text := s.get(next[1])
		all = append(all, text)
		next = older.FindStringSubmatch(text)
	}
	return all
}

// A webhook that is forwarded again stands at the top, and not on a later page as well.
func TestAWebhookStandsInTheListOnce(t *testing.T) {
	t.Parallel()
	s := entered(t)
	for n := range 150 {
		s.add(received(n))
	}
	forward := received(3)
	forward.Kind, forward.Role, forward.Thread = record.Sent, record.Forward, 3
	s.add(forward)
	pages := s.pages("/")
	if len(pages) < 2 {
		t.Fatal("no second page")
	}
	all := idsOf(strings.Join(pages, ""))
	if all[0] != 3 || len(all) != 150 {
		t.Errorf("%d rows from %d", len(all), all[0])
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != 150 {
		t.Error("a webhook twice")
	}
}

func TestTheFilterIsThatOfTheHistory(t *testing.T) {
	t.Parallel()
	s := entered(t)
	failed, bad, sent := received(1), received(2), received(3)
	failed.Response.Status = 500
	bad.Verdict = record.Verdict{Status: record.Invalid, Reason: "signature_mismatch"}
	bad.Response.Status = 401
	sent.Kind, sent.EventType = record.Sent, "order.created"
	s.add(failed, bad, sent, received(4))
	for filter, want := range map[string][]int{"": {4, 3, 2, 1}, "--failed": {1}, "status:5xx": {1}, "--invalid": {2},
		"event:order.*": {3}, "sent": {3}, "--sent": {3}, "2..3": {3, 2}, "@": {4}, "grep:evt_4": {4}, "order": {3},
		`--where ".body.amount > 2"`: {4, 3}, "nothing-has-this": nil, "status:5xx --sent": nil} {
		text := strings.Join(s.pages("/?q="+strings.ReplaceAll(urlQuery(filter), "+", "%20")), "")
		if got := idsOf(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", filter, got, want)
		}
		if filter != "" && want != nil && !strings.Contains(text, `href="/w/`+strconv.Itoa(want[0])+"?q=") {
			t.Errorf("%q: the rows forget the filter", filter)
		}
	}
	for filter, want := range map[string]string{"status:abc": "503, 5xx or 400..499",
		"stats:500": "did you mean status:?", `"open`: "is not closed", "--since nonsense": "since"} {
		if text := s.get("/?q=" + urlQuery(filter)); !strings.Contains(text, want) || len(idsOf(text)) != 4 {
			t.Errorf("%q: no %q, or no list", filter, want)
		}
		if text := s.get("/check?q=" + urlQuery(filter)); !strings.Contains(text, want) {
			t.Errorf("/check of %q: %q", filter, text)
		}
	}
	for filter, want := range map[string]string{
		"push stats:500 x": `"from":5,"to":14}`, "ü😀  stats:500": `"from":5,"to":14}`,
		`a "open`: `"from":2,"to":7}`, "--where [": `"from":0,"to":9}`, "push  since:nonsense x": `"from":6,"to":20}`,
		"--failed --since nonsense --sent": `"from":9,"to":25}`, "push 7 --sent": `"from":5,"to":6}`} {
		if text := s.get("/check?q=" + urlQuery(filter)); !strings.Contains(text, want) {
			t.Errorf("/check of %q: %q, without %s", filter, text, want)
		}
	}
	if text := s.get("/check?q=" + urlQuery("status:5xx")); text != "" {
		t.Errorf("/check of a good filter: %q", text)
	}
	if got := s.get("/count?q=" + urlQuery("--invalid")); got != "1" {
		t.Errorf("count %q", got)
	}
}

// Where nothing matches, the list names the condition that leaves out the most, and leads to the list without it.
func TestTheConditionThatLeavesOutTheMost(t *testing.T) {
	t.Parallel()
	s := entered(t)
	failed := received(1)
	failed.Response.Status = 500
	s.add(failed, received(2), received(3))
	for filter, want := range map[string]string{
		"status:5xx  stripe/2":      "<code class=wire>status:5xx</code> leaves out the most: one webhook matches without it",
		"--status 404 --received":   "<code class=wire>--status 404</code> leaves out the most: 3 match without it",
		`"a phrase"`:                "<code class=wire>&#34;a phrase&#34;</code> leaves out the most: 3 match without it",
		"zebra status:404 --failed": "",
	} {
		text := s.get("/?q=" + urlQuery(filter))
		if !strings.Contains(text, "No webhook matches") {
			t.Fatalf("%q: something matches", filter)
		}
		if has := strings.Contains(text, "leaves out the most"); has != (want != "") || !strings.Contains(text, want) {
			t.Errorf("%q: no %q", filter, want)
		}
	}
	text := s.get("/?q=" + urlQuery("status:404 --received"))
	if !strings.Contains(text, `href="/?q=--received">Drop`) {
		t.Error("no link to the list without the condition")
	}
}

// A word is looked for in the rows. Where none has it, one click looks for it in the bodies.
func TestAWordIsLookedForInTheBodiesByOneClick(t *testing.T) {
	t.Parallel()
	s := entered(t)
	s.add(received(1))
	has(t, s.get("/?q="+urlQuery("--received evt_1")), "No webhook matches",
		`<a class=button href="/?q=--received&#43;grep%3Aevt_1">Search the bodies</a>`)
	if ids := idsOf(s.get("/?q=--received+grep%3Aevt_1")); len(ids) != 1 {
		t.Errorf("%v", ids)
	}
	if text := s.get("/?q=" + urlQuery("status:404")); strings.Contains(text, "Search the bodies") {
		t.Error("there is no word to look for")
	}
}

// The page of a listener names its own address in what is to be typed, and says nothing about starting it.
func TestAnEmptyHistorySaysWhatToTypeNext(t *testing.T) {
	t.Parallel()
	for listening, want := range map[string][]string{
		"": {"barb listen --forward-to :3000", "barb send :4242 ", "ssh -R 80:127.0.0.1:4242 "},
		"http://127.0.0.1:34343": {"barb listens on <code class=paste>127.0.0.1:34343</code>", "barb send 127.0.0.1:34343 ",
			"ssh -R 80:127.0.0.1:34343 "},
		"https://127.0.0.1:34343": {"barb send https://127.0.0.1:34343 ", "ssh -R 80:127.0.0.1:34343 "},
	} {
		s := siteWith(t, newStore(t), func(p *web.Page) { p.Listening = listening })
		s.enter()
		text := s.get("/rows")
		has(t, text, want...)
		if has := strings.Contains(text, "barb listen --"); has != (listening == "") {
			t.Errorf("%q: listening is named: %v", listening, has)
		}
	}
}

func TestTheStatesOfTheList(t *testing.T) {
	t.Parallel()
	s := entered(t)
	if text := s.get("/"); strings.Count(text, "class=paste") != 3 || !strings.Contains(text, "No webhook has come yet") {
		t.Error("an empty history has no three commands to paste")
	}
	s.add(received(1))
	if text := s.get("/?q=zebra"); !strings.Contains(text, "No webhook matches") {
		t.Error("a filter that selects nothing")
	}
	status, _, text := s.ask("GET", "/w/77", nil, "")
	isSaid := strings.Contains(text, "Webhook 77 is not in the history")
	if status != http.StatusNotFound || !isSaid || len(idsOf(text)) != 1 {
		t.Errorf("a webhook that was pruned: status %d", status)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if status, _, text := s.ask("GET", "/", nil, ""); status != http.StatusServiceUnavailable ||
		!strings.Contains(text, "role=alert") {
		t.Errorf("a history that is closed: status %d", status)
	}
}

// The budgets of sizes, in bytes.
func TestThePageIsSmall(t *testing.T) {
	t.Parallel()
	s := entered(t)
	for n := range 100 {
		s.add(received(n))
	}
	size := func(path string) (raw, small int) {
		plain := s.get(path)
		_, h, text := s.ask("GET", path, map[string]string{"Accept-Encoding": "gzip"}, "")
		if h.Get("Content-Encoding") != "gzip" {
			t.Fatalf("%s is not packed", path)
		}
		z, err := gzip.NewReader(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if whole, err := io.ReadAll(z); err != nil || len(whole) != len(plain) {
			t.Fatalf("%s unpacks to %d bytes of %d: %v", path, len(whole), len(plain), err)
		}
		return len(plain), len(text)
	}
	page, pageSmall := size("/")
	js, jsSmall := size("/static/app.js")
	css, cssSmall := size("/static/app.css")
	beside, besideSmall := size("/static/sheet.js")
	if beside > js/2 || besideSmall > jsSmall/2 {
		t.Errorf("the pages beside the list load %d bytes of script, the list %d", beside, js)
	}
	for name, of := range map[string][2]int{"list": {page, 64 << 10}, "packed list": {pageSmall, 10 << 10},
		"script": {js, 60 << 10}, "style": {css, 24 << 10}, "first load": {page + js + css, 200 << 10},
		"packed first load": {pageSmall + jsSmall + cssSmall, 60 << 10}} {
		if of[0] > of[1] {
			t.Errorf("%s: %d bytes of %d", name, of[0], of[1])
		}
	}
	text := s.get("/")
	for row := range strings.SplitSeq(text[strings.Index(text, "<tr id="):strings.Index(text, "</tbody>")], "\n") {
		if len(row) > 600 {
			t.Errorf("a row has %d bytes: %s", len(row), row)
			break
		}
	}
	if got := regexp.MustCompile(`(?:src|href)="(https?:|//)`).FindString(text); got != "" {
		t.Errorf("the page loads from elsewhere: %s", got)
	}
}

func TestABodyIsShownByWhatItIs(t *testing.T) {
	t.Parallel()
	s := entered(t)
	bodies := []struct{ kind, body string }{
		{"application/json", `{"a":[1,{"b":null}],"a":2,"n":1e999,"s":"x"}`},
		{"application/x-www-form-urlencoded", "a=1&b=two+words&payload=%7B%22k%22%3Atrue%7D"},
		{"application/xml", "<a><b>x &amp; y</b><c/></a>"}, {"", "just text"}, {"image/png", "\x89PNG\x00\xff"}, {"", ""},
		{"application/json", strings.Repeat("[", 200_000)}, {"application/json", `{"deep":` + strings.Repeat("[", 5000) +
			strings.Repeat("]", 5000) + "}"}, {"text/plain", strings.Repeat("é", 200<<10)},
	}
	for _, b := range bodies {
		x := received(1)
		x.Request.Body, x.Request.Header = []byte(b.body), record.Header{{Name: "Content-Type", Value: b.kind}}
		s.add(x)
	}
	for i, want := range [][]string{{`<span class=k>&#34;a&#34;</span>`, `<span class=d>1e999</span>`, "<details open>"},
		{"<th scope=row>b</th><td>two words</td>", "<span class=l>true</span>"}, {"<span class=k>&lt;b&gt;</span>"},
		{"just text"}, {"<b>000000</b>  89 50 4e 47 00 ff"}, {"The body is empty."}, {"[[[["}, {"&#34;deep&#34;"},
		{"Show the rest", "?from=262144"}} {
		text := s.get("/w/" + strconv.Itoa(i+1))
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("body %d has no %s", i+1, part)
			}
		}
		if n := strings.Count(text, "<details"); n > 100 {
			t.Errorf("body %d makes %d folds, one in the other", i+1, n)
		}
		if len(text) > 4<<20 {
			t.Errorf("body %d makes a page of %d bytes", i+1, len(text))
		}
	}
	rest := s.get("/w/9/rest/request?from=262144")
	if n := strings.Count(rest, "é"); n != (400<<10-262144)/2 {
		t.Errorf("the rest has %d characters", n)
	}
	_, _, whole := s.ask("GET", "/w/9/download/request", nil, "")
	if !bytes.Equal([]byte(whole), []byte(bodies[8].body)) {
		t.Error("the download is not the body")
	}
}

func TestTheFilterIsALineForTheShell(t *testing.T) {
	t.Parallel()
	s := entered(t)
	s.add(received(1))
	for filter, want := range map[string]string{
		"":                                 "",
		"--failed 1..4":                    "barb history --failed 1..4",
		"event:invoice.* status:5xx":       "barb history --event &#39;invoice.*&#39; --status 5xx",
		"grep:-x":                          "barb history --grep=-x",
		`grep:"it's $(date)"`:              "barb history --grep &#39;it&#39;\\&#39;&#39;s $(date)&#39;",
		`Paid "--failed"`:                  "barb history -n 0 | grep -iF -- paid | grep -iF -- --failed",
		"since:1h --where '.status > 200'": "barb history --since 1h --where &#39;.status &gt; 200&#39;",
	} {
		text := s.get("/?q=" + urlQuery(filter))
		_, after, ok := strings.Cut(text, "<p class=as>")
		_, after, _ = strings.Cut(after, "<code class=paste>")
		got, _, _ := strings.Cut(after, "</code>")
		if ok != (want != "") || got != want {
			t.Errorf("%q: %q, want %q", filter, got, want)
		}
	}
}

func TestAllOfALongBodyIsSearched(t *testing.T) {
	t.Parallel()
	s := entered(t)
	x := received(1)
	x.Request.Body = []byte(`{"pad":"` + strings.Repeat("ü", 300_000) + `","end":"<b>needle</b>"}`)
	s.add(x)
	text := s.get("/w/1/find/request?text=needle")
	if !strings.Contains(text, "One place in ") || !strings.Contains(text, "&lt;b&gt;<mark>needle</mark>&lt;/b&gt;") {
		t.Error(text)
	}
	for path, want := range map[string]string{"/w/1/find/request?text=%C3%BC": "The first 50 places",
		"/w/1/find/request?text=nothing": "not in the body", "/w/1/find/request": "not in the body",
		"/w/1/find/request?text=" + urlQuery("<script>"): "not in the body"} {
		if text := s.get(path); !strings.Contains(text, want) || strings.Contains(text, "<script") {
			t.Errorf("%s: %s", path, text)
		}
	}
	if status, _, _ := s.ask("GET", "/w/1/find/response-9?text=x", nil, ""); status != http.StatusNotFound {
		t.Errorf("a part that is not there: status %d", status)
	}
}
