package conformance

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// app is an application with its provider's own library, which BREAK breaks in one of five ways.
type app struct {
	name, scheme string
	events       [3]string // what is sent to it; it fails on the second where it is told to
	command      []string
}

// The apps of the folder apps, with what finds each of their faults.
var (
	expressApp = app{"express", "github", [3]string{"push", "issues", "star"}, []string{"node", "express/app.mjs"}}
	flaskApp   = app{"flask", "stripe", [3]string{"invoice.paid", "charge.refunded", "customer.created"},
		[]string{"/usr/bin/python3", "flask_app.py"}}
	djangoApp = app{"django", "twilio", [3]string{"message.received", "call.completed", "message.status"},
		[]string{"/usr/bin/python3", "django_app.py"}}
)

// noBytecode has Python write nothing beside its sources.
const noBytecode = "PYTHONDONTWRITEBYTECODE=1"

// found is what a command says about an app, and its exit code.
type found struct {
	said string
	code int
}

// finder runs one command of barb against a new instance of an app, and returns what came of it.
type finder func(t *testing.T, a app, fault string, cassette string) found

// TestFaultsOfAppsAreFound breaks each app in five ways. The command that is meant succeeds for the app as it should
// be, and fails for the broken one with its exit code and a message that names the fault.
func TestFaultsOfAppsAreFound(t *testing.T) {
	npmInstall(t, "apps/express")
	if exec.Command("/usr/bin/python3", "-c", "import flask, django, stripe, twilio").Run() != nil {
		t.Fatal("a library is missing: apt-get install python3-flask python3-django python3-stripe python3-twilio")
	}
	cassettes := map[string]string{}
	for _, a := range []app{expressApp, flaskApp, djangoApp} {
		cassettes[a.name] = a.cassette(t)
	}
	for _, c := range []struct {
		app
		fault string
		find  finder
		code  int
		says  []string
	}{
		{expressApp, "wrong secret", compared, 1, []string{"regressed  200 → 400", "signature does not match event payload"}},
		{flaskApp, "wrong secret", probed("A"), 1, []string{"A1   fail ", "refuses a valid signature of stripe; is it the same"}},
		{djangoApp, "wrong secret", expected, 4, []string{"0/1 expected", "answer.status is 403"}},

		{expressApp, "body parsed first", probed("E1"), 1, []string{"E1   fail ", "Verify the raw body as it was received"}},
		{flaskApp, "body parsed first", probed("E1"), 1, []string{"as Python's json.dumps writes it", "Verify the raw body"}},
		{djangoApp, "body parsed first", probed("A"), 1, []string{"without its empty fields", "keep_blank_values=True"}},

		{expressApp, "slow", probed("G1", "--timeout", "2s"), 1, []string{"G1   fail ", "deadline of --timeout (2s) 3 times"}},
		{flaskApp, "slow", asserted, 1, []string{"0 passed, 3 failed", ".answer.ms < 1000: answer.ms is 1"}},
		{djangoApp, "slow", awaited(".answer.ms < 1000"), 4, []string{"0 came, at least 3", "answer.ms is 1"}},

		{expressApp, "double processing", probed("F1"), 1, []string{"F1   fail ", "2 effects", "unique key"}},
		{flaskApp, "double processing", notified, 1, []string{"too many: order.fulfilled x3: 6 came"}},
		{djangoApp, "double processing", probed("C8"), 1, []string{"C8   fail ", "200 OK to an exact replay; 2 effects"}},

		{expressApp, "500 on one event", expected, 4, []string{"issues", "answer.status is 500"}},
		{flaskApp, "500 on one event", awaited(".answer.status < 300"), 4, []string{"2 came, at least 3", "answer.status is 500"}},
		{djangoApp, "500 on one event", compared, 1, []string{"regressed  200 → 500", "1 regressed, 2 still passing"}},
	} {
		t.Run(c.name+"/"+c.fault, func(t *testing.T) {
			t.Parallel()
			if right := c.find(t, c.app, "", cassettes[c.name]); right.code != 0 {
				t.Errorf("exit code %d for the app as it should be\n%s", right.code, right.said)
			}
			broken := c.find(t, c.app, c.fault, cassettes[c.name])
			if broken.code != c.code {
				t.Errorf("exit code %d, want %d\n%s", broken.code, c.code, broken.said)
			}
			for _, text := range c.says {
				if !strings.Contains(broken.said, text) {
					t.Errorf("nothing says %q\n%s", text, broken.said)
				}
			}
		})
	}
}

// start starts the app and returns its URL.
func (a app) start(t *testing.T, fault string) string {
	t.Helper()
	return start(t, receiver{a.name, func(*testing.T) *exec.Cmd {
		cmd := exec.Command(a.command[0], a.command[1:]...)
		cmd.Dir, cmd.Env = "apps", []string{"BREAK=" + fault, noBytecode}
		return cmd
	}})
}

// caught starts barb listen in front of the app, sends it the three events, and returns the environment of the history
// that has them.
func (a app) caught(t *testing.T, fault string) []string {
	t.Helper()
	env, url := environment(t), a.start(t, fault)
	front := start(t, receiver{"barb listen", func(*testing.T) *exec.Cmd {
		cmd := exec.Command(barb, "listen", "--addr", "127.0.0.1:0", "-s", a.scheme, "--secret", "env:SECRET", "--forward-to",
			url+"/webhooks", "--jq", `select(.event == "listening") | .url`)
		cmd.Env = env
		return cmd
	}})
	for _, event := range a.events {
		says(t, environment(t), "send", front+"/webhooks", "--event", a.scheme+":"+event, "--secret", "env:SECRET",
			"--retries", "0")
	}
	return env
}

// cassette returns a file with the three events and the app's right answers.
func (a app) cassette(t *testing.T) string {
	t.Helper()
	env, file := a.caught(t, ""), filepath.Join(t.TempDir(), a.name+".barb.ndjson")
	for _, args := range [][]string{{"wait", "--count", "3..3", "--verified", "--where", ".answer.status == 200"},
		{"save", "--received", "--out", file}} {
		if f := says(t, env, args...); f.code != 0 {
			t.Fatalf("%s: barb %s: exit code %d\n%s", a.name, args[0], f.code, f.said)
		}
	}
	return file
}

// compared replays the cassette, and compares the answers with those of the app as it was.
func compared(t *testing.T, a app, fault, cassette string) found {
	return says(t, environment(t), "replay", cassette, "--to", a.start(t, fault), "--secret", "env:SECRET",
		"--compare-recorded")
}

// asserted replays the cassette, and wants each answer within a second.
func asserted(t *testing.T, a app, fault, cassette string) found {
	return says(t, environment(t), "replay", cassette, "--to", a.start(t, fault), "--secret", "env:SECRET",
		"--assert", ".answer.ms < 1000")
}

// probed runs some checks of barb probe.
func probed(only string, flags ...string) finder {
	return func(t *testing.T, a app, fault, _ string) found {
		url := a.start(t, fault)
		return says(t, environment(t), append([]string{"probe", url + "/webhooks", "-s", a.scheme, "--secret", "env:SECRET",
			"--effect", url + "/handled", "--only", only}, flags...)...)
	}
}

// awaited looks for three webhooks with such an answer, among those that barb listen has forwarded.
func awaited(where string) finder {
	return func(t *testing.T, a app, fault, _ string) found {
		return says(t, a.caught(t, fault), "wait", "--count", "3", "--verified", "--where", where, "--timeout", "1s")
	}
}

// expected has barb run forward what its command sends, and expects the second event to be answered well.
func expected(t *testing.T, a app, fault, _ string) found {
	routes := filepath.Join(t.TempDir(), "barb.toml")
	write(t, routes, "[[route]]\npath = \"/webhooks\"\nscheme = \""+a.scheme+"\"\nsecret = \"env:SECRET\"\nforward_to = \""+
		a.start(t, fault)+"/webhooks\"\n")
	event := a.events[1]
	if a.scheme == "twilio" { // whose webhooks do not name their event
		event = "*"
	}
	return says(t, environment(t), "run", "--routes", routes, "--expect", event+" x1: .answer.status == 200", "--within", "1s",
		"--", "sh", "-c", `"$0" send "$BARB_URL/webhooks" --event "$1" --secret env:SECRET --retries 0; true`, barb,
		a.scheme+":"+a.events[1])
}

// notified starts the app under barb run, has it handle the cassette twice, and expects one webhook of its own for each
// event.
func notified(t *testing.T, a app, fault, cassette string) found {
	script := `mkfifo url; (cd "$APPS" && NOTIFY=$BARB_URL exec "$@") >url & read -r url <url &&
for round in 1 2; do "$BARB" replay "$CASSETTE" --to "$url" --secret env:SECRET; done`
	apps, err := filepath.Abs("apps")
	if err != nil {
		t.Fatal(err)
	}
	env := append(environment(t), noBytecode, "BREAK="+fault, "BARB="+barb, "CASSETTE="+cassette, "APPS="+apps)
	return says(t, env, append([]string{"run", "--expect", "order.fulfilled x3", "--within", "5s", "--", "sh", "-c", script,
		"sh"}, a.command...)...)
}

// says runs barb and returns all that it says.
func says(t *testing.T, env []string, args ...string) found {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, barb, args...)
	cmd.Dir, cmd.Env = t.TempDir(), env
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return found{string(out), cmd.ProcessState.ExitCode()}
}
