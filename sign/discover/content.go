package discover

import (
	"iter"
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
)

// content is a template of signed bytes with the algorithm applied to them.
type content struct {
	auth     sign.Auth // HMAC or Digest
	template string
}

func (c content) uses(name string) bool { return strings.Contains(c.template, "{"+name+"}") }

func (c content) hasBody() bool { return strings.Contains(c.template, "{body") }

// contents yields every content once, the likeliest first: those of known schemes, then combinations of the usual
// signed parts in all orders and with all usual separators.
func contents(known []sign.Scheme) iter.Seq[content] {
	return func(yield func(content) bool) {
		seen := map[content]bool{}
		once := func(c content) bool {
			if seen[c] {
				return true
			}
			seen[c] = true
			return yield(c)
		}
		_ = fromKnown(known, once) && generate(once)
	}
}

// fromKnown yields the contents of known schemes. It also tries a private-key scheme's content with a secret. A
// body that is not a form equals its sorted fields, so the body is tried first.
func fromKnown(known []sign.Scheme, yield func(content) bool) bool {
	for _, s := range known {
		if s.Code != "" || s.Content == "" {
			continue
		}
		auth := sign.HMAC
		if s.Auth == sign.Digest {
			auth = sign.Digest
		}
		plain := strings.ReplaceAll(s.Content, "{form|sorted}", "{body}")
		if plain != s.Content && !yield(content{sign.HMAC, plain}) || !yield(content{auth, s.Content}) {
			return false
		}
	}
	return true
}

// smallGroups returns the parts that senders sign together, in any order.
func smallGroups() [][]string {
	return [][]string{
		{"body"}, {"ts", "body"}, {"id", "body"}, {"id", "ts", "body"},
		{"url", "body"}, {"path", "body"}, {"method", "body"},
		{"ts", "url", "body"}, {"ts", "path", "body"}, {"ts", "method", "body"}, {"id", "url", "body"},
		{"method", "url", "body"}, {"method", "path", "body"},
		{"ts"}, {"id"}, {"ts", "id"}, {"url"}, {"ts", "url"}, {"method", "url"}, {"method", "path"},
	}
}

func largeGroups() [][]string {
	return [][]string{
		{"ts", "method", "url", "body"}, {"ts", "method", "path", "body"},
		{"id", "ts", "url", "body"}, {"id", "ts", "path", "body"}, {"id", "ts", "method", "body"},
		{"id", "ts", "method", "url", "body"}, {"id", "ts", "method", "path", "body"},
		{"ts", "method", "url"}, {"ts", "method", "path"}, {"id", "ts", "url"},
	}
}

func separators() []string {
	return []string{".", "", ":", "\n", "|", ",", ";", "-", "_", " ", "&", "/"}
}

// generate yields the contents made of groups.
func generate(yield func(content) bool) bool {
	small, large := smallGroups(), largeGroups()
	return joined(small, yield) &&
		versioned(small[1:4], yield) &&
		digests(small, yield) &&
		joined(hashed(small), yield) &&
		joined(large, yield) &&
		joined(hashed(large), yield)
}

func joined(groups [][]string, yield func(content) bool) bool {
	return arranged(groups, func(names []string, separator string) bool {
		return yield(content{sign.HMAC, strings.Join(braced(names), separator)})
	})
}

// versioned yields contents that begin with the scheme's version, like Slack's.
func versioned(groups [][]string, yield func(content) bool) bool {
	return arranged(groups, func(names []string, separator string) bool {
		for _, version := range []string{"v0", "v1", "v2", "1"} {
			if !yield(content{sign.HMAC, strings.Join(append([]string{version}, braced(names)...), separator)}) {
				return false
			}
		}
		return true
	})
}

// digests yields contents of plain hashes with the secret first or last.
func digests(groups [][]string, yield func(content) bool) bool {
	return arranged(groups, func(names []string, separator string) bool {
		first := strings.Join(append([]string{"{secret}"}, braced(names)...), separator)
		last := strings.Join(append(braced(names), "{secret}"), separator)
		return yield(content{sign.Digest, first}) && yield(content{sign.Digest, last})
	})
}

// hashed returns the groups with the body's hash in place of the body.
func hashed(groups [][]string) (out [][]string) {
	for _, names := range groups {
		if i := slices.Index(names, "body"); i >= 0 {
			names = slices.Clone(names)
			names[i] = "body|sha256hex"
			out = append(out, names)
		}
	}
	return out
}

// arranged yields each group in each order with each separator.
func arranged(groups [][]string, yield func(names []string, separator string) bool) bool {
	for _, group := range groups {
		for _, separator := range separators() {
			if !orders(slices.Clone(group), 0, func(names []string) bool { return yield(names, separator) }) {
				return false
			}
		}
	}
	return true
}

// orders yields the permutations of names[from:], the given order first.
func orders(names []string, from int, yield func([]string) bool) bool {
	if from >= len(names)-1 {
		return yield(names)
	}
	for i := from; i < len(names); i++ {
		names[from], names[i] = names[i], names[from]
		more := orders(names, from+1, yield)
		names[from], names[i] = names[i], names[from]
		if !more {
			return false
		}
	}
	return true
}

func braced(names []string) []string {
	out := make([]string, len(names), len(names)+1)
	for i, name := range names {
		out[i] = "{" + name + "}"
	}
	return out
}
