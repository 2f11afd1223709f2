package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/record"
)

// What a list shows, in the order of light. Names are ids here: see nameReader.
const lightColumns = `e.id, e.kind, e.thread, e.attempt, e.start, e.remote, e.endpoint, e.method, e.url, e.webhook_id,
e.event, e.handshake, e.scheme, e.ended, e.verdict, e.reason, e.version, e.secret, e.age, e.took, e.dns, e.connect,
e.tls, e.first_byte, e.next_in, e.failure, e.failure_text, e.ambiguous, e.permanent, e.marks, e.masks, e.exec_exit,
e.exec_took, e.scripted, e.late_for, e.late_after, e.webhook, e.role, e.status, e.response_size, e.response_cut,
` + ahead.At

// requestColumns are in the order of request, and bodyColumns of request and answer.
const (
	requestColumns = `q.head, q.fields, q.target, q.proto, q.trailer,
	ifnull(q.body, (SELECT data FROM body WHERE id = q.shared)), q.chunks, q.server_name, q.full_length,
q.full_sha256`
	bodyColumns = ", " + requestColumns + ", e.answer, e.answer_date, e.answer_body, ifnull(p.head, " + ahead.Head +
		"), p.fields, p.proto, p.reason, p.body"
)

const bodyJoins = " LEFT JOIN request q ON q.id = e.id LEFT JOIN response p ON p.id = e.id"

// scanAll reads the exchanges that a query of lightColumns, and of bodyColumns when whole, finds.
func (s *Store) scanAll(ctx context.Context, whole bool, query string, args ...any) (xs []*record.Exchange, err error) {
	err = s.eachCells(ctx, query, args, func(c *conn, row cells) error {
		x, err := s.scan(c, row, whole)
		xs = append(xs, x)
		return err
	})
	return xs, err
}

// eachCells hands the rows of a query to do, until it returns io.EOF. It goes around database/sql, which asks for the
// type of each column: that costs as much as reading them.
func (s *Store) eachCells(ctx context.Context, query string, args []any, do func(*conn, cells) error) error {
	pooled, err := s.db.Conn(ctx)
	if err != nil {
		return s.told(err)
	}
	defer pooled.Close()
	return s.told(pooled.Raw(func(driverConn any) error {
		c := &conn{SQLiteConn: driverConn.(*sqlite3.SQLiteConn)}
		return c.each(ctx, query, args, func(row cells) error { return do(c, row) })
	}))
}

// each hands the rows of a query to do.
func (c *conn) each(ctx context.Context, query string, args []any, do func(cells) error) error {
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return err
		}
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	rows, err := c.QueryContext(ctx, query, named)
	if err != nil {
		return err
	}
	return eachOf(rows, do)
}

// eachOf hands rows to do, and closes them.
func eachOf(rows driver.Rows, do func(cells) error) (err error) {
	values := make([]driver.Value, len(rows.Columns()))
	for err = rows.Next(values); err == nil; err = rows.Next(values) {
		if err = do(values); err != nil {
			break
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, rows.Close())
}

// cells are the unread columns of a row, from left to right. NULL reads as the zero value of any type.
type cells []driver.Value

func (c *cells) next() driver.Value {
	v := (*c)[0]
	*c = (*c)[1:]
	return v
}

func (c *cells) number() int64 {
	n, _ := c.next().(int64)
	return n
}

func (c *cells) duration() time.Duration { return time.Duration(c.number()) }

func (c *cells) yes() bool { return c.number() != 0 }

func (c *cells) text() string {
	text, _ := c.textIf()
	return text
}

// textIf tells "" from NULL.
func (c *cells) textIf() (text string, ok bool) {
	switch v := c.next().(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	}
	return "", false
}

// bytes are nil for NULL only.
func (c *cells) bytes() []byte {
	b, _ := c.next().([]byte)
	return b
}

// scan reads one exchange, with heads and bodies when whole.
func (s *Store) scan(c *conn, row cells, whole bool) (*record.Exchange, error) {
	x := new(record.Exchange)
	if err := s.light(c, &row, x); err != nil {
		return nil, err
	}
	if !whole {
		return x, nil
	}
	if err := row.request(x); err != nil {
		return nil, err
	}
	name := nameReader{words: &s.words, conn: c}
	if named := row.named(x.Response, &name); named || name.err != nil {
		return x, name.err
	}
	return x, row.answer(x.Response)
}

func (s *Store) light(c *conn, row *cells, x *record.Exchange) error {
	name := nameReader{words: &s.words, conn: c}
	x.ID, x.Kind, x.Thread, x.Attempt = row.number(), record.Kind(row.number()), row.number(), int(row.number())
	x.Start, x.Remote = record.TimeOf(row.number()), row.text()
	endpoint := name.of(row.number())
	x.Request.Method, x.Request.URL = row.text(), record.JoinURL(row.text(), endpoint)
	x.WebhookID, x.EventType, x.Handshake, x.Scheme = row.text(), name.of(row.number()), row.text(), name.of(row.number())
	ended := row.number()
	x.Ended = ended == 1
	x.Verdict = record.Verdict{Status: verdictOf(row.number()), Reason: name.of(row.number()),
		Version: name.of(row.number()), Secret: name.of(row.number())}
	if x.Verdict.Status == record.Invalid { // one column has both, since only one of them is ever set
		x.Verdict.Secret, x.Verdict.Tried = "", x.Verdict.Secret
	}
	x.Verdict.HasAge = (*row)[0] != nil
	x.Verdict.Age, x.Took = row.duration(), row.duration()
	if x.Kind == record.Received && !x.Ended {
		x.Took = 0 // only announced: see Announce
	}
	x.Phases = record.Phases{DNS: row.duration(), Connect: row.duration(), TLS: row.duration(), FirstByte: row.duration()}
	x.NextIn = row.duration()
	x.Err = row.failure()
	x.Marks = record.UnpackMarks(row.text())
	var err error
	if x.Masks, err = record.UnpackMasks(row.text()); err != nil {
		return fmt.Errorf("masks: %w", ErrCorrupt)
	}
	if ran := (*row)[0] != nil; ran {
		x.Run = &record.Run{Exit: int(row.number()), Took: row.duration()}
	} else {
		*row = (*row)[2:]
	}
	x.Scripted = row.text()
	if late := (record.Lateness{Provider: row.text(), Deadline: row.duration()}); late.Provider != "" {
		x.Late = &late
	}
	x.Webhook, x.Role = row.number(), record.Role(row.number())
	if answered := (*row)[0] != nil; answered {
		x.Response = &record.Response{Status: int(row.number()), Size: row.number(), Cut: row.yes()}
	} else {
		*row = (*row)[3:]
	}
	if at := row.number(); at != 0 {
		x.Ended, x.Took = true, record.TimeOf(at).Sub(x.Start)
	} else if ended == ahead.Ended { // it was killed, or the answer is on its way
		x.Response = nil
	}
	return name.err
}

func (c *cells) failure() *record.Failure {
	kind, failed := c.textIf()
	f := record.Failure{Kind: record.FailureKind(kind), Text: c.text(), Ambiguous: c.yes(), Permanent: c.yes()}
	if !failed {
		return nil
	}
	return &f
}

// request parses the stored head into fields, or keeps it as text; columns hold the rest.
func (c *cells) request(x *record.Exchange) (err error) {
	r := &x.Request
	r.Head = string(c.bytes())
	told := record.RequestOf(r.Head)
	if r.Header, err = fieldsOr(c.bytes(), told.Header); err != nil {
		return err
	}
	r.Target, r.Proto = c.textOr(told.Target), c.textOr(told.Proto)
	if r.Trailer, err = record.UnpackHeader(c.bytes()); err != nil {
		return err
	}
	r.Body, r.Chunks, x.ServerName = c.bytes(), string(c.bytes()), c.text()
	length, digest := c.number(), c.bytes()
	if digest != nil {
		r.Whole = &record.Whole{Length: length}
		copy(r.Whole.SHA256[:], digest)
	}
	return nil
}

// answer reads the rest of an answer; of a row without one it reads nothing.
func (c *cells) answer(r *record.Response) (err error) {
	if r == nil {
		return nil
	}
	r.Head = string(c.bytes())
	told := record.ResponseOf(r.Head)
	if r.Header, err = fieldsOr(c.bytes(), told.Header); err != nil {
		return err
	}
	r.Proto, r.Reason, r.Body = c.textOr(told.Proto), c.textOr(told.Reason), c.bytes()
	return nil
}

func (c *cells) textOr(told string) string {
	if text, ok := c.textIf(); ok {
		return text
	}
	return told
}

// verdictOf takes a code that it does not know, of a damaged file, for unchecked.
func verdictOf(code int64) record.VerdictStatus {
	if code < 0 || code >= int64(len(verdicts)) {
		return record.Unchecked
	}
	return verdicts[code]
}

func fieldsOr(coded []byte, told record.Header) (record.Header, error) {
	if coded == nil {
		return told, nil
	}
	return record.UnpackHeader(coded)
}
