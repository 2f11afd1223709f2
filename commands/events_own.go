package commands

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/sign/catalog"
)

// One's own sample events are files, events/NAME/TYPE.EXT in the folder of the configuration. Beside one that was saved
// stands TYPE.event, which says what was on its envelope. A file that was put there without it is a template.

// maxOwnEvent bounds a file of one's own, as the history bounds what it keeps.
const maxOwnEvent = 64 << 20

// sidecar is TYPE.event.
type sidecar struct {
	Schema      int             `json:"schema"`
	Scheme      string          `json:"scheme,omitempty"`
	EventType   string          `json:"event_type,omitempty"`
	ContentType string          `json:"content_type,omitempty"`
	Headers     []fixture.Field `json:"headers,omitempty"`
	Template    bool            `json:"template"`
}

// anEvent is a sample event and the file it is in; "" for those that barb brings along.
type anEvent struct {
	fixture.Event
	path     string
	captured bool // it was saved from a webhook: its text is a stranger's
}

func (e anEvent) name() string { return e.Provider + ":" + e.Type }
func (e anEvent) isOwn() bool  { return e.path != "" }

// mayReadEnv reports whether {{env NAME}} in it is the user's own word. In a webhook it is the sender's, who would be sent
// what it reads.
func (e anEvent) mayReadEnv() bool { return e.isOwn() && !e.captured }

func (e anEvent) source() string {
	if e.isOwn() {
		return e.path
	}
	return e.name()
}

// extensions are the files that hold a payload, by what they hold.
func extensions() []string { return []string{".json", ".form", ".txt", ".xml", ".bin"} }

func extensionOf(contentType string) string {
	media, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch media = strings.TrimSpace(media); {
	case fixture.KindOf(media) == fixture.JSON:
		return ".json"
	case fixture.KindOf(media) == fixture.Form:
		return ".form"
	case strings.HasSuffix(media, "xml"):
		return ".xml"
	case strings.HasPrefix(media, "text/"):
		return ".txt"
	}
	return ".bin"
}

func typeOfExtension(extension string) string {
	return map[string]string{".json": "application/json", ".form": "application/x-www-form-urlencoded", ".xml": "application/xml",
		".txt": "text/plain; charset=utf-8"}[extension]
}

func (sh *shell) eventsDir() string { return filepath.Join(sh.configHome(), "barb", "events") }

// splitEvent cuts NAME:TYPE. Both become parts of a path, so nothing in them can lead elsewhere.
func splitEvent(text string) (name, eventType string, ok bool) {
	name, eventType, ok = strings.Cut(text, ":")
	part := regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
	ok = ok && len(text) <= 200 && part.MatchString(name)
	for segment := range strings.SplitSeq(eventType, "/") {
		ok = ok && part.MatchString(segment)
	}
	return name, eventType, ok
}

// ownEvents are those of one name, or of all names with "", without their payloads.
func (sh *shell) ownEvents(name string) ([]anEvent, error) {
	var all []anEvent
	root := sh.eventsDir()
	err := filepath.WalkDir(filepath.Join(root, name), func(file string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || !slices.Contains(extensions(), filepath.Ext(file)) {
			return err
		}
		relative, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		provider, eventType, _ := strings.Cut(strings.TrimSuffix(filepath.ToSlash(relative), filepath.Ext(file)), "/")
		if _, _, ok := splitEvent(provider + ":" + eventType); ok {
			e, err := readSidecar(anEvent{Event: fixture.Event{Provider: provider, Type: eventType}, path: file})
			all = append(all, e)
			return err
		}
		return nil
	})
	if err != nil {
		return nil, fail.Local("%w", err)
	}
	return all, nil
}

// readSidecar completes an event of one's own by what stands beside it.
func readSidecar(e anEvent) (anEvent, error) {
	extension := filepath.Ext(e.path)
	e.About, e.ContentType, e.Kind = "one of your own", typeOfExtension(extension), fixture.KindOf(typeOfExtension(extension))
	file := strings.TrimSuffix(e.path, extension) + ".event"
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		if s, ok := catalog.Lookup(e.Provider); ok {
			e.Scheme = s.Name
		}
		return e, nil
	}
	e.captured = true
	data, err := readOwn(file)
	if err != nil {
		return e, err
	}
	var beside sidecar
	if err := json.Unmarshal(data, &beside); err != nil {
		return e, fail.Usage("%s: %w", file, err).Hintf("barb events save SELECTOR --as %s --force", e.name())
	}
	e.Scheme, e.Name, e.ContentType, e.Header, e.Plain = beside.Scheme, beside.EventType, beside.ContentType, beside.Headers, !beside.Template
	e.Kind = fixture.KindOf(e.ContentType)
	return e, nil
}

// ownEvent is one of one's own with its payload.
func (sh *shell) ownEvent(name, eventType string) (anEvent, bool, error) {
	for _, extension := range extensions() {
		file := filepath.Join(sh.eventsDir(), name, filepath.FromSlash(eventType)+extension)
		if info, err := os.Stat(file); err != nil || info.IsDir() {
			continue
		}
		e, err := readSidecar(anEvent{Event: fixture.Event{Provider: name, Type: eventType}, path: file})
		if err == nil {
			e.Source, err = readOwn(file)
		}
		return e, true, err
	}
	return anEvent{}, false, nil
}

func readOwn(file string) ([]byte, error) {
	f, err := infile.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return infile.ReadAll(f, maxOwnEvent, file)
}

// findEvent finds NAME:TYPE: one of one's own, or one that barb brings along.
func (sh *shell) findEvent(text string) (anEvent, error) {
	name, eventType, ok := splitEvent(text)
	if !ok {
		return anEvent{}, fail.Usage("%q is not PROVIDER:TYPE", text).Hint("barb events lists them; with -d, --event is the event type")
	}
	e, found, err := sh.ownEvent(name, eventType)
	if found || err != nil {
		return e, err
	}
	provider := providerNamed(name)
	if e, found := fixture.Find(provider, eventType); found {
		return anEvent{Event: e}, nil
	}
	return anEvent{}, sh.noEvent(text, provider)
}

// providerNamed is the provider that goes by a name, or by an alias of its scheme.
func providerNamed(name string) string {
	lower := strings.ToLower(name)
	if slices.Contains(fixture.Providers(), lower) {
		return lower
	}
	if s, ok := catalog.Lookup(lower); ok {
		for _, provider := range fixture.Providers() {
			if p, _ := fixture.Lookup(provider); p.Scheme == s.Name {
				return provider
			}
		}
	}
	return name
}

// noEvent says that there is none of a name, with the nearest ones.
func (sh *shell) noEvent(text, provider string) error {
	own, err := sh.ownEvents("")
	if err != nil {
		return err
	}
	events := builtInEvents(fixture.Providers()...)
	known := eventNames(slices.Concat(own, events))
	if p, ok := fixture.Lookup(provider); ok {
		return fail.Usage("%s: there is no such sample event of %s", text, p.Title).
			Hint(fail.DidYouMean("", fail.Nearest(text, known), "barb events "+provider+" lists them"))
	}
	name, _, _ := strings.Cut(text, ":")
	return sh.noProvider(name, own)
}

// noProvider says that there are no events of a name, with the nearest ones.
func (sh *shell) noProvider(name string, own []anEvent) error {
	known := fixture.Providers()
	for _, e := range own {
		known = append(known, e.Provider)
	}
	slices.Sort(known)
	return fail.Usage("there are no sample events of %q", name).
		Hint(fail.DidYouMean("barb events ", fail.Nearest(strings.ToLower(name), slices.Compact(known)), "barb events lists them; with -d, --event is the event type"))
}

func eventNames(events []anEvent) []string {
	names := make([]string, len(events))
	for i, e := range events {
		names[i] = e.name()
	}
	return names
}

func builtInEvents(providers ...string) (all []anEvent) {
	for _, name := range providers {
		p, ok := fixture.Lookup(name)
		if !ok {
			continue
		}
		for _, eventType := range p.Types() {
			if e, ok := p.Event(eventType); ok {
				all = append(all, anEvent{Event: e})
			}
		}
	}
	return all
}
