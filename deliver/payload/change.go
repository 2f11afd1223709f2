package payload

import (
	"errors"

	"github.com/barbhq/barb/deliver/edit"
	"github.com/barbhq/barb/deliver/fixture"
)

// Change sets one field of a payload. Its value may be a template.
type Change struct {
	text  string
	path  string
	value *fixture.Template
}

// ChangeError is the error for a change that cannot be made.
type ChangeError struct {
	Change string // as written, or its path alone; "" when Err names it
	Reason error  // ErrPath, ErrValue, or nil: it does not fit the payload
	Err    error  // may be edit.ErrUnstructured
}

// Error names the change and what is wrong with it.
func (e *ChangeError) Error() string {
	if e.Change == "" {
		return e.Err.Error()
	}
	return e.Change + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *ChangeError) Unwrap() error { return e.Err }

// The reasons for a malformed change.
var (
	ErrPath  = errors.New("not PATH=VALUE")
	ErrValue = errors.New("not a template")
)

// ParseChange parses PATH=VALUE. The error is a *ChangeError.
func ParseChange(text string) (Change, error) {
	field, err := edit.Parse(text)
	if err != nil {
		return Change{}, &ChangeError{Reason: ErrPath, Err: err}
	}
	value, err := fixture.Parse([]byte(field.Value), fixture.Text)
	if err != nil {
		return Change{}, &ChangeError{field.Path, ErrValue, err}
	}
	return Change{text, field.Path, value}, nil
}

// Apply makes changes to a body, one after the other. The error is a *ChangeError.
func Apply(changes []Change, body []byte, contentType string, v fixture.Values) ([]byte, error) {
	for _, c := range changes {
		value, err := c.value.Render(v)
		if err == nil {
			body, err = edit.Field{Path: c.path, Value: string(value)}.Apply(body, contentType)
		}
		if err != nil {
			return nil, &ChangeError{Change: c.text, Err: err}
		}
	}
	return body, nil
}
