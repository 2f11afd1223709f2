package raw

import (
	"database/sql/driver"
	"errors"
	"io"

	"github.com/barbhq/barb/store/engine"
)

// EachOf hands rows to do, and closes them.
func EachOf(rows driver.Rows, do func(engine.Row) error) (err error) {
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
