package conformance

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Reasons for different verdicts. barb listen is more lenient in a single case, decodesHex.
const (
	decodesHex = "decodes the hex, so either case is the same signature; the others compare it as text"
	firstField = "http.Header.Get takes the first of two fields; the others join them or refuse"
	idTwice    = "refuses two webhook ids, signed or not: receivers that drop repeats would not agree on which one counts"
	inflates   = "express.raw inflates the body before it is checked"
	anyNumber  = "strconv.ParseInt takes a sign and leading zeros"
	keepsSpace = "Python's http.server keeps white space after a value, which RFC 9112 section 5 has no part of it"
)

func signed(value string) string  { return "X-Webhook-Signature: " + value }
func stamped(value string) string { return "X-Webhook-Timestamp: " + value }

// genericRequests returns the requests for the scheme that signs the body alone.
func genericRequests(t *testing.T) []request {
	body := oddJSON()
	sig := sign(t, "generic", "env:SECRET", body)
	forged := sign(t, "generic", "env:OTHER", body)
	stranger := strings.Repeat("0", 64)
	zipped := gzipped(t, body)
	list := []request{
		{name: "another secret", fields: []string{signed(forged)}},
		{name: "tampered body", fields: []string{signed(sig)}, body: bytes.Replace(body, []byte("1.0"), []byte("9.0"), 1)},
		{name: "re-serialised body", fields: []string{signed(sig)}, body: []byte(`{"a":"café","n":1}`)},
		{name: "last byte off", fields: []string{signed(sig)}, body: body[:len(body)-1]},
		{name: "one byte more", fields: []string{signed(sig)}, body: append([]byte(" "), body...)},
		{name: "no body", fields: []string{signed(sig)}, body: []byte{}},
		{name: "no signature"},
		{name: "empty signature", fields: []string{signed("")}},
		{name: "one digit short", fields: []string{signed(sig[:63])}},
		{name: "one byte short", fields: []string{signed(sig[:62])}},
		{name: "prefix of the digest only", fields: []string{signed(sig[:8])}},
		{name: "one byte long", fields: []string{signed(sig + "00")}},
		{name: "not hex", fields: []string{signed(strings.Repeat("zz", 32))}},
		{name: "not ASCII", fields: []string{signed(sig[:62] + "\xe9\xe9")}},
		{name: "scheme prefix that is not its own", fields: []string{signed("sha256=" + sig)}},
		{name: "in quotes", fields: []string{signed(`"` + sig + `"`)}},
		{name: "space inside", fields: []string{signed(sig[:32] + " " + sig[32:])}},
		{name: "two in one field", fields: []string{signed(sig + "," + stranger)}},
		{name: "header of another name", fields: []string{"X-Signature: " + sig}},
		{name: "space and tab before it", fields: []string{signed(" \t" + sig)}, valid: true},
		{name: "space and tab after it", fields: []string{signed(sig + "\t ")}, valid: true,
			except: map[string]string{"flask": keepsSpace}},
		{name: "no space after the colon", fields: []string{"X-Webhook-Signature:" + sig}, valid: true},
		{name: "lower-case name", fields: []string{"x-webhook-signature: " + sig}, valid: true},
		{name: "upper-case name", fields: []string{"X-WEBHOOK-SIGNATURE: " + sig}, valid: true},
		{name: "body in chunks", fields: []string{signed(sig)}, chunked: true, valid: true},
		{name: "upper-case hex", fields: []string{signed(strings.ToUpper(sig))},
			except: map[string]string{"nethttp": decodesHex, "barb listen": decodesHex}},
		{name: "good before bad", fields: []string{signed(sig), signed(stranger)},
			except: map[string]string{"nethttp": firstField}},
		{name: "bad before good", fields: []string{signed(stranger), signed(sig)}},
		{name: "good twice", fields: []string{signed(sig), signed(sig)}, except: map[string]string{"nethttp": firstField}},
		{name: "webhook id twice", fields: []string{signed(sig), "X-Webhook-ID: a", "X-Webhook-ID: b"}, valid: true,
			except: map[string]string{"barb listen": idTwice}},
		{name: "compressed and signed as it is sent", fields: []string{signed(digest(zipped)), "Content-Encoding: gzip"},
			body: zipped, valid: true, except: map[string]string{"express": inflates}},
		{name: "compressed after it was signed", fields: []string{signed(sig), "Content-Encoding: gzip"},
			body: zipped, except: map[string]string{"express": inflates}},
	}
	for _, p := range payloads() {
		list = append(list, request{name: "valid " + p.name,
			fields: []string{signed(sign(t, "generic", "env:SECRET", p.bytes))}, body: p.bytes, valid: true})
	}
	return complete(list, "generic", body)
}

// timestampedRequests returns the requests for the scheme that signs a timestamp with the body.
func timestampedRequests(t *testing.T) []request {
	body := oddJSON()
	now := unix(0)
	sig := sign(t, "generic-ts", "env:SECRET", body, "--timestamp", now)
	list := []request{
		{name: "tampered body", fields: []string{stamped(now), signed(sig)}, body: []byte("{}")},
		{name: "no signature", fields: []string{stamped(now)}},
		{name: "no timestamp", fields: []string{signed(sig)}},
		{name: "empty timestamp", fields: []string{stamped(""), signed("sha256=" + digest([]byte("."), body))}},
		{name: "another timestamp", fields: []string{stamped(unix(-time.Minute)), signed(sig)}},
		{name: "no prefix", fields: []string{stamped(now), signed(strings.TrimPrefix(sig, "sha256="))}},
		{name: "prefix only", fields: []string{stamped(now), signed("sha256=")}},
		{name: "prefix twice", fields: []string{stamped(now), signed("sha256=" + sig)}},
		{name: "upper-case prefix", fields: []string{stamped(now), signed(strings.Replace(sig, "sha", "SHA", 1))}},
		{name: "another prefix", fields: []string{stamped(now), signed(strings.Replace(sig, "sha256", "sha512", 1))}},
		{name: "space after the prefix", fields: []string{stamped(now), signed(strings.Replace(sig, "=", "= ", 1))}},
		{name: "signature of the body alone",
			fields: []string{stamped(now), signed("sha256=" + sign(t, "generic", "env:SECRET", body))}},
		{name: "signature before timestamp", fields: []string{signed(sig), stamped(now)}, valid: true},
		{name: "spaces before the timestamp", fields: []string{stamped("  " + now), signed(sig)}, valid: true},
		{name: "space after the timestamp", fields: []string{stamped(now + " "), signed(sig)}, valid: true,
			except: map[string]string{"flask": keepsSpace}},
		{name: "timestamp twice", fields: []string{stamped(now), stamped(now), signed(sig)},
			except: map[string]string{"nethttp": firstField}},
		{name: "old timestamp before new", fields: []string{stamped("1700000000"), stamped(now), signed(sig)}},
		{name: "new timestamp before old", fields: []string{stamped(now), stamped("1700000000"), signed(sig)},
			except: map[string]string{"nethttp": firstField}},
		{name: "upper-case hex", fields: []string{stamped(now), signed("sha256=" + strings.ToUpper(sig[7:]))},
			except: map[string]string{"nethttp": decodesHex, "barb listen": decodesHex}},
	}
	list = append(list, aged(t, body)...)
	list = append(list, spelled(now, body)...)
	for _, p := range payloads() {
		fields := []string{stamped(now), signed(sign(t, "generic-ts", "env:SECRET", p.bytes, "--timestamp", now))}
		list = append(list, request{name: "valid " + p.name, fields: fields, body: p.bytes, valid: true})
	}
	return complete(list, "generic-ts", body)
}

// aged returns correctly signed requests, a minute inside and outside of the tolerance, so that a slow machine changes
// no verdict.
func aged(t *testing.T, body []byte) []request {
	var list []request
	for name, age := range map[string]time.Duration{
		"four minutes old": -4 * time.Minute, "four minutes ahead": 4 * time.Minute,
		"six minutes old": -6 * time.Minute, "six minutes ahead": 6 * time.Minute, "a year old": -365 * 24 * time.Hour,
	} {
		at := unix(age)
		fields := []string{stamped(at), signed(sign(t, "generic-ts", "env:SECRET", body, "--timestamp", at))}
		list = append(list, request{name: name, fields: fields, valid: age.Abs() <= 5*time.Minute})
	}
	return list
}

// spelled returns requests correctly signed over timestamps that barb would not write.
func spelled(now string, body []byte) []request {
	spell := func(name, ts string, except map[string]string) request {
		return request{name: name, fields: []string{stamped(ts), signed("sha256=" + digest([]byte(ts+"."), body))},
			except: except}
	}
	borrowed := spell("body that begins in the timestamp", now+".5", nil)
	borrowed.body, borrowed.fields[1] = []byte("tail"), signed("sha256="+digest([]byte(now+".5.tail")))
	return []request{
		spell("milliseconds", now+"000", nil),
		spell("a fraction", now+".0", nil),
		spell("an exponent", now[:1]+"."+now[1:]+"e9", nil),
		spell("not a number", "now", nil),
		spell("past any clock", strings.Repeat("9", 40), nil),
		spell("negative", "-"+now, nil),
		spell("plus sign", "+"+now, map[string]string{"nethttp": anyNumber}),
		spell("leading zero", "0"+now, map[string]string{"nethttp": anyNumber}),
		borrowed,
	}
}

// complete sets the scheme of requests, and the body of those without their own.
func complete(list []request, scheme string, body []byte) []request {
	for i := range list {
		list[i].scheme = scheme
		if list[i].body == nil {
			list[i].body = body
		}
	}
	return list
}

func unix(age time.Duration) string { return strconv.FormatInt(time.Now().Add(age).Unix(), 10) }

// digest returns an HMAC of content that barb would not sign.
func digest(parts ...[]byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	for _, part := range parts {
		mac.Write(part)
	}
	return hex.EncodeToString(mac.Sum(nil))
}

func gzipped(t *testing.T, body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
