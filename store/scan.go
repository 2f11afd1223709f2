package store

import (
	"context"
	"fmt"

	"github.com/mattn/go-sqlite3"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite"
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
	err = s.eachCells(ctx, query, args, func(c *sqlite.Conn, row sqlite.Row) error {
		x, err := s.scan(c, row, whole)
		xs = append(xs, x)
		return err
	})
	return xs, err
}

// eachCells hands the rows of a query to do, until it returns io.EOF. It goes around database/sql, which asks for the
// type of each column: that costs as much as reading them.
func (s *Store) eachCells(ctx context.Context, query string, args []any,
	do func(*sqlite.Conn, sqlite.Row) error,
) error {
	pooled, err := s.db.Conn(ctx)
	if err != nil {
		return s.told(err)
	}
	defer pooled.Close()
	return s.told(pooled.Raw(func(driverConn any) error {
		c := &sqlite.Conn{SQLiteConn: driverConn.(*sqlite3.SQLiteConn)}
		return c.Each(ctx, query, args, func(row sqlite.Row) error { return do(c, row) })
	}))
}

// scan reads one exchange, with heads and bodies when whole.
func (s *Store) scan(c *sqlite.Conn, row sqlite.Row, whole bool) (*record.Exchange, error) {
	x := new(record.Exchange)
	if err := s.light(c, &row, x); err != nil {
		return nil, err
	}
	if !whole {
		return x, nil
	}
	if err := readRequest(&row, x); err != nil {
		return nil, err
	}
	name := nameReader{words: &s.words, conn: c}
	if named := readNamed(&row, x.Response, &name); named || name.err != nil {
		return x, name.err
	}
	return x, readAnswer(&row, x.Response)
}

func (s *Store) light(c *sqlite.Conn, row *sqlite.Row, x *record.Exchange) error {
	name := nameReader{words: &s.words, conn: c}
	x.ID, x.Kind, x.Thread, x.Attempt = row.Number(), record.Kind(row.Number()), row.Number(), int(row.Number())
	x.Start, x.Remote = record.TimeOf(row.Number()), row.Text()
	endpoint := name.of(row.Number())
	x.Request.Method, x.Request.URL = row.Text(), record.JoinURL(row.Text(), endpoint)
	x.WebhookID, x.EventType, x.Handshake, x.Scheme = row.Text(), name.of(row.Number()), row.Text(), name.of(row.Number())
	ended := row.Number()
	x.Ended = ended == 1
	x.Verdict = record.Verdict{Status: verdictOf(row.Number()), Reason: name.of(row.Number()),
		Version: name.of(row.Number()), Secret: name.of(row.Number())}
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
	x.Marks = record.UnpackMarks(row.Text())
	var err error
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
	return name.err
}

// failureOf reads the columns of a failure; nil: there was none.
func failureOf(c *sqlite.Row) *record.Failure {
	kind, failed := c.TextIf()
	f := record.Failure{Kind: record.FailureKind(kind), Text: c.Text(), Ambiguous: c.Yes(), Permanent: c.Yes()}
	if !failed {
		return nil
	}
	return &f
}

// readRequest parses the stored head into fields, or keeps it as text; columns hold the rest.
func readRequest(c *sqlite.Row, x *record.Exchange) (err error) {
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

// readAnswer reads the rest of an answer; of a row without one it reads nothing.
func readAnswer(c *sqlite.Row, r *record.Response) (err error) {
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
func textOr(c *sqlite.Row, told string) string {
	if text, ok := c.TextIf(); ok {
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
