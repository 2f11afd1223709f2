package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed templates static
var files embed.FS

// templates are parsed at the first page, not when barb starts.
var templates = sync.OnceValue(func() *template.Template {
	functions := template.FuncMap{"asset": assetURL, "pair": pairOf}
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
	text := out.Bytes()
	if acceptsGzip(r) && len(text) > 1<<10 {
		h.Set("Content-Encoding", "gzip")
		text = packed(text, gzip.BestSpeed)
	}
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// pair is a body with the webhook that it belongs to.
type pair struct {
	ID      int64
	Content content
}

func pairOf(id int64, c content) pair { return pair{id, c} }
