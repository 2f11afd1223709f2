package postgres

import (
	"slices"
	"testing"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

func TestCommitGivesIDsInTheOrderOfAGroup(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	first := recorded(t, s, hook(1), hook(2), hook(3))
	second := recorded(t, s, hook(4))
	if got, want := slices.Concat(first, second), []int64{1, 2, 3, 4}; !slices.Equal(got, want) {
		t.Fatalf("ids %v, want %v", got, want)
	}
	if got := list[string](t, s, "SELECT webhook_id FROM barb.exchange ORDER BY id"); !slices.Equal(got,
		[]string{"msg_1", "msg_2", "msg_3", "msg_4"}) {
		t.Errorf("webhook ids %v", got)
	}
	if got := list[string](t, s, "SELECT convert_from(body, 'UTF8') FROM barb.request ORDER BY id"); got[3] != `{"n":4}` {
		t.Errorf("bodies %v", got)
	}
}

func TestAnExchangeBelongsToTheWebhookOfItsThread(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	first := recorded(t, s, hook(1))[0]
	forward := hook(2)
	forward.Kind, forward.Thread = record.Sent, first
	second := recorded(t, s, forward)[0]
	again := hook(3)
	again.Kind, again.Thread = record.Sent, second
	w := begun(again)
	commit(t, s, w)
	if w.Begin[0].Webhook != first {
		t.Errorf("webhook of a retry: %d, want %d", w.Begin[0].Webhook, first)
	}
}

func TestAnEndingChangesItsExchangeAlone(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	ids := recorded(t, s, hook(1), hook(2))
	body := make([]byte, 100)
	end := &engine.Ending{ID: ids[0], Ended: 1, Status: int64(201), Took: int64(7), Judged: record.Verdict{Reason: "no"},
		Response: &engine.Answer{Head: "HTTP/1.1 201 Created\r\n\r\n", Rest: "HTTP/1.1 201 Created\r\n\r\n", Body: body}}
	gone := *end
	gone.ID = 999
	earlier := *end
	earlier.Status = int64(500)
	commit(t, s, &engine.Write{End: &earlier}, &engine.Write{End: &gone}, &engine.Write{End: end})
	if got := list[*int64](t, s, "SELECT status FROM barb.exchange ORDER BY id"); *got[0] != 201 || got[1] != nil {
		t.Errorf("statuses %v", got)
	}
	if got := list[int64](t, s, "SELECT id FROM barb.response"); !slices.Equal(got, ids[:1]) {
		t.Errorf("responses of %v, want %v", got, ids[:1])
	}
	if got := value[string](t, s, `SELECT n.text FROM barb.exchange e JOIN barb.name n ON n.id = e.reason`); got != "no" {
		t.Errorf("reason %q", got)
	}
}

func TestTextOfStrangersIsKept(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	for _, text := range []string{"nul\x00", "\xff\xfe", "\x1a", "\x1a1a", "é\xc3", "plain", "\x1a\x00\xff"} {
		x := hook(1)
		x.WebhookID, x.EventType, x.Remote = text, text, text
		recorded(t, s, x)
		const last = "SELECT webhook_id FROM barb.exchange ORDER BY id DESC LIMIT 1"
		if got := unescape(value[string](t, s, last)); got != text {
			t.Errorf("%q came back as %q", text, got)
		}
		if got := unescape(value[string](t, s, `SELECT n.text FROM barb.exchange e JOIN barb.name n ON n.id = e.event
			ORDER BY e.id DESC LIMIT 1`)); got != text {
			t.Errorf("name %q came back as %q", text, got)
		}
	}
}
