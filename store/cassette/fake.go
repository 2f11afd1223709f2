package cassette

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// Placeholder replaces a value that is redacted without a fake.
const Placeholder = "[redacted]"

// Redactor replaces the values at places of the webhooks of one cassette.
type Redactor struct {
	Places []redact.Place
	// Fake replaces a value by another of the same shape, and equal values by equal ones: digits by digits, letters by
	// letters, an e-mail address by one at example.com. A fake depends on the shape of a value and on how many values
	// came before it, so that nobody can try values out, and a file that is written again from the same webhooks is the
	// same.
	Fake bool

	known map[string]string
	used  map[string]bool
}

// Redact returns a copy of a webhook with the values replaced, or x where it has none of them. Content-Length follows
// the body.
func (r *Redactor) Redact(x *Webhook) *Webhook {
	replaced, names := redact.Replace(&x.Exchange, r.Places, r.value)
	if len(names) == 0 {
		return x
	}
	n := &Webhook{Exchange: *replaced, Redacted: slices.Clone(x.Redacted)}
	for _, name := range names {
		if !slices.Contains(n.Redacted, name) {
			n.Redacted = append(n.Redacted, name)
		}
	}
	fit(&n.Request, &x.Request)
	return n
}

// fit makes the framing of a request that of its new body.
func fit(r, before *record.Request) {
	if string(r.Body) == string(before.Body) {
		return
	}
	r.Chunks = "" // the lengths of the chunks are those of the old body
	if len(r.Body) == len(before.Body) {
		return
	}
	hadUsual := before.IsAsItsHead()
	r.Head = ""
	for i, f := range r.Header {
		if strings.EqualFold(f.Name, "Content-Length") {
			r.Header[i].Value = strconv.Itoa(len(r.Body))
		}
	}
	if hadUsual {
		r.Head = string(r.AppendHead(nil))
	}
}

// value returns what replaces a text or a JSON value.
func (r *Redactor) value(old string, isJSON bool) string {
	switch {
	case isJSON && (!r.Fake || old[0] == '{' || old[0] == '['):
		return `"` + Placeholder + `"`
	case !r.Fake || !utf8.ValidString(old):
		return Placeholder
	case isJSON && old == "null", old == "":
		return old
	case isJSON && (old == "true" || old == "false"):
		return "false"
	}
	scheme := ""
	if before, rest, ok := strings.Cut(old, " "); ok && !isJSON &&
		(strings.EqualFold(before, "Bearer") || strings.EqualFold(before, "Basic")) {
		scheme, old = before+" ", rest
	}
	return scheme + r.fake(old)
}

// fake returns the fake of a value, the same for the same value.
func (r *Redactor) fake(old string) string {
	if fake, ok := r.known[old]; ok {
		return fake
	}
	if r.known == nil {
		r.known, r.used = map[string]string{}, map[string]bool{}
	}
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(len(r.known)))
	chance := chance{rand.New(rand.NewChaCha8(seed))}
	var fake string
	for range 20 { // a short value has few fakes
		if fake = chance.like(old); fake != old && !r.used[fake] {
			break
		}
	}
	r.known[old], r.used[fake] = fake, true
	return fake
}

// chance makes fakes.
type chance struct{ random *rand.Rand }

var (
	email = pattern(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	uuid  = pattern(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	date  = pattern(`^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?`)
	card  = pattern(`^\d([ -]?\d){12,18}$`)
	web   = pattern(`^([a-zA-Z][a-zA-Z0-9+.-]*://)[^/?#]*`)
)

// pattern compiles a regular expression when it is first used.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// like returns a text of the same shape.
func (c chance) like(old string) string {
	switch {
	case email().MatchString(old):
		name, _, _ := strings.Cut(old, "@")
		return c.letters(name) + "@example.com"
	case uuid().MatchString(old):
		return c.uuid(old)
	case date().MatchString(old):
		return c.date(old)
	case card().MatchString(old) && luhn(old) == 0:
		return c.card(old)
	case web().MatchString(old):
		at := web().FindStringSubmatchIndex(old)
		return old[:at[3]] + "example.com" + c.letters(old[at[1]:])
	}
	if ip, err := netip.ParseAddr(old); err == nil && ip.Is4() {
		return "192.0.2." + strconv.Itoa(1+c.random.IntN(254)) // RFC 5737
	}
	return c.letters(old)
}

// letters replaces letters by letters and digits by digits. A digit that begins a number is not 0.
func (c chance) letters(old string) string {
	before := ' '
	return strings.Map(func(r rune) rune {
		isFirst := !unicode.IsDigit(before) && !unicode.IsLetter(before) && before != '.'
		before = r
		switch {
		case r >= '1' && r <= '9' && isFirst:
			return '1' + rune(c.random.IntN(9))
		case r == '0' && isFirst:
			return r
		case unicode.IsDigit(r):
			return '0' + rune(c.random.IntN(10))
		case unicode.IsUpper(r):
			return 'A' + rune(c.random.IntN(26))
		case unicode.IsLetter(r) || unicode.IsMark(r):
			return 'a' + rune(c.random.IntN(26))
		}
		return r
	}, old)
}

// uuid keeps the version and the variant (RFC 9562, section 4).
func (c chance) uuid(old string) string {
	new := []byte(old)
	for i, b := range new {
		digits := "0123456789abcdef"
		switch {
		case b == '-' || i == 14 || i == 19:
			continue
		case strings.ToUpper(old) == old:
			digits = "0123456789ABCDEF"
		}
		new[i] = digits[c.random.IntN(16)]
	}
	return string(new)
}

// date returns another day, which every month has, and another time.
func (c chance) date(old string) string {
	new := []byte(old)
	set := func(at, from, to int) {
		if at+2 <= len(old) && unicode.IsDigit(rune(old[at])) {
			copy(new[at:], strconv.Itoa(100 + from + c.random.IntN(to-from+1))[1:])
		}
	}
	set(0, 19, 20)
	set(2, 0, 99)
	set(5, 1, 12)
	set(8, 1, 28)
	if len(date().FindString(old)) > 10 {
		set(11, 0, 23)
		set(14, 0, 59)
		if len(date().FindString(old)) > 16 {
			set(17, 0, 59)
		}
	}
	return string(new)
}

// card keeps the first digit, which names the network, and makes the last one the check digit.
func (c chance) card(old string) string {
	new := []byte(old)
	for i, b := range new[1:] {
		if b >= '0' && b <= '9' {
			new[1+i] = '0' + byte(c.random.IntN(10))
		}
	}
	last := len(new) - 1
	new[last] = '0'
	new[last] = '0' + byte((10-luhn(string(new)))%10)
	return string(new)
}

// luhn returns the sum of Luhn's algorithm modulo 10, 0 for a valid number (ISO/IEC 7812-1, annex B).
func luhn(number string) int {
	sum, double := 0, false
	for i := len(number) - 1; i >= 0; i-- {
		if number[i] < '0' || number[i] > '9' {
			continue
		}
		digit := int(number[i] - '0')
		if double {
			digit = digit*2/10 + digit*2%10
		}
		sum, double = sum+digit, !double
	}
	return sum % 10
}
