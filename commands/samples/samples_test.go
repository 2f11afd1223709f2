package samples_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/samples"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/sign/catalog"
)

// own returns a finder over a folder with these files.
func own(t *testing.T, files map[string]string) samples.Finder {
	t.Helper()
	f := samples.Finder{Samples: payload.Samples{Dir: t.TempDir(), Lookup: catalog.Lookup}}
	for name, text := range files {
		path := filepath.Join(f.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// namesOf returns the names of samples, an own one with a star.
func namesOf(all []payload.Sample) []string {
	var names []string
	for _, s := range all {
		name := s.String()
		if s.IsOwn() {
			name += "*"
		}
		names = append(names, name)
	}
	return names
}

// mustFail requires an error with this exit code, all of these words in its text, and a hint with this beginning.
func mustFail(t *testing.T, err error, code int, hint string, says ...string) {
	t.Helper()
	failed, ok := errors.AsType[*fail.Error](err)
	if !ok {
		t.Errorf("%v is no error with an exit code", err)
		return
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q does not say %q", err, text)
		}
	}
	if got := strings.Join(failed.Hints, "\n"); failed.Code != code || !strings.HasPrefix(got, hint) ||
		(hint == "") != (got == "") {
		t.Errorf("%q: exit %d and the hint %q, want exit %d and %q", err, failed.Code, got, code, hint)
	}
}

func TestOwnEventsAreListedFirstAndHideThoseOfTheSameName(t *testing.T) {
	f := own(t, map[string]string{"github/push.json": "{}", "github/my.own.json": "{}", "acme/paid.json": "{}",
		"github/notes.md": "no event"})
	got, err := f.Listed([]string{"github"})
	names := namesOf(got)
	if err != nil || len(names) < 5 || !slices.Equal(names[:2], []string{"github:my.own*", "github:push*"}) ||
		slices.Contains(names, "github:push") || !slices.Contains(names, "github:ping") {
		t.Errorf("%q, %v", names, err)
	}
	if got, err := f.Listed([]string{"acme"}); err != nil || !slices.Equal(namesOf(got), []string{"acme:paid*"}) {
		t.Errorf("a provider of one's own: %q, %v", namesOf(got), err)
	}
	all, err := f.Listed(nil)
	names = namesOf(all)
	if err != nil || !slices.Contains(names, "acme:paid*") || !slices.Contains(names, "stripe:invoice.paid") ||
		slices.Contains(names, "github:push") {
		t.Errorf("without a name: %q, %v", names, err)
	}
}

func TestAProviderIsFoundByItsSchemeAndInCapitals(t *testing.T) {
	f := own(t, nil)
	want, err := f.Listed([]string{"github"})
	if err != nil || len(want) == 0 {
		t.Fatal(want, err)
	}
	for _, name := range []string{"gh", "GitHub"} {
		if got, err := f.Listed([]string{name}); err != nil || !slices.Equal(namesOf(got), namesOf(want)) {
			t.Errorf("%s: %q, %v", name, namesOf(got), err)
		}
	}
}

func TestAnUnknownProviderNamesTheNearest(t *testing.T) {
	f := own(t, map[string]string{"acme/paid.json": "{}"})
	for name, hint := range map[string]string{
		"strip": "did you mean barb events stripe?",
		"akme":  "did you mean barb events acme?",
		"qqqq":  "barb events lists them",
	} {
		_, err := f.Listed([]string{name})
		mustFail(t, err, fail.ExitUsage, hint, name)
	}
	_, err := f.Listed([]string{"stripe:invoice.paid"})
	mustFail(t, err, fail.ExitUsage, "barb events show stripe:invoice.paid", "not the name of a provider")
}

// The name becomes a part of a path.
func TestANameCannotLeaveTheFolder(t *testing.T) {
	f := own(t, map[string]string{"inside/x.json": "{}", "x.json": "{}"})
	f.Dir = filepath.Join(f.Dir, "inside")
	for _, name := range []string{"..", "../inside", "/etc", ""} {
		_, err := f.Listed([]string{name})
		mustFail(t, err, fail.ExitUsage, "barb events lists them", "not the name of a provider")
	}
	for _, name := range []string{"..:x", "a:../x", "a:/x", "a:", ":x", "invoice.paid"} {
		_, err := f.Named(name)
		mustFail(t, err, fail.ExitUsage, "barb events lists them", name, "not PROVIDER:TYPE")
	}
}

func TestTheUsersOwnEventIsFoundBeforeTheOneOfTheSameName(t *testing.T) {
	f := own(t, map[string]string{"stripe/invoice.paid.json": `{"mine":1}`})
	got, err := f.Named("stripe:invoice.paid")
	if err != nil || !got.IsOwn() || string(got.Source) != `{"mine":1}` || got.Scheme != "stripe" {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = f.Named("stripe:charge.refunded")
	if err != nil || got.IsOwn() || len(got.Source) == 0 || got.Scheme != "stripe" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAnUnknownEventNamesTheNearest(t *testing.T) {
	f := own(t, map[string]string{"acme/paid.json": "{}", "stripe/mine.json": "{}"})
	for name, c := range map[string]struct{ says, hint string }{
		"stripe:invoice.paidd": {"no such sample event of Stripe", "did you mean stripe:invoice.paid?"},
		"stripe:qqqq":          {"no such sample event of Stripe", "barb events stripe lists them"},
		"stripe:minne":         {"no such sample event of Stripe", "did you mean stripe:mine?"},
		"gh:qqqq":              {"no such sample event of GitHub", "barb events github lists them"},
		"strip:invoice.paid":   {`no sample events of "strip"`, "did you mean barb events stripe?"},
		"akme:paid":            {`no sample events of "akme"`, "did you mean barb events acme?"},
		"qqqq:paid":            {`no sample events of "qqqq"`, "barb events lists them; with -d"},
	} {
		_, err := f.Named(name)
		mustFail(t, err, fail.ExitUsage, c.hint, c.says)
	}
}

func TestAProviderAloneListsItsEvents(t *testing.T) {
	p, _ := fixture.Lookup("stripe")
	_, err := own(t, nil).Named("Stripe")
	mustFail(t, err, fail.ExitUsage, "--event stripe:", "--event Stripe: which event of stripe?")
	failed, _ := errors.AsType[*fail.Error](err)
	for _, name := range p.Types() {
		if !strings.Contains(failed.Hints[0], "stripe:"+name) {
			t.Errorf("%s is missing in %q", name, failed.Hints[0])
		}
	}
}

func TestCompletionOffersOwnEventsWithWhatTheyAre(t *testing.T) {
	f := own(t, map[string]string{"stripe/invoice.mine.json": "{}"})
	got := f.Complete("stripe:invoice.")
	if len(got) < 2 || got[0] != "stripe:invoice.mine\tyour own sample" {
		t.Errorf("%q", got)
	}
	for _, one := range got {
		if name, about, _ := strings.Cut(one, "\t"); !strings.HasPrefix(name, "stripe:invoice.") || about == "" {
			t.Errorf("%q", one)
		}
	}
	if got := f.Complete("qqqq"); len(got) > 0 {
		t.Errorf("nothing begins so: %q", got)
	}
}

// What lies beside an own event is broken: a fault of this machine, and no reason to offer nothing.
func TestABrokenEventIsALocalFault(t *testing.T) {
	f := own(t, map[string]string{"github/push.json": "{}", "github/push.event": "{broken"})
	_, err := f.Listed(nil)
	mustFail(t, err, fail.ExitLocal, "", "push.event")
	_, err = f.Listed([]string{"github"})
	mustFail(t, err, fail.ExitLocal, "", "push.event")
	if got := f.Complete("stripe:"); len(got) == 0 {
		t.Error("completion offers nothing")
	}
	if _, err := f.Named("github:push"); err == nil || !strings.Contains(err.Error(), "push.event") {
		t.Errorf("%v", err)
	}
}
