// Package expect judges webhooks that came against those that are expected. It reads what is expected from a text,
// counts what came, and says what is missing, what came without being expected, and what nearly matched and why not.
// It knows no flag, reads no clock and prints nothing.
package expect

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/jq"
)

// Expectation is one kind of webhook that should come, or should not.
type Expectation struct {
	Text  string // as it was written, on one line
	Count Count
	None  bool // none may come

	event    string // a glob
	whole    string // event with what stands before it; "" where there is no provider
	provider *provider
	renamed  string   // the event type as barb listen finds it, where that differs; "" otherwise
	action   *jq.Expr // what tells events apart that have the same renamed; nil: nothing
	where    *jq.Expr
	any      []*Expectation // one that any of these meets; none: it is one itself
}

// AnyOf expects as many webhooks as count says, each of which meets one of several expectations.
func AnyOf(count Count, several ...*Expectation) *Expectation {
	texts := make([]string, len(several))
	for i, e := range several {
		texts[i] = e.Text
	}
	return &Expectation{Text: strings.Join(texts, " or "), Count: count, None: count.Max == 0, any: several}
}

// Where adds a condition to an expectation that Parse has made without one.
func (e *Expectation) Where(condition *jq.Expr) { e.where = condition }

// EventError says that an event of a known provider is probably misspelt.
type EventError struct {
	Provider, Event string
	Near            []string // the events that are probably meant
}

// Error says which event is not known.
func (e *EventError) Error() string { return fmt.Sprintf("%s has no event %q", e.Provider, e.Event) }

// Parse reads [none:] [PROVIDER:]EVENT [xN | xN+ | xN..M] [: EXPR]. The error is a *fail.Error with exit code 2; one of
// the expression points into it.
func Parse(text string, known Known) (*Expectation, error) {
	e := &Expectation{Text: oneLine(text), Count: AtLeast(1)}
	rest, isNone := strings.CutPrefix(strings.TrimSpace(text), "none:")
	if e.None = isNone; isNone {
		e.Count = Count{}
	}
	head, expression, hasExpression := cutExpression(rest)
	if hasExpression {
		if expression = strings.TrimSpace(expression); expression == "" {
			return nil, fail.Usage("the expression after the colon is missing").Hint(example)
		}
		var err error
		if e.where, err = jq.Compile(expression); err != nil {
			return nil, fail.Usage("%w", err).Hint(jq.Hint(err, example))
		}
	}
	if err := e.parseHead(strings.TrimSpace(head)); err != nil {
		return nil, err
	}
	return e, e.identify(known)
}

// oneLine returns a text without its line breaks.
func oneLine(text string) string { return strings.Join(strings.FieldsFunc(text, isBreak), " ") }

func isBreak(c rune) bool { return c == '\n' || c == '\r' }

const example = "--expect 'stripe:invoice.paid x2', --expect 'order.*: .body.total > 100'"

// cutExpression cuts a text at its first colon that a blank or the end follows.
func cutExpression(text string) (head, expression string, found bool) {
	for i, c := range text {
		if rest := text[i:]; c == ':' && (len(rest) == 1 || unicode.IsSpace([]rune(rest[1:])[0])) {
			return text[:i], rest[1:], true
		}
	}
	return text, "", false
}

// looksCounted reports whether a word is meant as a count.
func looksCounted(word string) bool {
	return regexp.MustCompile(`^([xX×*]?[0-9]+[0-9.+-]*|[xX×]|[0-9]+[xX×]|[<>=]+[0-9]*)$`).MatchString(word)
}

// parseHead reads the event and the count.
func (e *Expectation) parseHead(head string) error {
	words := strings.Fields(head)
	if len(words) == 0 {
		return fail.Usage("the event is missing").Hint(example)
	}
	e.event = words[0]
	switch {
	case strings.ContainsFunc(head, isControl):
		return fail.Usage("%q has a control character", head).Hint(example)
	case len(words) == 1:
		return nil
	case len(words) == 2 && looksCounted(words[1]):
		return e.parseCount(words[1])
	case strings.HasPrefix(words[1], ".") || len(words) > 2 && strings.HasPrefix(words[2], "."):
		return fail.Usage("an expression follows a colon and a blank").Hintf("--expect '%s: %s'", words[0],
			strings.Join(words[1:], " "))
	}
	return fail.Usage("%q: an event type has no blanks; * matches any part", head).Hint(example)
}

func isControl(c rune) bool { return unicode.IsControl(c) && !unicode.IsSpace(c) }

func (e *Expectation) parseCount(word string) (err error) {
	if e.None {
		return fail.Usage("%s: none: takes no count", word).Hintf("--expect 'none: %s'", e.event)
	}
	number, isCount := strings.CutPrefix(word, "x")
	if !isCount || number == "" {
		return fail.Usage("%q is not a count", word).Hintf("--expect '%s x2' is exactly two; x2+ at least, x2..4 a range",
			e.event)
	}
	e.Count, err = parseExact(number)
	switch {
	case errors.Is(err, errNone):
		return fail.Usage("%s: %w", word, err).Hintf("--expect 'none: %s'", e.event)
	case err != nil:
		return fail.Usage("count: %w", err).Hintf("--expect '%s x2' is exactly two; x2+ at least, x2..4 a range", e.event)
	}
	return nil
}

// identify finds the provider that the event names, and refuses an event of it that is probably misspelt.
func (e *Expectation) identify(known Known) error {
	prefix, event, hasPrefix := strings.Cut(e.event, ":")
	if !hasPrefix || known.isEvent(e.event) {
		return nil
	}
	p, ok := known.provider(prefix)
	if !ok {
		return nil
	}
	e.whole, e.event, e.provider = e.event, event, &p
	sample, isKnown := p.events[event]
	if isKnown {
		return e.rename(p.received(sample))
	}
	if near := fail.Nearest(event, p.builtIn); len(near) > 0 && !strings.Contains(event, "*") && !p.names(event) {
		for i := range near {
			near[i] = p.name + ":" + near[i]
		}
		return fail.Usage("%w", &EventError{p.name, event, near}).Hint(fail.DidYouMean("", near, ""))
	}
	return nil
}

// names reports whether a text is an event type as the provider's header has it.
func (p *provider) names(event string) bool {
	for _, e := range p.events {
		if e.EventName() == event {
			return true
		}
	}
	return false
}

// rename notes how a webhook calls the event: "Push Hook" for gitlab:push. Where that leaves out the last part, as with
// "Comment" for linear:Comment.create, the payload has it as its action.
func (e *Expectation) rename(name string) (err error) {
	if name == e.event {
		return nil
	}
	e.renamed = name
	if action, ok := strings.CutPrefix(e.event, name+"."); ok {
		e.action, err = jq.Compile(".body.action == " + strconv.Quote(action))
	}
	return err
}
