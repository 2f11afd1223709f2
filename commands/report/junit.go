package report

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// The elements of Jenkins' schema for JUnit (junit-10.xsd of its xunit plugin) that a report uses.
type (
	xmlSuites struct {
		XMLName  xml.Name `xml:"testsuites"`
		Name     string   `xml:"name,attr"`
		Time     string   `xml:"time,attr"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		Suite    xmlSuite `xml:"testsuite"`
	}
	xmlSuite struct {
		Name      string    `xml:"name,attr"`
		Tests     int       `xml:"tests,attr"`
		Failures  int       `xml:"failures,attr"`
		Errors    int       `xml:"errors,attr"`
		Skipped   int       `xml:"skipped,attr"`
		Time      string    `xml:"time,attr"`
		Timestamp string    `xml:"timestamp,attr"`
		Cases     []xmlCase `xml:"testcase"`
	}
	xmlCase struct {
		Name    string     `xml:"name,attr"`
		Class   string     `xml:"classname,attr"`
		Time    string     `xml:"time,attr"`
		Skipped *xmlDetail `xml:"skipped"`
		Error   *xmlDetail `xml:"error"`
		Failure *xmlDetail `xml:"failure"`
		Flaky   *xmlDetail `xml:"flakyFailure"`
		Out     string     `xml:"system-out,omitempty"`
	}
	xmlDetail struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit returns the report as JUnit XML, valid by Jenkins' schema. A case that passed after retries has a flakyFailure,
// by which CI servers know flaky tests.
func (r *Report) JUnit() ([]byte, error) {
	s, n := r.shown(), r.Count()
	suite := xmlSuite{Name: s.Name, Tests: n.Total(), Failures: n.Failed, Errors: n.Errors, Skipped: n.Skipped,
		Time: seconds(s.Took), Timestamp: s.Began.UTC().Format("2006-01-02T15:04:05"), Cases: []xmlCase{}}
	for i := range s.Cases {
		suite.Cases = append(suite.Cases, newXMLCase(&s.Cases[i]))
	}
	data, err := xml.MarshalIndent(xmlSuites{Name: s.Name, Time: suite.Time, Tests: suite.Tests,
		Failures: suite.Failures, Errors: suite.Errors, Suite: suite}, "", "  ")
	return append([]byte(xml.Header), append(data, '\n')...), err
}

func newXMLCase(c *Case) xmlCase {
	detail := &xmlDetail{Message: inert(c.Summary()), Text: inert(c.Detail)}
	x := xmlCase{Name: inert(c.Name), Class: inert(c.Class), Time: seconds(c.Took), Out: inert(c.output())}
	switch c.Outcome {
	case Pass:
		if c.Retries > 0 {
			x.Flaky = &xmlDetail{Message: c.retried(), Type: "retried"}
		}
	case Skip:
		detail.Type, x.Skipped = "skipped", detail
	case Fail:
		detail.Type, x.Failure = "failed", detail
	default:
		detail.Type, x.Error = "error", detail
	}
	return x
}

// output returns what is known of a case beside how it ended. The schema has no properties of a case.
func (c *Case) output() string {
	var b strings.Builder
	if c.Retries > 0 {
		fmt.Fprintf(&b, "attempts: %d\n", c.Retries+1)
	}
	for _, p := range c.Properties {
		fmt.Fprintf(&b, "%s: %s\n", p.Name, p.Value)
	}
	return b.String()
}

// inert returns a text without the mark by which Jenkins and GitLab attach a file of the workspace to a test.
func inert(text string) string { return strings.ReplaceAll(text, "[[", "[ [") }

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", max(d, 0).Seconds()) }
