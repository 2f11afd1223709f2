package commands

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
)

// bodies are what a run sends, numbered from 0.
type bodies interface {
	// count is how many there are; 0: they come as they come, and end with io.EOF.
	count() int64
	// event returns one body, which stays as it is. It is called by one at a time; in order it is cheapest.
	event(ctx context.Context, n int64) ([]byte, error)
	// print tells whether a run goes on with what it began with; "" cannot tell.
	print() string
	// bad is what is left out.
	bad() badEvents
	close()
}

// maxEvent bounds one event of a list.
const maxEvent = 16 << 20

// badEvents are those that cannot be sent: all are counted, the first are listed.
type badEvents struct {
	count int64
	first []string
}

const badListed = 10

func (b *badEvents) add(format string, args ...any) {
	if b.count++; len(b.first) < badListed {
		b.first = append(b.first, fmt.Errorf(format, args...).Error())
	}
}

// listed reports whether the payload is a list of events rather than one.
func (o *sendOptions) listed() bool {
	if o.ndjson {
		return true
	}
	name, isFile := strings.CutPrefix(o.data, "@")
	if !isFile || name == "-" || name == "" {
		return false
	}
	return isLines(name) || isFolder(name)
}

func isLines(name string) bool {
	extension := strings.ToLower(filepath.Ext(name))
	return extension == ".ndjson" || extension == ".jsonl"
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// events opens what the flags name and looks at all of it before anything is sent. check says what is wrong with a body
// beyond its JSON; nil: nothing can be.
func (sh *shell) events(o *sendOptions, check func([]byte) error) (bodies, error) {
	name, isFile := strings.CutPrefix(o.data, "@")
	switch {
	case !o.listed():
		print, err := o.content.print()
		return repeated(print), err
	case !isFile:
		return sh.checked(newLines(strings.NewReader(o.data), nil, "-d", check), o)
	case name == "-":
		if slices.Contains(o.secrets, "-") {
			return nil, fail.Usage("the payload and the secret cannot both come from stdin").Hint("--secret env:NAME or file:PATH")
		}
		return newStream(sh.In, "stdin", o, check)
	case isFolder(name):
		f, err := openFolder(name, check)
		if err != nil {
			return nil, err
		}
		return sh.verdict(f, name, o)
	}
	f, err := openFile(name)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() { // of a pipe nothing can be read twice
		return newStream(f, name, o, check)
	}
	return sh.checked(newLines(f, f, name, check), o)
}

func (sh *shell) checked(l *lines, o *sendOptions) (bodies, error) {
	if err := l.scan(); err != nil {
		l.close()
		return nil, fail.Local("%s: %w", l.name, err)
	}
	return sh.verdict(l, l.name, o)
}

// verdict refuses a list with a bad event in it, unless they are to be left out, and one with nothing in it.
func (sh *shell) verdict(e bodies, name string, o *sendOptions) (bodies, error) {
	bad := e.bad()
	var err error
	switch {
	case bad.count > 0 && !o.skipBad:
		f := fail.Usage("%s: %s", name, bad.first[0])
		if bad.count > 1 {
			f = fail.Usage("%s: %s; and %s", name, bad.first[0], ui.Count(int(bad.count-1), "more bad one"))
		}
		err = f.Hint("--skip-bad leaves them out and lists them")
	case e.count() == 0 && bad.count > 0:
		err = fail.Usage("%s: all of its %d events are bad; the first: %s", name, bad.count, bad.first[0])
	case e.count() == 0:
		err = fail.Usage("%s: there is no event in it", name).Hint("one JSON object a line, or a folder with a file for each")
	}
	if err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// judge says why a line is no event; nil when it is one.
func judge(line []byte, check func([]byte) error) error {
	if !json.Valid(line) {
		return whyNotJSON(line)
	}
	if check != nil {
		return check(line)
	}
	return nil
}

func whyNotJSON(line []byte) error {
	var any json.RawMessage
	err := json.Unmarshal(line, &any)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("not JSON: %s at byte %d", ui.EscapeLine(err.Error()), syntax.Offset)
	}
	return errors.New("not JSON")
}

// repeated is one payload, again and again: the content knows it, and this is what tells it from another.
type repeated string

func (r repeated) count() int64                                 { return 1 }
func (r repeated) event(context.Context, int64) ([]byte, error) { return nil, nil }
func (r repeated) print() string                                { return string(r) }
func (r repeated) bad() badEvents                               { return badEvents{} }
func (r repeated) close()                                       {}

func sha256Of(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// folder is a file for each event, in the order of their names.
type folder struct {
	dir   string
	names []string
	sum   string
	wrong badEvents
}

// openFolder looks at every regular file whose name does not begin with a dot.
func openFolder(dir string, check func([]byte) error) (*folder, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, fail.Local("%w", err)
	}
	f := &folder{dir: dir}
	sum := sha256.New()
	for _, entry := range entries {
		info, err := os.Stat(filepath.Join(dir, entry.Name())) // where a link leads
		if strings.HasPrefix(entry.Name(), ".") || err == nil && !info.Mode().IsRegular() {
			continue
		}
		if err != nil {
			return nil, fail.Local("%w", err)
		}
		if why := f.judge(entry.Name(), info.Size(), check); why != nil {
			f.wrong.add("%s: %w", ui.EscapeLine(entry.Name()), why)
			continue
		}
		fmt.Fprintf(sum, "%s\x00%d\x00%d\n", entry.Name(), info.Size(), info.ModTime().UnixNano())
		f.names = append(f.names, entry.Name())
	}
	f.sum = hex.EncodeToString(sum.Sum(nil))
	return f, nil
}

func (f *folder) judge(name string, size int64, check func([]byte) error) error {
	if size > maxEvent {
		return fmt.Errorf("larger than %s", ui.Size(maxEvent))
	}
	if check == nil {
		return nil
	}
	body, err := f.read(name)
	if err != nil {
		return err
	}
	return check(body)
}

func (f *folder) read(name string) ([]byte, error) {
	file, err := os.Open(filepath.Join(f.dir, name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readBounded(file, maxEvent, name)
}

func (f *folder) count() int64   { return int64(len(f.names)) }
func (f *folder) print() string  { return f.sum }
func (f *folder) bad() badEvents { return f.wrong }
func (f *folder) close()         {}

func (f *folder) event(_ context.Context, n int64) ([]byte, error) {
	body, err := f.read(f.names[n])
	if err != nil {
		return nil, fail.Local("%w", err)
	}
	return body, nil
}

// trimLine takes the end of a line off, LF or CRLF, and nothing else.
func trimLine(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}
