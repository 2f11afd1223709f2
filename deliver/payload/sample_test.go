package payload_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
)

// samples returns a folder of samples with some files in it.
func samples(t *testing.T, files map[string]string) payload.Samples {
	t.Helper()
	s := payload.Samples{Dir: t.TempDir(), Lookup: catalog.Lookup}
	for name, text := range files {
		path := filepath.Join(s.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func captured() record.Exchange {
	return record.Exchange{ID: 42, Scheme: "github", EventType: "push",
		Request: record.Request{Body: []byte(`{"ref":"{{x"}`), Header: record.Header{
			{Name: "Content-Type", Value: "application/json"}, {Name: "X-GitHub-Event", Value: "push"},
			{Name: "X-GitHub-Hook-ID", Value: "{{7}}"},
			{Name: "X-GitHub-Delivery", Value: "id"}, {Name: "X-Hub-Signature-256", Value: "sha256=00"}, {Name: "Cookie",
				Value: "c"},
			{Name: "X-Event-Key", Value: "a key"}, {Name: "Content-Encoding", Value: "gzip"}, {Name: "Accept", Value: "*/*"},
			{Name: "X-My-Topic", Value: "masked"}, {Name: "Server", Value: "x"},
		}}, Masks: []record.Mask{{Part: "field 9"}}}
}

func TestNamesOfSamplesStayInTheirFolder(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"stripe:invoice.paid": true, "shopify:orders/create": true, "a:b": true, "paypal:PAYMENT.CAPTURE.COMPLETED": true,
		"": false, "a": false, "a:": false, ":b": false, "..:b": false, "a:..": false, "a:../b": false,
		"a:b/../../c": false, "a:/etc/passwd": false, "a:b/": false, "a:.hidden": false, "a/b:c": false, `a:b\c`: false,
		"a:b c": false, "a:b\x00": false, "a:b:c": false, "a:-b": false, "a:" + strings.Repeat("b", 200): false,
	} {
		if _, _, ok := payload.ParseName(text); ok != want {
			t.Errorf("%q: %v", text, ok)
		}
	}
}

func TestASavedSampleIsFoundAgain(t *testing.T) {
	t.Parallel()
	s, x := samples(t, nil), captured()
	scheme, _ := catalog.Lookup("github")
	meta := payload.MetaOf(&x, "push", scheme)
	kept := []fixture.Field{{Name: "X-GitHub-Hook-ID", Value: "{{7}}"}, {Name: "Content-Encoding", Value: "gzip"}}
	want := payload.Meta{Schema: 1, Scheme: "github", EventType: "push", ContentType: "application/json", Headers: kept}
	if diff := cmp.Diff(want, meta); diff != "" {
		t.Error(diff)
	}
	saved, err := s.Save("acme", "push/main", x.Request.Body, meta, false)
	if err != nil {
		t.Fatal(err)
	}
	found, ok, err := s.Find("acme", "push/main")
	if err != nil || !ok || string(found.Source) != `{"ref":"{{x"}` || !found.Plain || !found.Captured ||
		found.MayReadEnv() {
		t.Errorf("%+v, %v", found, err)
	}
	if found.Origin() != filepath.Join(s.Dir, "acme", "push", "main.json") || found.Origin() != saved.Path ||
		found.String() != "acme:push/main" {
		t.Errorf("%s from %s", found, found.Origin())
	}
	info, err := os.Stat(saved.Path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestSavingWritesOverNoOtherSample(t *testing.T) {
	t.Parallel()
	s := samples(t, nil)
	save := func(body, contentType string, replace bool) error {
		_, err := s.Save("acme", "order", []byte(body), payload.Meta{Schema: 1, ContentType: contentType}, replace)
		return err
	}
	if err := save("one", "application/json", false); err != nil {
		t.Fatal(err)
	}
	if err := save("two", "application/json", false); !errors.Is(err, os.ErrExist) {
		t.Errorf("it was written again: %v", err)
	}
	if e, _, err := s.Load("acme", "order"); err != nil || string(e.Source) != "one" {
		t.Errorf("%q, %v", e.Source, err)
	}
	if err := save("<two/>", "text/xml", true); err != nil {
		t.Error(err)
	}
	if e, _, err := s.Load("acme", "order"); err != nil || string(e.Source) != "<two/>" || filepath.Ext(e.Path) != ".xml" {
		t.Errorf("%q in %s, %v", e.Source, e.Path, err)
	}
	s.Dir = filepath.Join(s.Dir, "acme", "order.xml") // which is a file
	if err := save("three", "", false); err == nil {
		t.Error("it was written into a file")
	}
}

func TestATemplateOfACapturedBodyFillsInNoHeader(t *testing.T) {
	t.Parallel()
	x := captured()
	scheme, _ := catalog.Lookup("github")
	meta := payload.MetaOf(&x, "push", scheme)
	if err := meta.AsTemplate([]byte(`{"id":"{{uuid}}"}`)); err != nil || !meta.Template {
		t.Fatal(err)
	}
	e := fixture.Event{Source: []byte(`{}`), Kind: fixture.JSON, Header: meta.Headers}
	draft, err := e.Draft()
	if err != nil {
		t.Fatal(err)
	}
	if p, err := draft.Render(fixture.Values{}); err != nil || p.Header[0].Value != "{{7}}" {
		t.Errorf("%+v, %v", p.Header, err)
	}
	if err := meta.AsTemplate(x.Request.Body); err == nil {
		t.Error("{{x is a template")
	}
}

func TestOwnSamplesAreListed(t *testing.T) {
	t.Parallel()
	s := samples(t, map[string]string{"stripe/mine.json": `{"id":"{{uuid}}"}`, "acme/order/new.form": "a=b",
		"acme/x.txt":        "x",
		"acme/x.event":      `{"scheme":"generic","event_type":"x.y","content_type":"text/plain","template":true}`,
		"acme/.hidden.json": "{}", "acme/notes.md": "#", "loose.json": "{}"})
	own, err := s.Own("")
	var names []string
	for _, e := range own {
		names = append(names, e.String()+" "+e.Scheme+" "+e.ContentType)
	}
	want := []string{"acme:order/new  application/x-www-form-urlencoded", "acme:x generic text/plain",
		"stripe:mine stripe application/json"}
	if err != nil || !slices.Equal(names, want) {
		t.Errorf("%q, %v", names, err)
	}
	if !own[0].MayReadEnv() || own[1].MayReadEnv() || own[1].Plain || own[1].EventName() != "x.y" {
		t.Errorf("%+v", own)
	}
	if own, err := s.Own("stripe"); err != nil || len(own) != 1 {
		t.Errorf("%+v, %v", own, err)
	}
	s.Dir = filepath.Join(s.Dir, "none")
	if own, err := s.Own(""); err != nil || len(own) != 0 {
		t.Errorf("%+v, %v", own, err)
	}
}

func TestAnOwnSampleGoesBeforeTheOneOfItsName(t *testing.T) {
	t.Parallel()
	s := samples(t, map[string]string{"stripe/invoice.paid.json": "{}"})
	if e, ok, err := s.Find("stripe", "invoice.paid"); err != nil || !ok || !e.IsOwn() || string(e.Source) != "{}" {
		t.Errorf("%+v, %v", e, err)
	}
	e, ok, err := s.Find("GitHub", "push")
	if err != nil || !ok || e.IsOwn() || e.MayReadEnv() || e.Origin() != "github:push" {
		t.Errorf("%+v, %v", e, err)
	}
	if _, ok, err := s.Find("github", "nothing"); ok || err != nil {
		t.Errorf("%v", err)
	}
	for name, want := range map[string]string{"Stripe": "stripe", "gh": "gh", "acme": "acme"} {
		if scheme, ok := catalog.Lookup(name); ok {
			want = scheme.Name
		}
		if got := s.Provider(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if all := payload.BuiltIn("stripe", "nobody", "github"); len(all) < 4 || all[0].Provider != "stripe" {
		t.Errorf("%+v", all)
	}
}

func TestFilesThatCannotBeReadAreErrors(t *testing.T) {
	t.Parallel()
	s := samples(t, map[string]string{"acme/bad.json": "{}", "acme/bad.event": "{", "acme/large.json": "",
		"acme/wide.json": "", "acme/wide.event": ""})
	_, ok, err := s.Load("acme", "bad")
	bad, isMeta := errors.AsType[*payload.MetaError](err)
	if _, isJSON := errors.AsType[*json.SyntaxError](err); !ok || !isMeta || !isJSON || bad.Sample != "acme:bad" ||
		!strings.HasSuffix(err.Error(), "bad.event: unexpected end of JSON input") {
		t.Errorf("%v", err)
	}
	if _, err := s.Own("acme"); err == nil {
		t.Error("a bad Meta is listed")
	}
	for name, file := range map[string]string{"large": "large.json", "wide": "wide.event"} {
		if err := os.Truncate(filepath.Join(s.Dir, "acme", file), 64<<20+1); err != nil {
			t.Fatal(err)
		}
		_, _, err := s.Load("acme", name)
		if large, ok := errors.AsType[*payload.TooLargeError](err); !ok || large.Limit != 64<<20 ||
			!strings.Contains(err.Error(), "is larger than 67MB") {
			t.Errorf("%v", err)
		}
	}
}

func TestExtensionsFollowTheContentType(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]string{"application/json; charset=utf-8": ".json",
		"application/vnd.x+json":            ".json",
		"application/x-www-form-urlencoded": ".form", "TEXT/XML": ".xml", "application/soap+xml": ".xml",
		"text/csv": ".txt", "image/png": ".bin", "": ".bin"} {
		if got := payload.Extension(contentType); got != want {
			t.Errorf("%q: %s, want %s", contentType, got, want)
		}
	}
}
