package sign_test

import (
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
)

// setTime changes the timestamp of a message wherever the scheme has it.
func setTime(s sign.Scheme, m sign.Message, stamp string) sign.Message {
	if name := headerOf(s.Time.In); name != "" {
		return with(m, name, stamp)
	}
	if s.Time.Key != "" {
		value := m.Header.Get(s.Header)
		_, rest, _ := strings.Cut(value, s.Time.Key)
		old := rest
		if end := strings.IndexAny(rest, s.Split); end >= 0 {
			old = rest[:end]
		}
		return with(m, s.Header, strings.Replace(value, s.Time.Key+old, s.Time.Key+stamp, 1))
	}
	m.Body = []byte(strings.Replace(string(m.Body), "1700000000000", stamp, 1))
	return m
}

func TestMalformedTimestampsAreRefused(t *testing.T) {
	forEach(t, func(t *testing.T, s sign.Scheme, m sign.Message, keys pair) {
		if s.Time.Unit == "" || s.Time == (sign.Timestamp{Unit: sign.Seconds}) || inBody(s) {
			return // tests of their own change tokens, message signatures and bodies
		}
		n := "1700000000"
		if s.Time.Unit == sign.Milliseconds {
			n += "000"
		}
		for _, stamp := range []string{
			"0", "-1", "-" + n, "+" + n, n + ".0", "1e9", "0x6553f100", n + "000", strings.Repeat("1", 30), "١٧٠٠٠٠٠٠٠٠",
			"NaN", "Inf", "null", n + " 1", "0" + n, n + "n", n + "_0", "2023-11-14", "2023-11-14t22:13:20z",
			"2023-11-14T22:13:20", "2023-11-14 22:13:20Z", "2023-11-14T22:13:20,5Z", "2023-11-14T24:00:00Z",
			strings.Repeat("9", 8000),
		} {
			changed := setTime(s, m, stamp)
			if s.Time.Key != "" && strings.ContainsAny(stamp, s.Split) {
				continue // it would end there
			}
			if headerOf(s.Time.In) == "" && s.Time.Key == "" { // in the body, so sign the changed one again
				changed.Header = m.Header.Clone()
				changed.Header.Set(s.Header, hmacHex(keys.signing.Key, changed.Body))
				expect(t, stamp, s, changed, keys.verifying, sign.MalformedTimestamp, sign.MissingTimestamp)
				continue
			}
			expect(t, stamp, s, changed, keys.verifying, sign.MalformedTimestamp)
		}
		if name := headerOf(s.Time.In); name != "" {
			good := m.Header.Get(name)
			expect(t, "missing", s, with(m, name), keys.verifying, sign.MissingTimestamp)
			expect(t, "empty", s, with(m, name, ""), keys.verifying, sign.MissingTimestamp)
			expect(t, "good one first", s, with(m, name, good, "1"), keys.verifying, sign.DuplicateHeader)
			expect(t, "good one last", s, with(m, name, "1", good), keys.verifying, sign.DuplicateHeader)
		}
		if s.Time.Key != "" {
			good := m.Header.Get(s.Header)
			sep := s.Split[:1]
			twice := s.Time.Key + "1700000000" + sep + good
			reason := sign.MalformedTimestamp
			if strings.Contains(s.More, "{ts}") {
				reason = "" // each signature comes with the time again
			}
			expect(t, "twice", s, with(m, s.Header, twice), keys.verifying, reason)
			expect(t, "twice, differing", s, with(m, s.Header, s.Time.Key+"1700000001"+sep+good), keys.verifying,
				sign.MalformedTimestamp)
			expect(t, "missing", s, with(m, s.Header, strings.Replace(good, s.Time.Key, "other=", 1)), keys.verifying,
				sign.MissingTimestamp)
		}
	})
}

// TestAgeIsJudgedAtTheEdges signs anew for every offset, so that only the age can be wrong.
func TestAgeIsJudgedAtTheEdges(t *testing.T) {
	forEach(t, func(t *testing.T, s sign.Scheme, m sign.Message, keys pair) {
		if s.Time.Unit == "" || s.JWT != nil && s.JWT.Expires {
			return // a token's life has a test of its own
		}
		s.Tolerance = sign.Both(5 * time.Minute)
		for _, c := range []struct {
			offset time.Duration
			want   sign.Reason
		}{
			{295 * time.Second, ""}, {300 * time.Second, ""}, {305 * time.Second, sign.TimestampExpired},
			{-295 * time.Second, ""}, {-300 * time.Second, ""}, {-305 * time.Second, sign.TimestampInFuture},
			{24 * 365 * time.Hour * 20, sign.TimestampExpired},
		} {
			match, err := s.Verify(m, at.Add(c.offset), keys.verifying)
			if got := reasonOf(t, err); got != c.want || match.Age != c.offset || !match.HasAge {
				t.Errorf("%v: reason %q, want %q; %+v", c.offset, got, c.want, match)
			}
			if !s.CoversBody() || inBody(s) {
				continue
			}
			m := m
			m.Body = append([]byte("x"), m.Body...)
			if _, err := s.Verify(m, at.Add(c.offset), keys.verifying); reasonOf(t, err) != sign.SignatureMismatch {
				t.Errorf("forged, %v: %v", c.offset, err)
			}
		}
	})
}

// Four centuries are more than a Duration holds.
func TestAFutureBeyondCountingIsStillTheFuture(t *testing.T) {
	s := lookup(t, "standard-webhooks")
	keys := newPair(s, 0)
	m := deliver(t, s, newMessage(s), keys.signing)
	long := time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := s.Verify(m, long, keys.verifying); reasonOf(t, err) != sign.TimestampInFuture {
		t.Errorf("at 5 minutes: %v", err)
	}
	s.Tolerance.Future = sign.NoLimit
	if _, err := s.Verify(m, long, keys.verifying); err != nil {
		t.Errorf("without a limit: %v", err)
	}
}

func TestTheCataloguesOwnTolerancesHold(t *testing.T) {
	for name, c := range map[string]struct{ past, future time.Duration }{
		"paddle": {5 * time.Second, 5 * time.Second}, "linear": {time.Minute, time.Minute},
		"slack": {5 * time.Minute, 5 * time.Minute}, "stripe": {5 * time.Minute, sign.NoLimit},
	} {
		s := lookup(t, name)
		keys := newPair(s, 0)
		m := deliver(t, s, newMessage(s), keys.signing)
		if _, err := s.Verify(m, at.Add(c.past+time.Second), keys.verifying); reasonOf(t, err) != sign.TimestampExpired {
			t.Errorf("%s, late: %v", name, err)
		}
		early, want := at.Add(-c.future-time.Second), sign.TimestampInFuture
		if c.future == sign.NoLimit {
			early, want = time.Unix(0, 0), ""
		}
		if _, err := s.Verify(m, early, keys.verifying); reasonOf(t, err) != want {
			t.Errorf("%s, early: %v", name, err)
		}
	}
}
