package flags

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/store"
)

// IsSelector reports whether an argument is an id, a range or an @ selector, rather than a file name.
func IsSelector(s string) bool {
	_, err := ParseSelector(s)
	return err == nil
}

// Selector is a parsed argument: a range of ids, or how far from the newest.
type Selector struct {
	IDs    store.Range
	newest int // valid when IDs is zero
}

// ParseSelector reads an id (42), a range (40..47), @ for the newest or @-2 for the third newest.
func ParseSelector(s string) (Selector, error) {
	bad := fmt.Errorf("%q is not a selector: an id (42), a range (40..47), @ or @-2", s)
	if back, ok := strings.CutPrefix(s, "@"); ok {
		if back == "" {
			return Selector{}, nil
		}
		n, err := strconv.Atoi(back)
		if err != nil || n > 0 || back[0] != '-' {
			return Selector{}, bad
		}
		return Selector{newest: -n}, nil
	}
	low, high, isRange := strings.Cut(s, "..")
	if !isRange {
		high = low
	}
	from, errFrom := strconv.ParseUint(low, 10, 63)
	to, errTo := strconv.ParseUint(high, 10, 63)
	if errFrom != nil || errTo != nil || from == 0 || from > to {
		return Selector{}, bad
	}
	return Selector{IDs: store.Range{From: int64(from), To: int64(to)}}, nil
}

// webhookID is what the ids of providers look like: evt_1A2b, msg_…, a UUID.
var webhookID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9]+[_-][A-Za-z0-9_-]{3,200}$`)
})

// NoSelector returns the usage error for a text that is no selector. It names the selector that may have been meant.
func NoSelector(text string, err error) error {
	f := fail.Usage("%w", err)
	switch strings.ToLower(text) {
	case "latest", "last", "newest", "head":
		return f.Hint("@ is the newest")
	}
	if webhookID().MatchString(text) {
		return f.Hintf("--id %s selects by the webhook id", text)
	}
	return f.Hint("barb history lists the ids")
}

// SelectIDs returns the ids that selectors choose; newest returns the id that @ stands for, or with n the one n rows
// below it. An id or an @ that is not there is an error; a range may have gaps.
func SelectIDs(ctx context.Context, history *store.Store, selectors []string,
	newest func(ctx context.Context, n int) (int64, error)) ([]store.Range, error) {
	var ranges []store.Range
	for _, text := range selectors {
		sel, err := ParseSelector(text)
		if err != nil {
			return nil, NoSelector(text, err)
		}
		if sel.IDs.From == 0 {
			id, err := newest(ctx, sel.newest)
			if err != nil {
				return nil, selectorError(text, err)
			}
			sel.IDs = store.Range{From: id, To: id}
		}
		if sel.IDs.From == sel.IDs.To {
			if _, err := history.Get(ctx, sel.IDs.From); err != nil {
				return nil, selectorError(text, err)
			}
		}
		ranges = append(ranges, sel.IDs)
	}
	return ranges, nil
}

// NoWebhookError is the error for a selector of one webhook that is not in the history.
type NoWebhookError struct{ Selector string }

// Error names the selector.
func (e *NoWebhookError) Error() string { return e.Selector + ": no such webhook in the history" }

func selectorError(text string, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fail.Usage("%w", &NoWebhookError{text}).Hint("barb history lists what there is")
	}
	return err
}
