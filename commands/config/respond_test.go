package config

import "testing"

// The keys of an inline table all have one line, which does not say in which order they stand.
func TestTheAnswerOfAnInlineTableHasOneOrder(t *testing.T) {
	for range 20 {
		table := mustRead(t, `respond = [{ status = 503, delay = "3s", body = "no", header = ["A: 1", "B: 2"] }]`).Tables[0]
		if got, want := table.String(), "→ status=503;delay=3s;body=no;header=A: 1;header=B: 2"; got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
}

func TestAFaultInAnInlineTableIsSaidWithItsLine(t *testing.T) {
	const want = `barb.toml:2: respond: path = "x" does not begin with "/"`
	if got := refusal(t, "\nrespond = [{ path = \"x\", status = 503 }]"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
