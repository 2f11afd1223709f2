package disk

import (
	"errors"
	"io/fs"
)

// Cause takes the path out of a system error.
func Cause(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
