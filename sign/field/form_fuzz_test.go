package field_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign/field"
)

// FuzzFormBody writes a field into a form and reads it back, and holds the reader of forms against that of net/url.
func FuzzFormBody(f *testing.F) {
	for _, form := range []string{"", "a=1", "a=1&b=2&a=3", "&&", "a", "=", "%61=1", "%zz=1", "a=%zz", "a=1;b=2",
		"a+b=c+d", "\x00=\xff"} {
		f.Add(form, "a", "x y&=%")
	}
	f.Fuzz(func(t *testing.T, form, name, value string) {
		set := field.SetForm(form, name, value)
		if got, n := field.Form(set, name); n != 1 || got != value {
			t.Fatalf("%q with %q became %q, read back as %q %d", form, name, set, got, n)
		}
		if again := field.SetForm(set, name, value); again != set {
			t.Fatalf("%q written twice became %q", set, again)
		}
		for _, pair := range strings.Split(form, "&") {
			k, _, _ := strings.Cut(pair, "=")
			if key, err := url.QueryUnescape(k); pair != "" && (err != nil || key != name) && !strings.Contains(set, pair) {
				t.Fatalf("%q lost %q: %q", form, pair, set)
			}
		}
		fields, ok := field.Parse([]byte(form))
		parsed, err := url.ParseQuery(form)
		if strings.Contains(form, ";") { // a separator no longer, but net/url refuses it
			return
		}
		if ok != (err == nil) {
			t.Fatalf("%q: %v %v", form, ok, err)
		}
		for _, p := range fields {
			if _, there := parsed[p.Name]; !there {
				t.Fatalf("%q: %q", form, p.Name)
			}
		}
	})
}
