package engine

import (
	"cmp"

	"github.com/barbhq/barb/store/record"
)

// The columns of an exchange, in the order of Beginning.Append and of Ending.Append.
const (
	BeginningColumns = "id, kind, thread, attempt, start, remote, endpoint, method, url, " +
		"webhook_id, event, handshake, scheme, request_size, webhook, role"
	EndingColumns = "ended, failed, verdict, reason, version, secret, age, status, response_size, response_cut, " +
		"took, dns, connect, tls, first_byte, next_in, failure, failure_text, ambiguous, permanent, " +
		"marks, masks, exec_exit, exec_took, " +
		"scripted, late_for, late_after, answer, answer_date, answer_body"
	RequestColumns  = "id, head, fields, target, proto, trailer, body, chunks, server_name, full_length, full_sha256"
	ResponseColumns = "id, head, fields, proto, reason, body"
)

// NameKind says what a name in the table of names stands for. The numbers are in the tables.
type NameKind int64

// The kinds.
const (
	NameEndpoint NameKind = iota + 1
	NameEvent
	NameScheme
	NameReason
	NameVersion
	NameSecret
	NameTarget
	NamePolicy
	NameAnswer // the head of an answer without its date
)

// Names gives the ids of names within a transaction.
type Names interface {
	ID(kind NameKind, text string) any // an int64, or nil for "" and after an error, which the engine keeps
	// CameBefore reports whether the head of an answer is worth a name: it is one already, or came before to this writer.
	// Servers that put a new id into each head would fill the table of names.
	CameBefore(head string) bool
}

// Append appends the BeginningColumns. webhook is the first exchange of its webhook, 0 for itself.
func (b *Beginning) Append(row []any, id, webhook int64, names Names) []any {
	x := b.X
	return append(row, id, int64(x.Kind), UnlessZero(x.Thread), int64(x.Attempt), record.Nanos(x.Start),
		UnlessZero(x.Remote), names.ID(NameEndpoint, b.Endpoint), x.Request.Method, b.URL, UnlessZero(x.WebhookID),
		names.ID(NameEvent, x.EventType), UnlessZero(x.Handshake), names.ID(NameScheme, x.Scheme), int64(x.BodySize()),
		UnlessZero(webhook), UnlessZero(int64(x.Role)))
}

// AppendRequest appends the RequestColumns; body is nil where it is kept elsewhere.
func (b *Beginning) AppendRequest(row []any, id int64, body []byte) []any {
	r := &b.X.Request
	var length, digest any
	if r.Whole != nil {
		length, digest = r.Whole.Length, r.Whole.SHA256[:]
	}
	return append(row, id, BytesOf([]byte(r.Head)), bytesUnlessNil(b.Fields), b.Target, b.Proto, BytesOf(b.Trailer),
		BytesOf(body), BytesOf([]byte(r.Chunks)), UnlessZero(b.X.ServerName), length, digest)
}

// Append appends the EndingColumns, and notes in the answer whether it needs a row of its own.
func (e *Ending) Append(row []any, names Names) []any {
	var age any
	if e.Judged.HasAge {
		age = int64(e.Judged.Age)
	}
	row = append(row, e.Ended, e.Failed, UnlessZero(e.Verdict), names.ID(NameReason, e.Judged.Reason),
		names.ID(NameVersion, e.Judged.Version), names.ID(NameSecret, cmp.Or(e.Judged.Secret, e.Judged.Tried)), age,
		e.Status, UnlessZero(e.Size), UnlessZero(e.Cut), e.Took, UnlessZero(int64(e.Phases.DNS)),
		UnlessZero(int64(e.Phases.Connect)), UnlessZero(int64(e.Phases.TLS)), UnlessZero(int64(e.Phases.FirstByte)),
		UnlessZero(e.NextIn))
	if f := e.Failure; f != nil {
		row = append(row, string(f.Kind), f.Text, UnlessZero(f.Ambiguous), UnlessZero(f.Permanent))
	} else {
		row = append(row, nil, nil, nil, nil)
	}
	row = append(row, UnlessZero(e.Marks), UnlessZero(e.Masks), e.Exit, e.Run, UnlessZero(e.Scripted),
		UnlessZero(e.Late.Provider), UnlessZero(int64(e.Late.Deadline)))
	return e.Response.appendNamed(row, names)
}

// An answer whose head came before, but for its date, and whose body is short is a few columns of its exchange: a name,
// the date and the body. Any other has a row in the table of responses.
const (
	longestNamed     = 1 << 10 // bytes of such a head
	longestNamedBody = 64      // bytes
)

// appendNamed appends the columns of an answer that needs no row of its own, and notes in it that it needs none.
func (a *Answer) appendNamed(row []any, names Names) []any {
	if a == nil || !a.canBeNamed() || !names.CameBefore(a.Rest) {
		if a != nil {
			a.Named = false
		}
		return append(row, nil, nil, nil)
	}
	a.Named = true
	return append(row, names.ID(NameAnswer, a.Rest), a.Date, BytesOf(a.Body))
}

// canBeNamed reports whether the head and the body are all that there is to keep, and short enough.
func (a *Answer) canBeNamed() bool {
	return a.Head != "" && a.Fields == nil && a.Proto == nil && a.Reason == nil && len(a.Rest) <= longestNamed &&
		len(a.Body) <= longestNamedBody
}

// Append appends the ResponseColumns of an answer that has a row.
func (a *Answer) Append(row []any, id int64) []any {
	return append(row, id, BytesOf([]byte(a.Head)), bytesUnlessNil(a.Fields), a.Proto, a.Reason, BytesOf(a.Body))
}

// BytesOf returns nil, for NULL, for an empty slice too.
func BytesOf(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// bytesUnlessNil returns nil for nil, and an empty value for an empty slice.
func bytesUnlessNil(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// UnlessZero returns nil, for NULL, for the zero value.
func UnlessZero[T int64 | string | bool](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}
