package explain

import (
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/sign"
)

// The greatest errors of clocks; a greater one is a time zone or an old message.
const (
	maxSkew  = time.Hour
	zoneStep = 15 * time.Minute
	maxZone  = 14 * time.Hour
	nearZone = 90 * time.Second
)

// timing returns the cause when the signature matches and only the time is out of tolerance, else nil.
func timing(t trial, q Question, err error) *Cause {
	reason := reasonOf(err)
	if reason != sign.TimestampExpired && reason != sign.TimestampInFuture && reason != sign.CertificateExpired {
		return nil
	}
	match, err := t.scheme.Verify(t.message, q.Now, t.secrets...)
	if reason == sign.CertificateExpired {
		match, err = q.Scheme.Verify(t.message, q.Now, t.secrets...)
	}
	if err != nil && (reason != sign.CertificateExpired || reasonOf(err) != reason) {
		return nil
	}
	secret := t.secrets[match.Secret]
	c := &Cause{Part: Message, Scheme: q.Scheme.Name, Secret: secret.Name, Proof: Proof{t.scheme, t.message, secret}}
	if reason != sign.CertificateExpired {
		nameAge(c, q, match.Age)
		return c
	}
	c.Kind, c.Change = CertificateAge, "the certificate's dates are ignored"
	c.Words = "the certificate was not valid when the message was signed: the sender used another one"
	return c
}

// nameAge names the reason of a genuine message's age.
func nameAge(c *Cause, q Question, age time.Duration) {
	zone := age.Round(zoneStep)
	off := age - zone
	switch {
	case wrongUnit(c, q, age):
	case zone != 0 && age.Abs() >= 30*time.Minute && age.Abs() <= maxZone && off.Abs() <= nearZone:
		c.Kind, c.Change = TimeZone, "the clocks are "+spoken(zone)+" apart"
		c.Words = "the sender or the receiver takes local time for UTC, or the message was that long on its way"
	case age < 0:
		c.Kind, c.Change = ClockSkew, "the receiver's clock is "+spoken(-age)+" later, or the tolerance is larger"
		c.Words = "the clocks of the sender and the receiver differ"
	case age <= maxSkew:
		c.Kind, c.Change = ClockSkew, "the receiver's clock is "+spoken(age)+" earlier, or the tolerance is larger"
		c.Words = "the clocks differ, or the message waited in a queue, or a retry kept the old signature"
	default:
		c.Kind, c.Change = TimestampOld, "it is checked as of its own timestamp, "+spoken(age)+" earlier"
		c.Words = "the message was captured earlier and is checked or replayed now: sign it again, or set --now to " +
			"the time it was signed"
	}
}

// wrongUnit recognises a timestamp in the wrong unit, which is half a century or many thousand years off.
func wrongUnit(c *Cause, q Question, age time.Duration) bool {
	read := q.Scheme.Time.Unit
	written := map[sign.Unit]sign.Unit{sign.Seconds: sign.Milliseconds, sign.Milliseconds: sign.Seconds}[read]
	if written == "" || age.Abs() < 24*time.Hour {
		return false
	}
	s := q.Scheme
	s.Time.Unit = written
	if _, err := s.Verify(c.Proof.Message, q.Now, c.Proof.Secret); err != nil {
		return false
	}
	c.Proof.Scheme = s
	c.Kind, c.Change = TimestampUnit, "the timestamp is read in "+unitName(written)
	c.Words = "the sender writes " + unitName(written) + ", the receiver reads " + unitName(read)
	return true
}

func unitName(u sign.Unit) string {
	switch u {
	case sign.Milliseconds:
		return "milliseconds"
	case sign.Seconds:
		return "seconds"
	}
	return "RFC 3339"
}

// spoken formats a duration in everyday units, in whole seconds.
func spoken(d time.Duration) string {
	d = d.Abs().Round(time.Second)
	switch {
	case d >= 48*time.Hour:
		return strconv.Itoa(int(d/(24*time.Hour))) + "d" + strconv.Itoa(int(d%(24*time.Hour)/time.Hour)) + "h"
	case d >= time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + "h" + strconv.Itoa(int(d%time.Hour/time.Minute)) + "m"
	}
	return d.String()
}

// stamps makes the variants with the timestamp written or read in another unit.
func stamps(t trial, yield func(variant) bool) {
	if t.scheme.Time.Unit == "" {
		return
	}
	for _, unit := range []sign.Unit{sign.Seconds, sign.Milliseconds, sign.RFC3339, sign.RFC3339Millis} {
		v := variant{trial: t, kind: TimestampUnit, part: Message, change: "the timestamp is read in " + unitName(unit),
			words: "the sender writes " + unitName(unit) + ", the receiver reads " + unitName(t.scheme.Time.Unit)}
		v.scheme.Time.Unit = unit
		if unit != t.scheme.Time.Unit && !yield(v) {
			return
		}
		if !stampedAnew(v, t, unit, yield) {
			return
		}
	}
}

// stampedAnew also changes the text of the timestamp: signed in one unit and sent in another.
func stampedAnew(v variant, t trial, unit sign.Unit, yield func(variant) bool) bool {
	name, value, text := stampOf(t)
	if text == "" {
		return true
	}
	for _, to := range otherUnits(text, unit) {
		w := v
		w.change = "the timestamp is signed in " + unitName(unit)
		w.words = "the sender signs the timestamp in one unit and sends it in another"
		w.message.Header = t.message.Header.Clone()
		w.message.Header[name] = []string{strings.Replace(value, text, to, 1)}
		if !yield(w) {
			return false
		}
	}
	return true
}

// stampOf finds a timestamp in a header: the header, its value, and the timestamp.
func stampOf(t trial) (name, value, text string) {
	in, alone := strings.CutPrefix(string(t.scheme.Time.In), "header:")
	if !alone {
		in = t.scheme.Header
	}
	for _, key := range headerNames(t.message.Header) {
		if strings.EqualFold(key, in) && len(t.message.Header[key]) == 1 {
			name, value = key, t.message.Header[key][0]
		}
	}
	if alone {
		return name, value, strings.TrimSpace(value)
	}
	_, text, ok := strings.Cut(value, t.scheme.Time.Key)
	if t.scheme.Time.Key == "" || !ok {
		return "", "", ""
	}
	if end := strings.IndexAny(text, t.scheme.Split); end >= 0 {
		text = text[:end]
	}
	return name, value, text
}

// otherUnits converts a timestamp to a unit: ten digits are seconds, thirteen milliseconds.
func otherUnits(text string, unit sign.Unit) []string {
	at, err := time.Parse(time.RFC3339Nano, text)
	if n, numErr := strconv.ParseInt(text, 10, 64); numErr == nil {
		err = nil
		at = time.Unix(n, 0)
		if len(text) > 11 {
			at = time.UnixMilli(n)
		}
	}
	if err != nil {
		return nil
	}
	at = at.UTC()
	switch unit {
	case sign.Seconds:
		return []string{strconv.FormatInt(at.Unix(), 10)}
	case sign.Milliseconds:
		return []string{strconv.FormatInt(at.UnixMilli(), 10)}
	}
	return []string{at.Format("2006-01-02T15:04:05Z"), at.Format("2006-01-02T15:04:05.000Z"),
		at.Format("2006-01-02T15:04:05+00:00")}
}
