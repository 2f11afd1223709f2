package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/web/markup"
)

//go:embed templates static
var files embed.FS

// templates are parsed when a page is served, not when barb starts.
var templates = sync.OnceValue(func() *template.Template {
	functions := template.FuncMap{"asset": assetURL, "pair": pairOf, "choice": choiceOf,
		"later": func() markup.HTML { return markup.Later }}
	return template.Must(template.New("").Funcs(functions).ParseFS(files, "templates/*.html"))
})

// asset is a file that the page loads.
type asset struct {
	kind         string
	text, packed []byte
	version      string
}

// made are the files of static that each asset is made of.
var made = map[string][]string{
	"app.css":  {"*.css"},
	"app.js":   {"1-*.js", "2-*.js", "3-*.js", "4-*.js", "5-*.js", "6-*.js"},
	"sheet.js": {"1-*.js", "sheet.js", "5-*.js"}, // of the pages beside the list
}

// assets are the files that a page loads.
var assets = sync.OnceValue(func() map[string]asset {
	all := map[string]asset{}
	for name, patterns := range made {
		var text bytes.Buffer
		for _, pattern := range patterns {
			names, _ := fs.Glob(files, "static/"+pattern) // sorted; the pattern is right
			for _, part := range names {
				data, err := files.ReadFile(part)
				if err != nil {
					panic(err) // it is embedded
				}
				text.Write(data)
			}
		}
		kind := "text/javascript; charset=utf-8"
		if path.Ext(name) == ".css" {
			kind = "text/css; charset=utf-8"
		}
		sum := sha256.Sum256(text.Bytes())
		all[name] = asset{kind, text.Bytes(), packed(text.Bytes(), gzip.BestCompression), hex.EncodeToString(sum[:6])}
	}
	return all
})

func packed(text []byte, level int) []byte {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, level)
	if err != nil {
		panic(err) // the level is right
	}
	_, _ = z.Write(text) // to memory
	_ = z.Close()
	return out.Bytes()
}

func assetURL(name string) string { return "/static/" + name + "?v=" + assets()[name].version }

// static serves the files of the page. Their addresses change with their content.
func static(w http.ResponseWriter, r *http.Request) {
	a, ok := assets()[path.Base(r.URL.Path)]
	if !ok {
		refuse(w, http.StatusNotFound, "There is no such file.")
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	if r.URL.Query().Get("v") == a.version {
		h.Set("Cache-Control", "private, max-age=31536000, immutable")
	}
	h.Set("Vary", "Accept-Encoding")
	text := a.text
	if acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		text = a.packed
	}
	_, _ = w.Write(text)
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, "gzip") {
			return strings.ReplaceAll(weight, " ", "") != "q=0"
		}
	}
	return false
}

// show answers with a template, packed where the browser takes it.
func show(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var out bytes.Buffer
	if err := templates().ExecuteTemplate(&out, name, data); err != nil {
		refuse(w, http.StatusInternalServerError, "barb could not draw this page: "+err.Error())
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept-Encoding")
	page, rest := apart(out.Bytes(), name == "hook")
	if len(rest) > 0 {
		showLater(w, r, status, page, rest)
		return
	}
	if acceptsGzip(r) && len(page) > 1<<10 {
		h.Set("Content-Encoding", "gzip")
		page = packed(page, gzip.BestSpeed)
	}
	w.WriteHeader(status)
	_, _ = w.Write(page)
}

// showLater answers with a page and, once that is on its way, with the rest of it.
func showLater(w http.ResponseWriter, r *http.Request, status int, page, rest []byte) {
	var to io.Writer = w
	flush := http.NewResponseController(w).Flush
	if acceptsGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is right
		defer func() { _ = z.Close() }()
		to, flush = z, func() error { return errors.Join(z.Flush(), http.NewResponseController(w).Flush()) }
	}
	w.WriteHeader(status)
	_, _ = to.Write(page)
	_ = flush()
	_, _ = to.Write(rest)
}

// longLater is the shortest piece that comes later, in bytes.
const longLater = 2 << 10

// apart takes the pieces that may come later out of a page and returns them behind it, each after a markup.Later. A
// template element keeps its place. Without later, all stays where it is.
func apart(text []byte, later bool) (page, rest []byte) {
	pieces := bytes.Split(text, []byte(markup.Later))
	if len(pieces) == 1 {
		return text, nil
	}
	page = make([]byte, 0, len(text))
	for i, piece := range pieces {
		if !later || i%2 == 0 || len(piece) < longLater {
			page = append(page, piece...)
			continue
		}
		page = append(page, "<template></template>"...)
		rest = append(append(rest, markup.Later...), piece...)
	}
	return page, rest
}

// pair is a body with the webhook that it belongs to.
type pair struct {
	ID      int64
	Content content
}

func pairOf(id int64, c content) pair { return pair{id, c} }

// choice is a list of targets and the chosen one.
type choice struct {
	All []act.Target
	At  int
}

// choiceOf chooses the target with a name, the first where there is none.
func choiceOf(all []act.Target, name string) choice {
	return choice{all, max(slices.IndexFunc(all, func(t act.Target) bool { return t.Name == name }), 0)}
}
