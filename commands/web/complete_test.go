package web_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/barbhq/barb/store/record"
)

func TestAFilterIsCompletedWithNamesAndWhatWasMet(t *testing.T) {
	t.Parallel()
	s := entered(t)
	gitlab, odd, sent := received(3), received(4), received(5)
	gitlab.EventType, odd.EventType = "Merge Request Hook", `<b>"x'`
	gitlab.Response.Status = 503
	sent.Kind, sent.Request.URL = record.Sent, "https://api.example.test/in"
	s.add(received(1), received(2), gitlab, odd, sent)
	for part, want := range map[string]string{
		"since":         "since: ",
		"--fa":          "--failed ",
		"event:":        "event:invoice.paid 3 lately, event:Merge*Request*Hook 1 lately",
		"event:MERGE":   "event:Merge*Request*Hook 1 lately",
		"--event=inv":   "event:invoice.paid 3 lately",
		"status:":       "status:200 4 lately, status:503 1 lately",
		"endpoint:":     "endpoint:api.example.test 1 lately",
		"paid":          "event:invoice.paid 3 lately",
		"nothing:":      "",
		"event:nothing": "",
		"<b>":           "",
	} {
		var got []struct{ Text, Says string }
		text := s.get("/complete?q=" + urlQuery(part))
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%s: %v in %s", part, err, text)
		}
		var all []string
		for _, one := range got {
			if !strings.HasSuffix(one.Says, " lately") {
				one.Says = ""
			}
			all = append(all, one.Text+" "+one.Says)
		}
		if strings.Join(all, ", ") != want {
			t.Errorf("%s: %q, want %q", part, all, want)
		}
		if strings.ContainsAny(text, "<>") {
			t.Errorf("%s: markup in %s", part, text)
		}
	}
	var names []struct{ Text string }
	if err := json.Unmarshal([]byte(s.get("/complete?q=")), &names); err != nil || len(names) < 10 {
		t.Errorf("without a part: %v, %v", names, err)
	}
	if status, _, _ := siteOf(t, s.Store).ask("GET", "/complete?q=event:", nil, ""); status != 403 {
		t.Errorf("a stranger: status %d", status)
	}
}
