package bulk

import (
	"database/sql/driver"
	"encoding/binary"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/barbhq/barb/store/engine"
)

// RowOf copies the values of a row out of the connection's memory.
func RowOf(rows pgx.Rows) (engine.Row, error) {
	fields, values := rows.FieldDescriptions(), rows.RawValues()
	row := make(engine.Row, len(values))
	for i, raw := range values {
		if raw == nil {
			continue
		}
		var err error
		if row[i], err = valueOf(&fields[i], raw); err != nil {
			return nil, err
		}
	}
	return row, nil
}

// valueOf decodes a value of one of the types in the tables, in the format that pgx asks for: binary but for texts.
func valueOf(field *pgconn.FieldDescription, raw []byte) (driver.Value, error) {
	switch {
	case field.DataTypeOID == pgtype.TextOID:
		return Unescape(string(raw)), nil
	case field.Format != pgtype.BinaryFormatCode:
	case field.DataTypeOID == pgtype.Int8OID && len(raw) == 8:
		return int64(binary.BigEndian.Uint64(raw)), nil
	case field.DataTypeOID == pgtype.Int4OID && len(raw) == 4:
		return int64(int32(binary.BigEndian.Uint32(raw))), nil
	case field.DataTypeOID == pgtype.BoolOID && len(raw) == 1:
		return int64(raw[0]), nil
	case field.DataTypeOID == pgtype.ByteaOID:
		return append([]byte{}, raw...), nil
	}
	return nil, fmt.Errorf("column %s has type %d in format %d: %w", field.Name, field.DataTypeOID, field.Format,
		engine.ErrCorrupt)
}
