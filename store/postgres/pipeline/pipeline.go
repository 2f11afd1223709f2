// Package pipeline sends a transaction to a PostgreSQL server in one go, with COPY among its statements.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/barbhq/barb/store/postgres/column"
)

// Pipeline is a transaction on its way over a connection: messages of the extended query protocol, and one Sync that
// ends it. Nothing is waited for before all is sent, which the protocol allows for COPY too: after an error the server
// skips everything up to the Sync. What statements return is not read.
type Pipeline struct {
	conn *pgx.Conn
	buf  []byte // not sent yet
	err  error
}

// Begin begins a transaction. What it sends has to have left before ctx ends.
func Begin(ctx context.Context, conn *pgx.Conn) *Pipeline {
	until, _ := ctx.Deadline()
	return &Pipeline{conn: conn, err: conn.PgConn().Conn().SetWriteDeadline(until)}
}

// Queue adds a statement. Its arguments are of the types that column.Rows.Args returns, int64, int or nil.
func (p *Pipeline) Queue(query string, args ...any) {
	parse, bind := &pgproto3.Parse{Query: query}, &pgproto3.Bind{}
	for _, arg := range args {
		oid, format := typeOf(arg)
		var value []byte
		var err error
		switch v := arg.(type) {
		case nil:
		case int:
			value = strconv.AppendInt(nil, int64(v), 10)
		default:
			if value, err = p.conn.TypeMap().Encode(oid, format, v, []byte{}); err != nil {
				p.err = errors.Join(p.err, fmt.Errorf("an argument of %q: %w", query, err))
			}
		}
		parse.ParameterOIDs = append(parse.ParameterOIDs, oid)
		bind.ParameterFormatCodes = append(bind.ParameterFormatCodes, format)
		bind.Parameters = append(bind.Parameters, value)
	}
	p.add(parse)
	p.add(bind)
	p.add(&pgproto3.Execute{})
}

// typeOf is the type of a parameter, 0 where the server infers it, and the format of its value.
func typeOf(arg any) (oid uint32, format int16) {
	switch arg.(type) {
	case int64:
		return pgtype.Int8OID, pgtype.BinaryFormatCode
	case pgtype.FlatArray[pgtype.Int8]:
		return pgtype.Int8ArrayOID, pgtype.BinaryFormatCode
	case pgtype.FlatArray[pgtype.Text]:
		return pgtype.TextArrayOID, pgtype.BinaryFormatCode
	case pgtype.FlatArray[[]byte]:
		return pgtype.ByteaArrayOID, pgtype.BinaryFormatCode
	case pgtype.FlatArray[pgtype.Bool]:
		return pgtype.BoolArrayOID, pgtype.BinaryFormatCode
	}
	return 0, pgtype.TextFormatCode
}

// Copy adds rows to a table with COPY.
func (p *Pipeline) Copy(table string, rows *column.Rows) {
	p.add(&pgproto3.Parse{Query: "COPY " + table + " (" + rows.Names() + ") FROM STDIN (FORMAT binary)"})
	p.add(&pgproto3.Bind{})
	p.add(&pgproto3.Execute{})
	p.buf = rows.AppendCopy(p.buf, p.sent)
	p.add(&pgproto3.CopyDone{})
}

func (p *Pipeline) add(m pgproto3.FrontendMessage) {
	buf, err := m.Encode(p.buf)
	if err != nil {
		p.err = errors.Join(p.err, err)
		return
	}
	p.buf = buf
}

// sent sends what is there, unless something went wrong, and returns the room for more.
func (p *Pipeline) sent(buf []byte) []byte {
	if p.err == nil {
		_, p.err = p.conn.PgConn().Conn().Write(buf)
	}
	return buf[:0]
}

// Commit ends the transaction, and waits until the server has committed it. The first error of the server is returned
// as a *pgconn.PgError. After any other one nobody knows whether the transaction is there, and the connection is
// closed; the context's is among them where it has ended.
func (p *Pipeline) Commit(ctx context.Context) error {
	p.add(&pgproto3.Sync{})
	p.sent(p.buf)
	if p.err == nil {
		p.err = p.conn.PgConn().Conn().SetWriteDeadline(time.Time{})
	}
	if p.err == nil {
		p.err = receive(ctx, p.conn.PgConn())
	}
	if p.err == nil || isReported(p.err) {
		return p.err
	}
	_ = p.conn.Close(ctx)
	if errors.Is(p.err, os.ErrDeadlineExceeded) { // it is the context's, whose timer may be a moment later
		return errors.Join(context.DeadlineExceeded, p.err)
	}
	return errors.Join(ctx.Err(), p.err)
}

// receive reads what the server answers until it is ready for the next transaction.
func receive(ctx context.Context, from *pgconn.PgConn) (failed error) {
	for {
		message, err := from.ReceiveMessage(ctx)
		switch m := message.(type) {
		case *pgproto3.ErrorResponse:
			if failed == nil {
				failed = pgconn.ErrorResponseToPgError(m)
			}
		case *pgproto3.ReadyForQuery:
			return failed
		}
		if err != nil {
			return err
		}
	}
}

func isReported(err error) bool {
	_, ok := errors.AsType[*pgconn.PgError](err)
	return ok
}
