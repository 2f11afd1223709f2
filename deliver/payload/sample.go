package payload

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/units"
)

// maxSample is the largest file of an own sample in bytes, as large as the history keeps a body.
const maxSample = 64 << 20

// Sample is a sample event.
type Sample struct {
	fixture.Event
	Path     string // of its file; "" for an event of package fixture
	Captured bool   // saved from a webhook, so that its sender wrote it
}

// Meta is the file TYPE.event beside a saved sample. It holds the webhook's data besides the body.
type Meta struct {
	Schema      int             `json:"schema"`
	Scheme      string          `json:"scheme,omitempty"`
	EventType   string          `json:"event_type,omitempty"`
	ContentType string          `json:"content_type,omitempty"`
	Headers     []fixture.Field `json:"headers,omitempty"`
	Template    bool            `json:"template"`
}

// Samples finds sample events: the user's own, and those of package fixture. An own sample is a file
// Dir/PROVIDER/TYPE.EXT. It is a template, unless its Meta says otherwise.
type Samples struct {
	Dir    string
	Lookup func(name string) (sign.Scheme, bool) // finds a scheme by its name or an alias
}

// MetaError is the error for a Meta that cannot be read.
type MetaError struct {
	Path   string
	Sample string // PROVIDER:TYPE
	Err    error
}

// Error names the file, then the cause.
func (e *MetaError) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *MetaError) Unwrap() error { return e.Err }

// TooLargeError is the error for a file that is too large for a sample.
type TooLargeError struct {
	Path  string
	Limit int64 // in bytes
}

// Error names the file and the limit.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s is larger than %s", e.Path, units.RoundSize(e.Limit))
}

// String returns the sample's name, PROVIDER:TYPE.
func (s Sample) String() string { return s.Provider + ":" + s.Type }

// IsOwn reports whether the sample is a file of the user.
func (s Sample) IsOwn() bool { return s.Path != "" }

// MayReadEnv reports whether {{env NAME}} may be filled in. The sender of a captured webhook could have written it, to
// get the value sent to an address of the sender's.
func (s Sample) MayReadEnv() bool { return s.IsOwn() && !s.Captured }

// Origin returns the file of an own sample, else the sample's name.
func (s Sample) Origin() string {
	if s.IsOwn() {
		return s.Path
	}
	return s.String()
}

// ParseName splits PROVIDER:TYPE. Both become parts of a path, so names that could leave the folder are refused.
func ParseName(text string) (provider, eventType string, ok bool) {
	provider, eventType, ok = strings.Cut(text, ":")
	part := regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
	ok = ok && len(text) <= 200 && part.MatchString(provider)
	for segment := range strings.SplitSeq(eventType, "/") {
		ok = ok && part.MatchString(segment)
	}
	return provider, eventType, ok
}

// Own returns the user's own samples of one provider, or of all for "", without their payloads.
func (s Samples) Own(provider string) ([]Sample, error) {
	var all []Sample
	err := filepath.WalkDir(filepath.Join(s.Dir, provider), func(file string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || !slices.Contains(extensions(), filepath.Ext(file)) {
			return err
		}
		relative, err := filepath.Rel(s.Dir, file)
		if err != nil {
			return err
		}
		name := strings.Replace(strings.TrimSuffix(filepath.ToSlash(relative), filepath.Ext(file)), "/", ":", 1)
		if provider, eventType, ok := ParseName(name); ok {
			one, err := s.describe(Sample{Event: fixture.Event{Provider: provider, Type: eventType}, Path: file})
			all = append(all, one)
			return err
		}
		return nil
	})
	return all, err
}

// describe completes an own sample from its Meta, else from its extension and provider.
func (s Samples) describe(one Sample) (Sample, error) {
	extension := filepath.Ext(one.Path)
	one.About, one.ContentType = "your own sample", typeOfExtension(extension)
	one.Kind = fixture.KindOf(one.ContentType)
	file := strings.TrimSuffix(one.Path, extension) + ".event"
	data, err := readSample(file)
	if errors.Is(err, fs.ErrNotExist) {
		if scheme, ok := s.Lookup(one.Provider); ok {
			one.Scheme = scheme.Name
		}
		return one, nil
	}
	one.Captured = true
	if err != nil {
		return one, err
	}
	var meta Meta
	if err := json.Unmarshal(data, &meta); err != nil {
		return one, &MetaError{file, one.String(), err}
	}
	one.Scheme, one.Name, one.ContentType = meta.Scheme, meta.EventType, meta.ContentType
	one.Header, one.Plain, one.Kind = meta.Headers, !meta.Template, fixture.KindOf(meta.ContentType)
	return one, nil
}

// Load returns an own sample with its payload; false when there is none.
func (s Samples) Load(provider, eventType string) (Sample, bool, error) {
	for _, extension := range extensions() {
		file := s.path(provider, eventType, extension)
		if info, err := os.Stat(file); err != nil || info.IsDir() {
			continue
		}
		one, err := s.describe(Sample{Event: fixture.Event{Provider: provider, Type: eventType}, Path: file})
		if err == nil {
			one.Source, err = readSample(file)
		}
		return one, true, err
	}
	return Sample{}, false, nil
}

func (s Samples) path(provider, eventType, extension string) string {
	return filepath.Join(s.Dir, provider, filepath.FromSlash(eventType)+extension)
}

func readSample(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSample+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(data) > maxSample {
		return nil, &TooLargeError{file, maxSample}
	}
	return data, nil
}

// Find returns the sample of a name with its payload, an own one before one of package fixture; false when there is
// none.
func (s Samples) Find(provider, eventType string) (Sample, bool, error) {
	one, found, err := s.Load(provider, eventType)
	if found || err != nil {
		return one, found, err
	}
	event, found := fixture.Find(s.Provider(provider), eventType)
	return Sample{Event: event}, found, nil
}

// Provider returns the provider in package fixture whose name, ignoring case, or whose scheme is name; else name
// itself.
func (s Samples) Provider(name string) string {
	lower := strings.ToLower(name)
	if slices.Contains(fixture.Providers(), lower) {
		return lower
	}
	if scheme, ok := s.Lookup(lower); ok {
		for _, provider := range fixture.Providers() {
			if p, _ := fixture.Lookup(provider); p.Scheme == scheme.Name {
				return provider
			}
		}
	}
	return name
}

// BuiltIn returns the samples of package fixture for some providers; none for unknown providers.
func BuiltIn(providers ...string) (all []Sample) {
	for _, name := range providers {
		p, _ := fixture.Lookup(name)
		for _, eventType := range p.Types() {
			if e, ok := p.Event(eventType); ok {
				all = append(all, Sample{Event: e})
			}
		}
	}
	return all
}

// extensions returns the extensions of files with a payload.
func extensions() []string { return []string{".json", ".form", ".txt", ".xml", ".bin"} }

// Extension returns the extension for a payload of a content type.
func Extension(contentType string) string {
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
	return map[string]string{".json": "application/json", ".form": "application/x-www-form-urlencoded",
		".xml": "application/xml", ".txt": "text/plain; charset=utf-8"}[extension]
}
