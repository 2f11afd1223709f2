package markup_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/web/markup"
)

// attacks run in some browser where they are not escaped.
var attacks = []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'><svg onload=alert(1)>`,
	`</textarea><script>alert(1)</script>`, `</pre></details><script>alert(1)</script>`, `<!--<script>`,
	`<iframe srcdoc="<script>alert(1)</script>">`, `<a href=//evil.example>x</a>`, "<b\x00>x",
	`<base href=//evil.example>`, `<meta http-equiv=refresh content=0>`, "\xff<script>", "\u202e<script>"}

// writers are all that writes text of a stranger.
var writers = map[string]func(text string) markup.HTML{
	"line":   markup.Line,
	"lines":  markup.Lines,
	"short":  func(text string) markup.HTML { return markup.Short(text, 20) },
	"marked": func(text string) markup.HTML { return markup.Marked(text, text, text) },
	"end":    func(text string) markup.HTML { return markup.MarkedEnd([]byte(text), len(text)/2) },
	"raw":    func(text string) markup.HTML { return markup.Raw([]byte(text)) },
	"hex":    func(text string) markup.HTML { return markup.Hex([]byte(text), 0) },
	"either": func(text string) markup.HTML { return markup.TextOrHex([]byte(text), 64) },
	"JSON": func(text string) markup.HTML {
		quoted := strings.NewReplacer(`"`, `\"`, "\x00", "").Replace(text)
		return markup.BodyOf([]byte(`{"`+quoted+`":["`+quoted+`"]}`), "application/json").Pretty
	},
	"form": func(text string) markup.HTML {
		return markup.BodyOf([]byte("a="+text+"&"+text+"=b"), "application/x-www-form-urlencoded").Pretty
	},
	"multipart": func(text string) markup.HTML {
		return markup.BodyOf([]byte(aMultipart(text, text)), multipartType).Pretty
	},
	"multipart of odd fields": func(text string) markup.HTML {
		return markup.BodyOf([]byte("--B\r\nContent-Disposition: "+text+"\r\nContent-Type: "+text+"\r\n\r\n"+text+
			"\r\n--B--\r\n"), multipartType).Pretty
	},
	"bytes": func(text string) markup.HTML { return markup.Bytes([]byte(text), []byte("<b>"+text+"&")) },
	"XML":   func(text string) markup.HTML { return markup.BodyOf([]byte("<x>"+text+"</x>"), "").Pretty },
}

// foreign is what an element of a stranger would have in it. The writers make none of these.
var foreign = []string{"<script", "</script", "<img", "<iframe", "<base", "<meta", "<svg", "<a ", "<b\x00", "\x00",
	"</textarea", "<!--", "\u202e", "\xff"}

func TestNoTextBecomesMarkup(t *testing.T) {
	t.Parallel()
	for _, attack := range attacks {
		for name, write := range writers {
			for _, bad := range foreign {
				if got := string(write(attack)); strings.Contains(got, bad) {
					t.Errorf("%s of %q has %q: %s", name, attack, bad, got)
				}
			}
		}
	}
}

// ours are the elements that the package makes.
var ours = strings.Fields("b i div details summary span table thead tbody tr th td pre mark small del ins")

func FuzzNoTextBecomesMarkup(f *testing.F) {
	for _, attack := range attacks {
		f.Add(attack)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, write := range writers {
			got := string(write(text))
			for _, bad := range foreign {
				if strings.Contains(got, bad) {
					t.Errorf("%s of %q has %q: %s", name, text, bad, got)
				}
			}
			for _, element := range strings.Split(got, "<")[1:] { // what opens is one of ours
				tag, _, _ := strings.Cut(strings.TrimPrefix(element, "/"), ">")
				tag, _, _ = strings.Cut(tag, " ")
				if !slices.Contains(ours, tag) {
					t.Errorf("%s of %q opens %q", name, text, tag)
				}
			}
		}
	})
}

func TestWhatABodyDoesNotShowIsMarked(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		"\ufeffa\tb\r\nend":    {">BOM</i>", ">TAB</i>", ">CR</i>"},
		"line\nwith its end\n": {`title="newline">LF</i>`},
	} {
		text := string(markup.BodyOf([]byte(body), "").Raw)
		for _, mark := range want {
			if !strings.Contains(text, mark) {
				t.Errorf("%q: no %s", body, mark)
			}
		}
		if ends := strings.HasSuffix(body, "\n"); strings.Contains(text, `title="newline">LF</i>`) != ends {
			t.Errorf("%q: a mark for a newline at its end: %v", body, !ends)
		}
	}
}

func TestABodyIsWrittenByWhatItIs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 200<<10)
	for _, c := range []struct{ contentType, body, kind, part string }{
		{"application/json", `{"a":[1,{"b":null}],"a":2,"n":1e999}`, "JSON", "<span class=d>1e999</span>"},
		{"application/x-www-form-urlencoded", "a=1&b=two+words", "form", "<th scope=row>b</th><td>two words</td>"},
		{"application/x-www-form-urlencoded", "payload=%7B%22k%22%3Atrue%7D", "form", "<span class=l>true</span>"},
		{"application/x-www-form-urlencoded", "a=%zz", "text", ""},
		{"application/xml", "<a><b>x &amp; y</b><c/></a>", "XML", "<span class=k>&lt;b&gt;</span>"},
		{"", "just text", "text", ""},
		{"image/png", "\x89PNG\x00\xff", "hex", ""},
		{"", "", "", ""},
		{"application/json", `{"deep":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}", "JSON", "deep"},
		{"text/plain", long, "text", ""},
	} {
		b := markup.BodyOf([]byte(c.body), c.contentType)
		if b.Kind != c.kind || !strings.Contains(string(b.Pretty), c.part) {
			t.Errorf("%.40q is %q, without %q: %.200s", c.body, b.Kind, c.part, b.Pretty)
		}
		if n := strings.Count(string(b.Pretty), "<details"); n > 100 {
			t.Errorf("%.40q makes %d folds, one in the other", c.body, n)
		}
		if cut := len(c.body) > markup.MostShown; (b.Left != "") != cut || cut && b.Next != markup.MostShown {
			t.Errorf("%.40q: %q are left from %d on", c.body, b.Left, b.Next)
		}
	}
}

// aMultipart is a body of a form with two fields, a file and a field of JSON.
func aMultipart(name, value string) string {
	return "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n" +
		"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\nContent-Type: image/png\r\n\r\n" +
		"\x89PNG" + value + "\r\n--B\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{\"k\":true}\r\n--B--\r\n"
}

const multipartType = "multipart/form-data; boundary=B"

func TestAMultipartBodyIsATable(t *testing.T) {
	t.Parallel()
	b := markup.BodyOf([]byte(aMultipart("photo.png", "a value")), multipartType)
	if b.Kind != "multipart" || b.Raw != "" || b.Left != "" {
		t.Errorf("%q, raw %q, left %q", b.Kind, b.Raw, b.Left)
	}
	for _, part := range []string{"<th scope=row>photo.png</th>", "<span class=wire>a value</span>",
		`<td data-name="file">photo.png</td><td data-name="type">image/png</td><td data-name="size">11B</td>`,
		"<summary>bytes in hex</summary>", "89 50 4e 47 61", "<span class=k>&#34;k&#34;</span>"} {
		if !strings.Contains(string(b.Pretty), part) {
			t.Errorf("no %s in %s", part, b.Pretty)
		}
	}
	if strings.Contains(string(b.Pretty), "PNGa value</span>") || strings.Contains(string(b.Pretty), "<img") {
		t.Error("the file is shown as more than bytes")
	}
	text := markup.BodyOf([]byte(aMultipart("a", "b")[:60]), multipartType)
	if text.Kind != "text" || text.Raw == "" {
		t.Errorf("a body that breaks off is %q", text.Kind)
	}
	long := aMultipart("a", strings.Repeat("b", 300<<10))
	if b := markup.BodyOf([]byte(long), multipartType); b.Kind != "multipart" || b.Left == "" ||
		!strings.Contains(string(b.Pretty), "over 262kB") || !strings.Contains(string(b.Pretty), "246kB more") {
		t.Errorf("a long one is %q, left %q: %.900s", b.Kind, b.Left, b.Pretty)
	}
	many := strings.Repeat("--B\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n", 5000) + "--B--\r\n"
	if b := markup.BodyOf([]byte(many), multipartType); strings.Count(string(b.Pretty), "<tr>") != 202 {
		t.Errorf("%d rows", strings.Count(string(b.Pretty), "<tr>"))
	}
}

func TestBytesThatDifferAreMarked(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("\x00", 64)
	for name, c := range map[string]struct{ old, now, want string }{
		"one byte": {zeros + "a" + zeros, zeros + "<" + zeros,
			"- <b>000040</b>  <del>61</del> 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  |<del>a</del>...............|\n" +
				"+ <b>000040</b>  <ins>3c</ins> 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  |<ins>&lt;</ins>...............|\n"},
		"bytes that were put in": {"abcdef", "abXYcdef", "+ <b>000000</b>  61 62 <ins>58</ins> <ins>59</ins> 63 64 65 66 " +
			strings.Repeat("   ", 8) + " |ab<ins>X</ins><ins>Y</ins>cdef|\n"},
		"the same": {zeros, zeros, ""},
		"nothing":  {"", "", ""},
	} {
		if got := string(markup.Bytes([]byte(c.old), []byte(c.now))); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
	old, now := []byte(strings.Repeat("a", 1<<20)), []byte(strings.Repeat("b", 1<<20-1))
	got := string(markup.Bytes(old, now))
	if n := strings.Count(got, "\n"); n != 2*65 || strings.Count(got, "65472 more rows differ") != 2 {
		t.Errorf("%d rows of two long texts", n)
	}
	parted := []byte(strings.Repeat("a", 100))
	parted[0], parted[99] = 'b', 'b'
	if got := string(markup.Bytes(old[:100], parted)); !strings.Contains(got, "…") || strings.Count(got, "\n") != 6 {
		t.Errorf("two places apart:\n%s", got)
	}
}
