package tui_test

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/keys"
	"github.com/barbhq/barb/commands/tui"
	"github.com/barbhq/barb/store/record"
)

func TestEveryFormHasALetter(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.add(0, received("invoice.paid", "stripe", 200, "{\"n\":1}\n"))
	d.start(46, 24, false)
	var forms []act.Form
	for _, l := range keys.Letters {
		if !l.Form {
			continue
		}
		forms = append(forms, act.Form(l.What))
		d.others = nil
		d.press("y")
		for _, l := range keys.Letters {
			if line := ansi.Strip(d.view()); !strings.Contains(line, "  "+l.Key+" "+l.What) {
				t.Errorf("46 columns do not show %s %s:\n%s", l.Key, l.What, line)
			}
		}
		d.press(l.Key)
		var screen bytes.Buffer
		got := d.world.Copy(t.Context(), &screen, d.others[0].(tui.Copy))
		want, err := (&act.Actions{Shell: d.world.Shell}).Copy(t.Context(), 1, act.Form(l.What))
		if err != nil || got.Err != "" {
			t.Fatal(err, got)
		}
		text := string(want.Text)
		if l.What == "curl" {
			text = strings.TrimSuffix(text, "\n")
		}
		if coded := base64.StdEncoding.EncodeToString([]byte(text)); screen.String() != "\x1b]52;c;"+coded+"\a" {
			t.Errorf("%s is copied as %q", l.What, screen.String())
		}
	}
	slices.Sort(forms)
	all := act.Forms()
	if slices.Sort(all); !slices.Equal(forms, all) {
		t.Errorf("letters for %q, forms %q", forms, all)
	}
	d.press("y", "1")
	d.has("y 1 copies nothing")
	d.press("y", "esc")
	if len(d.others) != 1 {
		t.Errorf("%v", d.others)
	}
}

// The panes hide a stored credential, a copy has it, and the line that says what was copied names it.
func TestTheTerminalViewShowsNoStoredCredential(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	x := received("invoice.paid", "stripe", 200, `{"n":1}`)
	x.Request.URL, x.Request.Target = "http://127.0.0.1:4242/hooks?token=query-tok", "/hooks?token=query-tok"
	x.Request.Header = append(x.Request.Header, record.Field{Name: "Authorization", Value: "Bearer auth-tok"})
	d.add(0, x)
	d.start(200, 60, false)
	d.press("enter")
	for _, section := range []string{"1", "2", "3", "4", "5", "6"} {
		d.press(section)
		d.hasNot("query-tok")
		d.hasNot("auth-tok")
	}
	for _, l := range keys.Letters {
		if !l.Form || l.What == "barb" {
			continue
		}
		var screen bytes.Buffer
		got := d.world.Copy(t.Context(), &screen, tui.Copy{ID: 1, What: l.What, Form: true})
		if got.Err != "" || !strings.HasSuffix(got.What, ": with header Authorization, query token") {
			t.Errorf("%s: %q %s", l.What, got.What, got.Err)
		}
		coded, _ := strings.CutPrefix(strings.TrimSuffix(screen.String(), "\a"), "\x1b]52;c;")
		text, err := base64.StdEncoding.DecodeString(coded)
		if err != nil || !bytes.Contains(text, []byte("Bearer auth-tok")) || !bytes.Contains(text, []byte("query-tok")) {
			t.Errorf("%s is copied as %q, %v", l.What, text, err)
		}
	}
}
