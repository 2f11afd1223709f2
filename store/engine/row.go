package engine

import (
	"database/sql/driver"
	"time"
)

// Row are the unread columns of a row, from left to right. NULL reads as the zero value of any type.
type Row []driver.Value

// Next returns the next column.
func (c *Row) Next() driver.Value {
	v := (*c)[0]
	*c = (*c)[1:]
	return v
}

// Number is 0 for what is no integer.
func (c *Row) Number() int64 {
	n, _ := c.Next().(int64)
	return n
}

// Duration reads nanoseconds.
func (c *Row) Duration() time.Duration { return time.Duration(c.Number()) }

// Yes reports whether the next column is an integer other than 0.
func (c *Row) Yes() bool { return c.Number() != 0 }

// Text is a text or bytes, "" for NULL.
func (c *Row) Text() string {
	text, _ := c.TextIf()
	return text
}

// TextIf tells "" from NULL.
func (c *Row) TextIf() (text string, ok bool) {
	switch v := c.Next().(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	}
	return "", false
}

// Bytes are nil for NULL only.
func (c *Row) Bytes() []byte {
	b, _ := c.Next().([]byte)
	return b
}
