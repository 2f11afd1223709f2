// Package receiver writes a minimal, correct webhook receiver for a scheme in the receiver's language.
//
// The source has only the branches that the scheme needs, and uses no library of ours. The package knows no secret; the
// generated code reads it from an environment variable. The package prints nothing and opens no file.
package receiver

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/barbhq/barb/sign"
)

//go:embed templates/*.tmpl
var templates embed.FS

// Options describe the receiver.
type Options struct {
	Scheme sign.Scheme
	// SecretVar is the environment variable with the secret; WEBHOOK_SECRET when it is empty or not a valid name.
	SecretVar string
	// Hook is a webhook that the scheme accepts, as a test vector; nil when there is none.
	Hook *Hook
}

// Frameworks returns the names of the frameworks.
func Frameworks() []string {
	var names []string
	for i := range frameworks {
		names = append(names, frameworks[i].name)
	}
	return names
}

// UnsupportedError is the error for a scheme that no receiver can be written for. Instead names an alternative.
type UnsupportedError struct{ Reason, Instead string }

// Error returns the reason.
func (e *UnsupportedError) Error() string { return e.Reason }

// Write writes the receiver's source. The error is an *UnsupportedError, or w's.
func Write(w io.Writer, framework string, o Options) error {
	i := slices.IndexFunc(frameworks[:], func(f target) bool { return f.name == framework })
	if i < 0 {
		return &UnsupportedError{fmt.Sprintf("no receiver for %q", framework), "one of those that Frameworks returns"}
	}
	source, err := render(&frameworks[i], &o)
	if err != nil {
		return err
	}
	_, err = w.Write(source)
	return err
}

func render(f *target, o *Options) ([]byte, error) {
	p, err := newPlan(o)
	if err != nil {
		return nil, err
	}
	t := template.New("")
	t.Funcs(f.language.funcs(p)).Funcs(template.FuncMap{"indent": indentWith(t)})
	if _, err := t.ParseFS(templates, f.files()...); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, f.name+".tmpl", view{plan: p, framework: f.name}); err != nil {
		return nil, err
	}
	if f.language == &golang {
		return finishGo(out.Bytes()), nil
	}
	// Templates leave more empty lines than any language uses; no literal contains any.
	return regexp.MustCompile(`\n\n\n+`).ReplaceAll(out.Bytes(), []byte("\n\n"+f.language.gap)), nil
}

// indentWith returns the function that renders a template indented by two columns.
func indentWith(t *template.Template) func(name string, v view) (string, error) {
	return func(name string, v view) (string, error) {
		var out bytes.Buffer
		err := t.ExecuteTemplate(&out, name, v)
		return "  " + strings.ReplaceAll(out.String(), "\n", "\n  "), err
	}
}

// secretVar returns the name of the secret's variable, or the default for a name that is not valid in a shell.
func (o *Options) secretVar() string {
	if regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`).MatchString(o.SecretVar) {
		return o.SecretVar
	}
	return "WEBHOOK_SECRET"
}
