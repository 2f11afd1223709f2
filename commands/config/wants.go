package config

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/listen/script"
)

// want is something that a barb.toml found by searching does only with the user's consent: another's file, such as that
// of a cloned repository, must not do it unseen.
type want struct {
	Line  int
	What  string // such as "run a command"
	Value string // as it stands in the file
	Place string // the file that it leads to once links are followed; "" if it names no file
}

// wishes collects the wants of a file.
type wishes struct {
	file   *File
	folder string // of the file, without links
	cwd    string // where file: references are looked for
	line   int    // of the value that is looked at
	wants  []want
}

// wantsOf returns what a file asks consent for, in the order of its lines. It looks at the settings of all commands.
func wantsOf(file *File, plain map[string]any, settings []Setting, cwd string) []want {
	w := &wishes{file: file, folder: placeOf(cwd, filepath.Dir(file.Path)), cwd: cwd}
	w.references(plain, nil, file.lines)
	for _, s := range settings {
		if value := file.Values[s.Key()]; value != "" {
			w.line = file.Line(s)
			w.setting(s, value)
		}
	}
	places := file.tableLines("route", len(file.Routes))
	for i, r := range file.Routes {
		for _, t := range r.Targets {
			w.line = places[i].line("forward_to")
			w.target(t.URL, t.Written)
		}
		w.way(&r.Way, places[i])
	}
	for i := range file.Tables {
		w.respond(&file.Tables[i])
	}
	for i, limit := range []any{file.History.MaxSize, file.History.MaxAge} {
		if limit != nil {
			w.line = file.lines.line("history", []string{"max_size", "max_age"}[i])
			w.add("remove webhooks from the history", fmt.Sprint(limit), "")
		}
	}
	slices.SortStableFunc(w.wants, func(a, b want) int { return cmp.Compare(a.Line, b.Line) })
	return slices.Compact(w.wants)
}

// references looks at every text in the file, wherever it stands: cmd: runs a command, file: reads a file.
func (w *wishes) references(value any, at []string, lines keyLines) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) { // what was agreed to is kept in this order
			w.references(v[key], append(slices.Clone(at), key), lines)
		}
	case []any:
		var tables []keyLines
		if len(at) == 1 {
			tables = w.file.entries.tables(at[0])
		}
		for i, inner := range v {
			if i < len(tables) {
				w.references(inner, nil, tables[i])
			} else {
				w.references(inner, at, lines)
			}
		}
	case string:
		w.line = lines.line(at...)
		if command, ok := strings.CutPrefix(v, "cmd:"); ok {
			w.add("run a command", command, "")
		}
		if path, ok := strings.CutPrefix(v, "file:"); ok {
			w.reads("read a file outside its folder", path, placeOf(w.cwd, path))
		}
	}
}

// setting looks at a value that a flag could have given.
func (w *wishes) setting(s Setting, value string) {
	switch s.Flag {
	case "proxy":
		w.add("send through a proxy", flags.WithoutUser(value), "")
	case "cacert":
		w.add("trust another certificate authority", value, w.beside(value))
	case "db":
		if strings.Contains(value, "://") {
			w.add("keep the history on a server", flags.WithoutUser(value), "")
			return
		}
		// The file may come with a history in which another has queued what is sent, and with which secrets.
		w.add("use another history, and deliver what is queued in it", value, w.beside(value))
	case "addr", "metrics":
		// a mistake is told where it is used
		if address, err := flags.ListenAddress(value); err == nil && !IsLoopback("tcp://"+address) {
			w.add("listen where other machines can connect", value, "")
		}
	case "insecure":
		if on, err := strconv.ParseBool(value); err != nil || on {
			w.add("accept any certificate of its apps", "insecure = "+value, "")
		}
	case "forward-header":
		w.headers(strings.Split(value, "\n"))
	case "tls-cert", "tls-key", "cert", "key":
		w.reads("read a file outside its folder", value, w.beside(value))
	case "unix-socket":
		w.reads("create a socket outside its folder", value, w.beside(value))
	case "forward-to":
		to, _ := flags.Target(value) // a mistake in it is asked about like an address elsewhere
		w.target(to, value)
	case "respond", "fail-with":
		_, _ = script.Parse(value, w.answer) // a mistake in it is told where the script is used
	}
}

// way looks at how a route reaches its apps.
func (w *wishes) way(way *route.Way, lines keyLines) {
	if way.Insecure != nil && *way.Insecure {
		w.line = lines.line("insecure")
		w.add("accept any TLS certificate from an app", "insecure = true", "")
	}
	if way.Proxy != "" {
		w.line = lines.line("proxy")
		w.add("send through a proxy", flags.WithoutUser(way.Proxy), "")
	}
	if way.CACert != "" {
		w.line = lines.line("cacert")
		w.add("trust another certificate authority", way.CACert, w.beside(way.CACert))
	}
	for _, file := range [][2]string{{"cert", way.Cert}, {"key", way.Key}} {
		if file[1] != "" {
			w.line = lines.line(file[0])
			w.reads("read a file outside its folder", file[1], w.beside(file[1]))
		}
	}
	w.line = lines.line("headers")
	w.headers(way.Headers)
}

// respond looks for the files of a [[respond]].
func (w *wishes) respond(t *Respond) {
	w.line = t.LineOf("answer")
	if t.Answer != "" {
		_, _ = script.Parse(t.Answer, w.answer)
		return
	}
	w.line = t.LineOf("body")
	_, _, _ = t.FromKeys(w.answer)
}

// answer is asked for what body=@PATH names.
func (w *wishes) answer(path string) ([]byte, error) {
	if path != "" && path != "-" {
		w.reads("answer with a file outside its folder", path, w.beside(path))
	}
	return nil, nil
}

// reads wants a file that is not in the folder of barb.toml.
func (w *wishes) reads(what, value, place string) {
	if !isWithin(w.folder, place) {
		w.add(what, value, place)
	}
}

// beside returns where a path leads from the folder of barb.toml. It joins them before it follows links, as it is done
// where the path is used.
func (w *wishes) beside(path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(w.file.Path), path)
	}
	return placeOf(w.cwd, path)
}

// target wants an address that is not of this machine.
func (w *wishes) target(address, written string) {
	if !IsLoopback(address) {
		w.add("forward to another machine", flags.WithoutUser(written), "")
	}
}

func (w *wishes) add(what, value, place string) {
	w.wants = append(w.wants, want{Line: w.line, What: what, Value: value, Place: place})
}

// IsLoopback reports whether an address certainly is this machine, as deliver.IsLoopback has it.
func IsLoopback(address string) bool {
	u, err := url.Parse(address)
	return err == nil && deliver.IsLoopback(u.Hostname())
}
