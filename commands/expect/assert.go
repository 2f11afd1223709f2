package expect

import (
	"strings"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/jq"
)

// That is a condition that webhooks must fulfil.
type That struct {
	Text string // as it was written, on one line
	expr *jq.Expr
}

// ParseThat compiles a condition. The error is a *fail.Error with exit code 2 that points into it.
func ParseThat(text string) (*That, error) {
	if strings.TrimSpace(text) == "" {
		return nil, fail.Usage("the expression is empty").Hint(exampleThat)
	}
	expr, err := jq.Compile(text)
	if err != nil {
		return nil, fail.Usage("%w", err).Hint(jq.Hint(err, exampleThat))
	}
	return &That{oneLine(text), expr}, nil
}

const exampleThat = "--that '.status < 300'"

// Failure is a webhook that does not fulfil a condition.
type Failure struct {
	Came
	That *That
	Why  []string // "status is 503"
}

// Assert returns the conditions that a webhook does not fulfil. Each may take as long as within; 0: any time.
func Assert(conditions []*That, w Webhook, within time.Duration) (failures []Failure) {
	for _, c := range conditions {
		if ok, why := c.expr.Judge(w.Subject, within); !ok {
			failures = append(failures, Failure{cameOf(w), c, why})
		}
	}
	return failures
}
