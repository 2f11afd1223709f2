package report

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
)

// What GitHub shows of one step: it drops further annotations, and refuses a summary of more than a MiB.
const (
	mostAnnotations = 10
	mostRows        = 500
)

// GitHub tells GitHub Actions how the check went, when getenv says that it runs there: failed cases as annotations on
// w, which is the standard error of the step, and all of them in the summary of the job.
func (r *Report) GitHub(getenv func(string) string, w io.Writer) error {
	if getenv("GITHUB_ACTIONS") != "true" {
		return nil
	}
	if _, err := io.WriteString(w, r.Annotations()); err != nil {
		return fail.Local("stderr: %w", err)
	}
	path := getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err == nil {
		_, err = f.WriteString(r.Markdown())
		if closed := f.Close(); err == nil {
			err = closed
		}
	}
	if err != nil {
		return fail.Local("GITHUB_STEP_SUMMARY: %w", err)
	}
	return nil
}

// Annotations returns the failed cases as workflow commands of GitHub Actions, at most as many as GitHub shows.
func (r *Report) Annotations() string {
	var b strings.Builder
	s, written := r.shown(), 0
	bad := s.bad()
	for _, c := range bad {
		if written++; written == mostAnnotations && len(bad) > mostAnnotations {
			fmt.Fprintf(&b, "::error title=%s::%d more\n", escapeProperty(s.Name), len(bad)-written+1)
			break
		}
		detail := c.Detail
		if retried := c.retried(); retried != "" {
			detail = strings.TrimSpace(detail + "\n" + retried)
		}
		fmt.Fprintf(&b, "::error title=%s::%s\n", escapeProperty(c.Name), escapeData(detail))
	}
	return b.String()
}

// bad returns the cases that failed or could not be checked.
func (r *Report) bad() (bad []*Case) {
	for i := range r.Cases {
		if c := &r.Cases[i]; c.Outcome != Pass && c.Outcome != Skip {
			bad = append(bad, c)
		}
	}
	return bad
}

// escapeData escapes the message of a workflow command, as @actions/core does.
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// escapeProperty escapes the value of a property of a workflow command.
func escapeProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}

// Markdown returns the report as a table for the summary of a job, the cases that failed first.
func (r *Report) Markdown() string {
	var b strings.Builder
	s := r.shown()
	fmt.Fprintf(&b, "### %s: %s\n\n", escapeMarkdown(s.Name), r.Count())
	if len(s.Cases) == 0 {
		return b.String()
	}
	b.WriteString("| | case | ms | detail |\n|---|---|--:|---|\n")
	rows := s.bad()
	for i := range s.Cases {
		if c := &s.Cases[i]; !slices.Contains(rows, c) && len(rows) < mostRows {
			rows = append(rows, c)
		}
	}
	for _, c := range rows[:min(len(rows), mostRows)] {
		detail := escapeMarkdown(c.Summary())
		if retried := c.retried(); retried != "" {
			detail = strings.TrimPrefix(detail+", "+retried, ", ")
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %s |\n", c.Outcome, escapeMarkdown(c.Name), c.Took.Milliseconds(), detail)
	}
	if more := len(s.Cases) - min(len(rows), mostRows); more > 0 {
		fmt.Fprintf(&b, "\n%d more\n", more)
	}
	b.WriteByte('\n')
	return b.String()
}

// escapeMarkdown writes every character that GitHub's Markdown gives a meaning as a reference, which has none.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteByte(' ')
		case strings.ContainsRune("&<>|\\`*_[]#~:@!$(){}", r):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return strings.ReplaceAll(b.String(), "www.", "www&#46;") // which would be a link
}
