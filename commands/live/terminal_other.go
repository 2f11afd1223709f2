//go:build !unix

package live

import (
	"context"
	"errors"
	"os"
)

// Terminal is a terminal whose keys are read one by one. Here it has none.
type Terminal struct {
	In  *os.File // keys are read from it
	Out *os.File // its screen
}

// Read returns errors.ErrUnsupported.
func (*Terminal) Read(context.Context, func(string)) error { return errors.ErrUnsupported }

// Restore does nothing.
func (*Terminal) Restore() {}

func (*Terminal) leave() {}

// WithoutStop does nothing: without job control ^Z stops no process.
func WithoutStop(int) (undo func()) { return func() {} }

// Lines returns 0.
func (*Terminal) Lines() int { return 0 }

// hasKeys reports whether this system lets a Terminal read keys.
const hasKeys = false
