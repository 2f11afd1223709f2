package engine

import (
	"fmt"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/record"
)

// LightColumns are the columns of an exchange e in the order of Light, which names have by their ids. Behind them Light
// reads when an answer went out that was recorded before, in ns since 1970: ahead.At.
const LightColumns = `e.id, e.kind, e.thread, e.attempt, e.start, e.remote, e.endpoint, e.method, e.url, e.webhook_id,
e.event, e.handshake, e.scheme, e.ended, e.verdict, e.reason, e.version, e.secret, e.age, e.took, e.dns, e.connect,
e.tls, e.first_byte, e.next_in, e.failure, e.failure_text, e.ambiguous, e.permanent, e.marks, e.masks, e.exec_exit,
e.exec_took, e.scripted, e.late_for, e.late_after, e.webhook, e.role, e.status, e.response_size, e.response_cut`

// Verdicts are by their codes in the tables.
var Verdicts = [...]record.VerdictStatus{record.Unchecked, record.Valid, record.Invalid}

// verdictOf takes a code that it does not know, of a damaged history, for unchecked.
func verdictOf(code int64) record.VerdictStatus {
	if code < 0 || code >= int64(len(Verdicts)) {
		return record.Unchecked
	}
	return Verdicts[code]
}

// Light reads what a list shows of an exchange. name returns the text of a name, "" for 0.
func Light(row *Row, x *record.Exchange, name func(id int64) string) error {
	x.ID, x.Kind, x.Thread, x.Attempt = row.Number(), record.Kind(row.Number()), row.Number(), int(row.Number())
	x.Start, x.Remote = record.TimeOf(row.Number()), row.Text()
	endpoint := name(row.Number())
	x.Request.Method, x.Request.URL = row.Text(), record.JoinURL(row.Text(), endpoint)
	x.WebhookID, x.EventType, x.Handshake, x.Scheme = row.Text(), name(row.Number()), row.Text(), name(row.Number())
	ended := row.Number()
	x.Ended = ended == 1
	x.Verdict = record.Verdict{Status: verdictOf(row.Number()), Reason: name(row.Number()),
		Version: name(row.Number()), Secret: name(row.Number())}
	if x.Verdict.Status == record.Invalid { // one column has both, since only one of them is ever set
		x.Verdict.Secret, x.Verdict.Tried = "", x.Verdict.Secret
	}
	x.Verdict.HasAge = (*row)[0] != nil
	x.Verdict.Age, x.Took = row.Duration(), row.Duration()
	if x.Kind == record.Received && !x.Ended {
		x.Took = 0 // only announced: see Announce
	}
	x.Phases = record.Phases{DNS: row.Duration(), Connect: row.Duration(), TLS: row.Duration(), FirstByte: row.Duration()}
	x.NextIn = row.Duration()
	x.Err = failureOf(row)
	if err := noted(row, x); err != nil {
		return err
	}
	if answered := (*row)[0] != nil; answered {
		x.Response = &record.Response{Status: int(row.Number()), Size: row.Number(), Cut: row.Yes()}
	} else {
		*row = (*row)[3:]
	}
	if at := row.Number(); at != 0 {
		x.Ended, x.Took = true, record.TimeOf(at).Sub(x.Start)
	} else if ended == ahead.Ended { // it was killed, or the answer is on its way
		x.Response = nil
	}
	return nil
}

// noted reads the columns from marks to role.
func noted(row *Row, x *record.Exchange) (err error) {
	x.Marks = record.UnpackMarks(row.Text())
	if x.Masks, err = record.UnpackMasks(row.Text()); err != nil {
		return fmt.Errorf("masks: %w", ErrCorrupt)
	}
	if ran := (*row)[0] != nil; ran {
		x.Run = &record.Run{Exit: int(row.Number()), Took: row.Duration()}
	} else {
		*row = (*row)[2:]
	}
	x.Scripted = row.Text()
	if late := (record.Lateness{Provider: row.Text(), Deadline: row.Duration()}); late.Provider != "" {
		x.Late = &late
	}
	x.Webhook, x.Role = row.Number(), record.Role(row.Number())
	return nil
}

// failureOf reads the columns of a failure; nil: there was none.
func failureOf(c *Row) *record.Failure {
	kind, failed := c.TextIf()
	f := record.Failure{Kind: record.FailureKind(kind), Text: c.Text(), Ambiguous: c.Yes(), Permanent: c.Yes()}
	if !failed {
		return nil
	}
	return &f
}

// Request reads the columns head, fields, target, proto, trailer, body, chunks, server_name, full_length and
// full_sha256 of a request into an exchange. It parses the stored head into fields, or keeps it as text.
func Request(c *Row, x *record.Exchange) (err error) {
	r := &x.Request
	r.Head = string(c.Bytes())
	told := record.RequestOf(r.Head)
	if r.Header, err = fieldsOr(c.Bytes(), told.Header); err != nil {
		return err
	}
	r.Target, r.Proto = textOr(c, told.Target), textOr(c, told.Proto)
	if r.Trailer, err = record.UnpackHeader(c.Bytes()); err != nil {
		return err
	}
	r.Body, r.Chunks, x.ServerName = c.Bytes(), string(c.Bytes()), c.Text()
	length, digest := c.Number(), c.Bytes()
	if digest != nil {
		r.Whole = &record.Whole{Length: length}
		copy(r.Whole.SHA256[:], digest)
	}
	return nil
}

// NamedResponse reads the columns answer, answer_date and answer_body into a response; of one with a row of its own it
// reads nothing.
func NamedResponse(c *Row, r *record.Response, name func(id int64) string) (found bool) {
	head, hasDate := name(c.Number()), (*c)[0] != nil
	date, body := c.Number(), c.Bytes()
	if r == nil || head == "" {
		return false
	}
	if hasDate {
		head = record.PutDate(head, date)
	}
	said := record.ResponseOf(head)
	r.Head, r.Header, r.Proto, r.Reason, r.Body = head, said.Header, said.Proto, said.Reason, body
	return true
}

// Response reads the columns head, fields, proto, reason and body of an answer; of an exchange without one it reads
// nothing.
func Response(c *Row, r *record.Response) (err error) {
	if r == nil {
		return nil
	}
	r.Head = string(c.Bytes())
	told := record.ResponseOf(r.Head)
	if r.Header, err = fieldsOr(c.Bytes(), told.Header); err != nil {
		return err
	}
	r.Proto, r.Reason, r.Body = textOr(c, told.Proto), textOr(c, told.Reason), c.Bytes()
	return nil
}

// textOr reads a text, which is told unless it was stored.
func textOr(c *Row, told string) string {
	if text, ok := c.TextIf(); ok {
		return text
	}
	return told
}

func fieldsOr(coded []byte, told record.Header) (record.Header, error) {
	if coded == nil {
		return told, nil
	}
	return record.UnpackHeader(coded)
}
