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
