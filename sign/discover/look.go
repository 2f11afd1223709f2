package discover

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
)

// Limits on the searched part of a message, far above the size of real webhooks.
const (
	maxHeaders    = 256
	maxValue      = 8 << 10 // bytes of a value, as in sign
	maxSignatures = 64
	maxTimes      = 6
	maxIDs        = 10
	maxForm       = 64 << 10
)

// value is a text and its place in the message.
type value struct {
	place sign.Place
	key   string // text before an item of a larger value, such as "t="
	name  string // name in a template when that is not {id}: "item.n", "param.shop"
	text  string
}

// found are the values of a message that have the form of a signature, a timestamp or an id.
type found struct {
	inHeaders, inBody []signature
	times, ids        []value
}

func candidates(m *sign.Message) found {
	var f found
	for _, v := range headers(m.Header) {
		f.inHeaders = append(f.inHeaders, signaturesIn(v)...)
		f.add(v)
	}
	slices.SortStableFunc(f.inHeaders, func(a, b signature) int {
		return cmp.Compare(likely(b.in.place), likely(a.in.place))
	})
	for _, name := range slices.Sorted(maps.Keys(m.Params)) {
		f.ids = append(f.ids, value{name: "param." + name, text: m.Params[name]})
	}
	for _, v := range bodyValues(m) {
		f.inBody = append(f.inBody, signaturesIn(v)...)
		f.add(v)
	}
	// Verifying splits only the value of the signature, so items of other values are dropped.
	stray := func(v value) bool {
		return v.key != "" && !slices.ContainsFunc(f.inHeaders, func(s signature) bool { return s.in.place == v.place })
	}
	f.times, f.ids = slices.DeleteFunc(f.times, stray), slices.DeleteFunc(f.ids, stray)
	f.inHeaders = f.inHeaders[:min(len(f.inHeaders), maxSignatures)]
	f.inBody = f.inBody[:min(len(f.inBody), maxSignatures)]
	return f
}

// headers returns the headers that occur once, sorted by name.
func headers(h http.Header) []value {
	var all []value
	for name, values := range h {
		if len(values) == 1 && values[0] != "" && len(values[0]) <= maxValue {
			all = append(all, value{place: sign.Place("header:" + name), text: strings.Trim(values[0], " \t")})
		}
	}
	slices.SortFunc(all, func(a, b value) int {
		return cmp.Or(cmp.Compare(likely(b.place), likely(a.place)), cmp.Compare(a.place, b.place))
	})
	return all[:min(len(all), maxHeaders)]
}

// likely ranks a place by its name.
func likely(p sign.Place) int {
	return rank(p, "sign", "hmac", "sig", "hash", "digest", "auth", "time", "stamp", "date", "id", "token", "nonce",
		"event", "webhook")
}

// rank returns how early a word of the list occurs in the place's name: higher is earlier, 0 means no word occurs.
func rank(p sign.Place, words ...string) int {
	name := strings.ToLower(string(p))
	_, name, _ = strings.Cut(name, ":")
	for i, word := range words {
		if strings.Contains(name, word) {
			return len(words) - i
		}
	}
	return 0
}

// bodyValues returns the values of the body's JSON or form fields, and of the URL's query.
func bodyValues(m *sign.Message) []value {
	values := jsonValues(m.Body)
	if len(values) == 0 && len(m.Body) <= maxForm {
		values = formValues("form:", string(m.Body))
	}
	_, query, _ := strings.Cut(m.URL, "?")
	if len(query) <= maxForm {
		values = append(values, formValues("query:", query)...)
	}
	return values
}

func formValues(kind, text string) (values []value) {
	form, err := url.ParseQuery(text)
	if err != nil {
		return nil
	}
	for name, all := range form {
		if len(all) == 1 && isPlainName(name) && all[0] != "" && len(all[0]) <= maxValue {
			values = append(values, value{place: sign.Place(kind + name), text: all[0]})
		}
	}
	slices.SortFunc(values, func(a, b value) int { return cmp.Compare(a.place, b.place) })
	return values[:min(len(values), maxHeaders)]
}

// isPlainName refuses names that would need quoting in a path or on a terminal.
func isPlainName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !isWordByte(c) && c != '-' && c != '$' && c != '@' {
			return false
		}
	}
	return name != "" && len(name) <= 64
}

func isWordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// add adds the timestamps and ids in a value, including items of a header's value: "t=1700000000,v1=…".
func (f *found) add(v value) {
	inHeader := strings.HasPrefix(string(v.place), "header:")
	switch {
	case unitOf(v.text) != "":
		if inHeader || rank(v.place, "time", "stamp", "date", "ts", "created", "at") > 0 {
			f.times = append(f.times, v)
		}
	case isID(v):
		f.ids = append(f.ids, v)
	case inHeader:
		for _, item := range items(v) {
			if unitOf(item.text) != "" {
				f.times = append(f.times, item)
			} else if len(signaturesIn(value{text: item.text})) == 0 && isIDText(item.text) {
				f.ids = append(f.ids, item)
			}
		}
	}
}

// items returns the parts "key=text" and "key:text" of a value.
func items(v value) (all []value) {
	for item := range strings.FieldsFuncSeq(v.text, func(r rune) bool { return strings.ContainsRune(",; &|", r) }) {
		i := strings.IndexAny(item, "=:")
		if i > 0 && len(all) < maxSignatures && isPlainName(item[:i]) {
			all = append(all, value{place: v.place, key: item[:i+1], name: "item." + item[:i], text: item[i+1:]})
		}
	}
	return all
}

// isID reports whether a value may be a signed id, judging by its name.
func isID(v value) bool {
	name := strings.ToLower(string(v.place))
	name = name[strings.LastIndexAny(name, ":.")+1:]
	return isIDText(v.text) && slices.ContainsFunc([]string{"id", "token", "nonce", "delivery", "uuid", "guid", "key"},
		func(end string) bool { return strings.HasSuffix(name, end) })
}

func isIDText(text string) bool {
	return text != "" && len(text) <= 128 && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// group is a text with all its places. The sums are the same for each of them.
type group struct {
	text   string
	values []value
}

// byText groups values, at most limit of them.
func byText(values []value, limit int) []group {
	var groups []group
	for _, v := range values {
		i := slices.IndexFunc(groups, func(g group) bool { return g.text == v.text })
		if i < 0 {
			groups = append(groups, group{text: v.text})
			i = len(groups) - 1
		}
		groups[i].values = append(groups[i].values, v)
	}
	return groups[:min(len(groups), limit)]
}

// choices returns the groups to try for a name in a content; one empty group when the content does not use the name.
func choices(groups []group, used bool) []group {
	if !used {
		return []group{{}}
	}
	return groups
}
