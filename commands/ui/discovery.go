package ui

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/barbhq/barb/sign/discover"
)

// Discovery writes the result of a search for a scheme. secret is the name of the matching secret, age the message's
// age, "" for a message without a timestamp.
func (p *Printer) Discovery(r *discover.Result, secret, age string) {
	tried := grouped(r.Tried) + " tried"
	if !r.Found {
		if r.Cut {
			tried += ", more than a search may take"
		}
		p.Line(fmt.Sprintf("not found  %s, %s, %s  (%s)", Count(r.Signatures, "signature"), Count(r.Times, "timestamp"),
			Count(r.IDs, "id"), tried))
		return
	}
	parts := []string{"found  " + EscapeLine(r.Scheme.Formula()), carrierText(r.Scheme.Header),
		"secret " + EscapeLine(secret)}
	if age != "" {
		parts = append(parts, age)
	}
	p.Line(strings.Join(parts, "  ") + "  (" + tried + ")")
	switch {
	case len(r.Same) > 0:
		p.Line("this is " + firstOf(r.Same) + ", which barb knows: -s " + r.Same[0])
	case len(r.Like) > 0:
		p.Line("same as " + firstOf(r.Like) + " but for the headers")
	}
}

// grouped formats a number with separated thousands: 1,284.
func grouped(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

// carrierText returns the part of a request that holds the signature.
func carrierText(header string) string {
	if strings.Contains(header, ":") {
		return "in " + header
	}
	return "header " + header
}

// firstOf lists the first three names.
func firstOf(names []string) string {
	const shown = 3
	if len(names) > shown {
		return strings.Join(names[:shown], ", ") + fmt.Sprintf(" and %d more", len(names)-shown)
	}
	return strings.Join(names, ", ")
}
