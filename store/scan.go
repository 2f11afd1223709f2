package store

import (
	"database/sql"
	"time"

	"github.com/barbhq/barb/store/record"
)

// What a list shows. Names are looked up row by row: there are few of them, and they stay in the page cache.
const lightColumns = `e.id, e.kind, e.thread, e.attempt, e.start, e.remote, (SELECT text FROM name WHERE id = e.endpoint), e.method, e.url, e.webhook_id,
(SELECT text FROM name WHERE id = e.event), (SELECT text FROM name WHERE id = e.scheme), e.ended, e.verdict, (SELECT text FROM name WHERE id = e.reason),
(SELECT text FROM name WHERE id = e.version), (SELECT text FROM name WHERE id = e.secret), e.age, e.status, e.response_size, e.response_cut,
e.took, e.dns, e.connect, e.tls, e.first_byte, e.next_in, e.failure, e.failure_text, e.ambiguous, e.permanent, e.marks, e.exec_exit, e.exec_took`

const bodyColumns = `, q.head, q.fields, q.target, q.proto, q.trailer, q.body, q.chunks, q.server_name, p.head, p.fields, p.proto, p.reason, p.body`

const bodyJoins = " LEFT JOIN request q ON q.id = e.id LEFT JOIN response p ON p.id = e.id"

// row is one row of lightColumns and bodyColumns, where NULL is the zero value.
type row struct {
	x                                         record.Exchange
	thread, start, verdict, age, status, size sql.NullInt64
	took, dns, connect, tls, firstByte, next  sql.NullInt64
	exit, run                                 sql.NullInt64
	remote, endpoint, id, event, scheme       sql.NullString
	reason, version, secret, failure, text    sql.NullString
	marks                                     sql.NullString
	cut, ambiguous, permanent                 sql.NullBool

	head, fields, trailer     []byte
	chunks                    []byte
	target, proto, serverName sql.NullString
	answerHead, answerFields  []byte
	answerProto, answerReason sql.NullString
	requestBody, responseBody []byte
}

func (r *row) light() []any {
	x := &r.x
	return []any{&x.ID, &x.Kind, &r.thread, &x.Attempt, &r.start, &r.remote, &r.endpoint, &x.Request.Method, &x.Request.URL, &r.id,
		&r.event, &r.scheme, &x.Ended, &r.verdict, &r.reason,
		&r.version, &r.secret, &r.age, &r.status, &r.size, &r.cut,
		&r.took, &r.dns, &r.connect, &r.tls, &r.firstByte, &r.next, &r.failure, &r.text, &r.ambiguous, &r.permanent,
		&r.marks, &r.exit, &r.run}
}

func (r *row) bodies() []any {
	return []any{&r.head, &r.fields, &r.target, &r.proto, &r.trailer, &r.requestBody, &r.chunks, &r.serverName, &r.answerHead, &r.answerFields, &r.answerProto, &r.answerReason, &r.responseBody}
}

// scan reads one exchange, with heads and bodies when whole.
func scan(rows *sql.Rows, whole bool) (*record.Exchange, error) {
	var r row
	to := r.light()
	if whole {
		to = append(to, r.bodies()...)
	}
	if err := rows.Scan(to...); err != nil {
		return nil, err
	}
	r.fill()
	if !whole {
		return &r.x, nil
	}
	return &r.x, r.fillWhole()
}

func (r *row) fill() {
	x := &r.x
	x.Thread, x.Remote, x.Start = r.thread.Int64, r.remote.String, timeOf(r.start.Int64)
	x.Request.URL = joinURL(x.Request.URL, r.endpoint.String)
	x.WebhookID, x.EventType, x.Scheme = r.id.String, r.event.String, r.scheme.String
	x.Verdict = record.Verdict{Status: verdictOf(r.verdict.Int64), Reason: r.reason.String, Version: r.version.String, Secret: r.secret.String,
		Age: time.Duration(r.age.Int64), HasAge: r.age.Valid}
	x.Took, x.NextIn = time.Duration(r.took.Int64), time.Duration(r.next.Int64)
	x.Phases = record.Phases{DNS: time.Duration(r.dns.Int64), Connect: time.Duration(r.connect.Int64), TLS: time.Duration(r.tls.Int64), FirstByte: time.Duration(r.firstByte.Int64)}
	if r.failure.Valid {
		x.Err = &record.Failure{Kind: record.FailureKind(r.failure.String), Text: r.text.String, Ambiguous: r.ambiguous.Bool, Permanent: r.permanent.Bool}
	}
	x.Marks = decodeMarks(r.marks.String)
	if r.exit.Valid {
		x.Run = &record.Run{Exit: int(r.exit.Int64), Took: time.Duration(r.run.Int64)}
	}
	if r.status.Valid {
		x.Response = &record.Response{Status: int(r.status.Int64), Size: r.size.Int64, Cut: r.cut.Bool}
	}
}

// fillWhole reads the heads back into fields. What a head does not tell stands beside it; one that does not parse stays
// as it is.
func (r *row) fillWhole() error {
	var told record.Request
	if len(r.head) > 0 {
		told, _ = record.ParseRequest(string(r.head), "http") // as newBeginning does
	}
	request := &r.x.Request
	request.Head, request.Body, request.Chunks = string(r.head), r.requestBody, string(r.chunks)
	r.x.ServerName = r.serverName.String
	request.Target, request.Proto = textOr(r.target, told.Target), textOr(r.proto, told.Proto)
	var err error
	if request.Header, err = fieldsOr(r.fields, told.Header); err != nil {
		return err
	}
	if request.Trailer, err = decodeFields(r.trailer); err != nil {
		return err
	}
	return r.fillAnswer()
}

func (r *row) fillAnswer() (err error) {
	answer := r.x.Response
	if answer == nil {
		return nil
	}
	told := &record.Response{}
	if len(r.answerHead) > 0 {
		if parsed, err := record.ParseResponse(string(r.answerHead)); err == nil {
			told = parsed
		}
	}
	answer.Head, answer.Body = string(r.answerHead), r.responseBody
	answer.Proto, answer.Reason = textOr(r.answerProto, told.Proto), textOr(r.answerReason, told.Reason)
	answer.Header, err = fieldsOr(r.answerFields, told.Header)
	return err
}

// verdictOf takes a code that it does not know, of a damaged file, for unchecked.
func verdictOf(code int64) record.VerdictStatus {
	if code < 0 || code >= int64(len(verdicts)) {
		return record.Unchecked
	}
	return verdicts[code]
}

func textOr(s sql.NullString, told string) string {
	if s.Valid {
		return s.String
	}
	return told
}

func fieldsOr(coded []byte, told record.Header) (record.Header, error) {
	if coded == nil {
		return told, nil
	}
	return decodeFields(coded)
}
