package explain

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
)

// numberRule writes a number as another library does; nil leaves the number as it is. text says that the rule changes
// strings.
type numberRule struct {
	guess bool // the numbers it applies to are unknown, so that subsets are tried
	text  bool
	write func(raw string) string
}

var numberRules = [...]numberRule{
	{write: withoutZeroFraction},
	{guess: true, write: func(raw string) string { return whole(raw, ".0") }},
	{guess: true, write: func(raw string) string { return whole(raw, ".00") }},
	{guess: true, write: money},
	{write: withoutTrailingZeros},
	{write: expanded},
	{write: func(raw string) string { return exponent(raw, 'e', "+") }},
	{write: func(raw string) string { return exponent(raw, 'e', "") }},
	{write: func(raw string) string { return exponent(raw, 'E', "+") }},
	{write: func(raw string) string { return exponent(raw, 'E', "") }},
	{write: shortest},
	{write: func(raw string) string { return strings.Replace(shortest(raw), "e+", "e", 1) }},
	{write: javaDouble},
	{text: true, write: unquotedNumber},
	{guess: true, write: quotedNumber},
}

// numbers yields bodies with differently written numbers: all numbers, or the numbers of some keys, each also in the
// usual layouts.
func numbers(have []byte, yield func(edit) bool) {
	if _, ok := parseJSON(have); !ok {
		return
	}
	for i := range numberRules {
		if !numberRules[i].everywhere(have, yield) {
			return
		}
	}
	for i := range numberRules {
		if numberRules[i].guess && !numberRules[i].someKeys(have, yield) {
			return
		}
	}
	unrounded(have, yield)
}

func (r *numberRule) everywhere(have []byte, yield func(edit) bool) bool {
	body := r.apply(have, func([]byte) bool { return true })
	if bytes.Equal(body, have) {
		return true
	}
	if !yield(edit{kind: Numbers, body: body}) {
		return false
	}
	root, ok := parseJSON(body)
	if !ok {
		return true
	}
	for _, tree := range orders(root) {
		for i := range layouts[:4] {
			if !yield(edit{kind: Numbers, body: tree.render(&layouts[i], &keepStrings)}) {
				return false
			}
		}
	}
	return true
}

// apply rewrites the numbers of the chosen keys.
func (r *numberRule) apply(have []byte, chosen func(key []byte) bool) []byte {
	to := make([]byte, 0, len(have)+len(have)/8)
	scanLiterals(have, func(raw, key []byte) {
		isNumber := raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9'
		isText := raw[0] == '"' && &raw[0] != pointer(key)
		if isNumber && !r.text || isText && r.text {
			if text := r.write(string(raw)); text != "" && chosen(key) {
				to = append(to, text...)
				return
			}
		}
		to = append(to, raw...)
	})
	return to
}

func pointer(b []byte) *byte {
	if len(b) == 0 {
		return nil
	}
	return &b[0]
}

// maxSubset is up to how many keys all subsets are tried: 255.
const maxSubset = 8

// someKeys applies the rule to the numbers of some keys: every subset of few keys, single keys of many.
func (r *numberRule) someKeys(have []byte, yield func(edit) bool) bool {
	var keys []string
	r.apply(have, func(key []byte) bool {
		if !slices.Contains(keys, string(key)) && len(keys) < 64 {
			keys = append(keys, string(key))
		}
		return false
	})
	if len(keys) < 2 {
		return true
	}
	for _, subset := range subsets(keys) {
		body := r.apply(have, func(key []byte) bool { return slices.Contains(subset, string(key)) })
		if !yield(edit{kind: Numbers, body: body}) {
			return false
		}
	}
	return true
}

func subsets(keys []string) (all [][]string) {
	if len(keys) > maxSubset {
		for i := range keys {
			all = append(all, keys[i:i+1], slices.Delete(slices.Clone(keys), i, i+1))
		}
		return all
	}
	for mask := 1; mask < 1<<len(keys); mask++ {
		var subset []string
		for i, key := range keys {
			if mask>>i&1 == 1 {
				subset = append(subset, key)
			}
		}
		all = append(all, subset)
	}
	return all
}

// number is a JSON number split into its parts.
type number struct{ minus, whole, fraction, e, plus, power string }

// splitNumber splits a JSON number without regular expressions: a body may hold a hundred thousand numbers.
func splitNumber(raw string) (n number, ok bool) {
	rest, negative := strings.CutPrefix(raw, "-")
	if negative {
		n.minus = "-"
	}
	n.whole, rest = cutDigits(rest)
	if after, found := strings.CutPrefix(rest, "."); found {
		if n.fraction, rest = cutDigits(after); n.fraction == "" {
			return n, false
		}
	}
	if rest != "" && rest[0]|0x20 == 'e' {
		n.e, rest = rest[:1], rest[1:]
		if rest != "" && (rest[0] == '+' || rest[0] == '-') {
			n.plus, rest = rest[:1], rest[1:]
		}
		if n.power, rest = cutDigits(rest); n.power == "" {
			return n, false
		}
	}
	return n, n.whole != "" && rest == ""
}

func cutDigits(s string) (digits, rest string) {
	rest = strings.TrimLeft(s, "0123456789")
	return s[:len(s)-len(rest)], rest
}

func withoutZeroFraction(raw string) string {
	n, ok := splitNumber(raw)
	if !ok || n.fraction == "" || n.e != "" || strings.Trim(n.fraction, "0") != "" {
		return ""
	}
	return n.minus + n.whole
}

func whole(raw, fraction string) string {
	n, ok := splitNumber(raw)
	if !ok || n.fraction != "" || n.e != "" {
		return ""
	}
	return raw + fraction
}

// money writes two decimals where there are fewer.
func money(raw string) string {
	n, ok := splitNumber(raw)
	if !ok || n.e != "" || len(n.fraction) > 1 {
		return ""
	}
	return n.minus + n.whole + "." + (n.fraction + "00")[:2]
}

func withoutTrailingZeros(raw string) string {
	n, ok := splitNumber(raw)
	if !ok || n.e != "" || !strings.HasSuffix(n.fraction, "0") {
		return ""
	}
	return strings.TrimSuffix(n.minus+n.whole+"."+strings.TrimRight(n.fraction, "0"), ".")
}

// maxPower limits the zeros of a written-out number.
const maxPower = 400

// expanded writes 1.5e3 as 1500.
func expanded(raw string) string {
	n, ok := splitNumber(raw)
	power, err := strconv.Atoi(n.plus + n.power)
	if !ok || n.e == "" || err != nil || power > maxPower || power < -maxPower {
		return ""
	}
	digits := n.whole + n.fraction
	point := len(n.whole) + power
	if point <= 0 {
		return n.minus + "0." + strings.Repeat("0", -point) + digits
	}
	if point >= len(digits) {
		return n.minus + digits + strings.Repeat("0", point-len(digits))
	}
	return n.minus + digits[:point] + "." + digits[point:]
}

// exponent writes 1e21 with another library's letter and sign.
func exponent(raw string, e byte, plus string) string {
	n, ok := splitNumber(raw)
	if !ok || n.e == "" {
		return ""
	}
	sign := n.plus
	if sign != "-" {
		sign = plus
	}
	fraction := ""
	if n.fraction != "" {
		fraction = "." + n.fraction
	}
	return n.minus + n.whole + fraction + string(e) + sign + n.power
}

// shortest writes a very small number, or a number of more digits than a float holds, with an exponent.
func shortest(raw string) string {
	n, ok := splitNumber(raw)
	f, err := strconv.ParseFloat(raw, 64)
	if !ok || n.e != "" || err != nil || math.Abs(f) < 1e15 && math.Abs(f) > 1e-4 || f == 0 {
		return ""
	}
	return strconv.FormatFloat(f, 'e', -1, 64)
}

// javaDouble writes 10000000.0 as 1.0E7, as Java does from ten million on.
func javaDouble(raw string) string {
	n, ok := splitNumber(raw)
	f, err := strconv.ParseFloat(raw, 64)
	if !ok || n.e != "" || err != nil || math.Abs(f) < 1e7 && math.Abs(f) >= 1e-3 || f == 0 {
		return ""
	}
	digits, power, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, 64), "E")
	if !strings.Contains(digits, ".") {
		digits += ".0"
	}
	p, err := strconv.Atoi(power)
	if err != nil {
		return ""
	}
	return digits + "E" + strconv.Itoa(p)
}

// unquotedNumber removes the quotes of an integer that a JavaScript number cannot hold.
func unquotedNumber(raw string) string {
	plain := strings.Trim(raw, `"`)
	if n, ok := splitNumber(plain); !ok || n.fraction+n.e != "" || len(n.whole) < 16 {
		return ""
	}
	return plain
}

func quotedNumber(raw string) string {
	if n, ok := splitNumber(raw); !ok || n.fraction+n.e != "" || len(n.whole) < 16 {
		return ""
	}
	return `"` + raw + `"`
}

// maxRounded is how many integers may round to the same float.
const maxRounded = 2048

// unrounded yields the integers that round to a number of the body when parsed as a float, as JavaScript does above
// 2⁵³. It changes one number of the body at a time, in all its places.
func unrounded(have []byte, yield func(edit) bool) {
	var tried []string
	scanLiterals(have, func(raw, _ []byte) {
		if n, ok := splitNumber(string(raw)); ok && n.fraction+n.e == "" && len(n.whole) >= 16 && len(n.whole) <= 19 &&
			!slices.Contains(tried, string(raw)) && len(tried) < 4 {
			tried = append(tried, string(raw))
		}
	})
	for _, text := range tried {
		at, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			continue
		}
		f := float64(at)
		gap := int64(math.Nextafter(math.Abs(f), math.Inf(1))-math.Abs(f))/2 + 1
		for off := int64(1); off <= min(gap, maxRounded/2); off++ {
			for _, n := range []int64{at + off, at - off} {
				if float64(n) != f {
					continue
				}
				body := bytes.ReplaceAll(have, []byte(text), strconv.AppendInt(nil, n, 10))
				if !yield(edit{kind: Numbers, body: body}) {
					return
				}
			}
		}
	}
}
