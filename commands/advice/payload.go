package advice

import (
	"errors"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/edit"
	"github.com/barbhq/barb/deliver/payload"
)

// ofPayload gives an error of package payload its exit code and remedy; nil for another error.
func ofPayload(err error) *fail.Error {
	if e, ok := errors.AsType[*payload.BadEventsError](err); ok {
		f := fail.Usage("%s", ui.EscapeLine(e.Error()))
		switch {
		case e.All:
			return f
		case e.Late:
			return f.Hint("--skip-bad leaves bad lines out and lists them; those before it were sent")
		}
		return f.Hint("--skip-bad leaves them out and lists them")
	}
	if e, ok := errors.AsType[*payload.ChangeError](err); ok {
		f := fail.Usage("--set %w", e)
		switch {
		case errors.Is(e.Reason, payload.ErrPath):
			return f.Hint("--set data.amount=1200")
		case errors.Is(e.Reason, payload.ErrValue):
			return f.Hint("--set 'id={{uuid}}'; {{\"{{\"}} stands for the braces themselves")
		case errors.Is(e, edit.ErrUnstructured):
			return f.Hint("--edit changes any payload")
		}
		return f
	}
	if e, ok := errors.AsType[*payload.Error](err); ok {
		return fail.Usage("%w", e)
	}
	if e, ok := errors.AsType[*payload.MetaError](err); ok {
		return fail.Usage("%w", e).Hintf("barb events save SELECTOR --as %s --force", e.Sample)
	}
	if e, ok := errors.AsType[*payload.TooLargeError](err); ok {
		return fail.Usage("%w", e)
	}
	return nil
}
