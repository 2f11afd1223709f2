package receiver

import (
	"strings"
	"text/template"

	"github.com/barbhq/barb/sign"
)

// language is how to write the expressions of a plan in one language. Its templates hold the statements.
type language struct {
	name    string
	literal func(string) string
	plus    string            // joins two strings
	names   map[string]string // the variables of signed values that are neither in a header nor in the body
	header  string            // beginning of the call that reads a header
	lower   bool              // header names are in lower case
	field   string            // beginning of the call that reads a JSON field
	gap     string            // additional empty lines between two functions
}

// target is a framework and its language.
type target struct {
	name     string
	language *language
}

var (
	javascript = language{
		name: "javascript", literal: jsLiteral, plus: " + ", header: "header(", lower: true, field: "field(body, ",
		names: map[string]string{"ts": "ts", "id": "id", "url": "url", "path": "path"},
	}
	python = language{
		name: "python", literal: pyLiteral, plus: " + ", header: "headers.get(", field: "field(body, ", gap: "\n",
		names: map[string]string{"ts": "ts", "id": "webhook_id", "url": "URL", "path": "PATH"},
	}
	golang = language{
		name: "golang", literal: goLiteral, plus: "+", header: "only(h, ", field: "field(body, ",
		names: map[string]string{"ts": "ts", "id": "id", "url": "rc.publicURL", "path": "path"},
	}
	ruby = language{
		name: "ruby", literal: rubyLiteral, plus: " + ", header: "header(", field: "field(body, ",
		names: map[string]string{"ts": "ts", "id": "id", "url": "URL", "path": "PATH"},
	}
	php = language{
		name: "php", literal: phpLiteral, plus: " . ", header: "header_value(", field: "field($body, ",
		names: map[string]string{"ts": "$ts", "id": "$id", "url": "URL", "path": "PATH"},
	}
)

var frameworks = [...]target{
	{"express", &javascript}, {"fastify", &javascript}, {"nextjs", &javascript}, {"flask", &python}, {"django", &python},
	{"fastapi", &python}, {"go", &golang}, {"lambda", &javascript}, {"rails", &ruby}, {"php", &php},
}

// view is the input of the templates.
type view struct {
	*plan
	framework string
}

// Is reports whether the receiver is for a framework.
func (v view) Is(framework string) bool { return v.framework == framework }

func (l *language) funcs(p *plan) template.FuncMap {
	return template.FuncMap{
		"lit":      l.literal,
		"comment":  comment,
		"class":    class,
		"lower":    strings.ToLower,
		"read":     l.read,
		"text":     l.text,
		"args":     l.args,
		"bodyNote": p.bodyNote,
		"cgi":      func(name string) string { return "HTTP_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) },
		"route":    func() string { return l.literal("/webhooks/" + p.Name) },
	}
}

// bodyNote returns the reason for reading the raw body.
func (p *plan) bodyNote() string {
	if len(p.Bound) > 0 {
		return p.Title + " signs for all customers with one key: compare " + p.Bound[0].In.String() +
			" with yours before you act."
	}
	if p.Auth == sign.Digest && strings.HasPrefix(p.Content, "{secret}") {
		return "A plain hash, not an HMAC: an attacker can extend a signed body. Reject a body with a byte 0x80 before " +
			"zeros, as barb does."
	}
	if !p.CoversBody() {
		return "The body is not signed: the check shows who sent a webhook, not that its content is genuine."
	}
	return "Use the raw body: the signature is made over its exact bytes, and JSON that is parsed and written " +
		"again differs."
}

// read returns the expression for the text at a place. Python's headers need a default for a missing one.
func (l *language) read(at place) string {
	switch {
	case at.Path != nil:
		return l.field + l.args(at.Path) + ")"
	case l.lower:
		return l.header + l.literal(strings.ToLower(at.Header)) + ")"
	case l == &python:
		return l.header + l.literal(at.Header) + `, "")`
	}
	return l.header + l.literal(at.Header) + ")"
}

// args returns the steps of a JSON path as arguments. In Go all of them are strings.
func (l *language) args(path []string) string {
	out := make([]string, len(path))
	for i, key := range path {
		if out[i] = key; !isIndex(key) || l == &golang {
			out[i] = l.literal(key)
		}
	}
	return strings.Join(out, ", ")
}

// isIndex distinguishes an index from a key. Digits with a leading zero are a key: some languages read them as octal.
func isIndex(key string) bool {
	return key != "" && len(key) < 6 && strings.Trim(key, "0123456789") == "" && (key == "0" || key[0] != '0')
}

// text returns the expression for a run of text.
func (l *language) text(parts []part) string {
	out := make([]string, len(parts))
	for i, p := range parts {
		switch p.Name {
		case "":
			out[i] = l.literal(p.Literal)
		case "method":
			out[i] = l.literal("POST")
		case "header", "json":
			out[i] = l.read(p.place)
		default:
			out[i] = l.names[p.Name]
		}
	}
	return strings.Join(out, l.plus)
}

// files returns the templates of a framework: its own, and those shared by the frameworks of its language.
func (f *target) files() []string {
	files := []string{"templates/" + f.name + ".tmpl"}
	if f.language == &javascript || f.language == &python {
		files = append(files, "templates/"+f.language.name+".tmpl")
	}
	return files
}
