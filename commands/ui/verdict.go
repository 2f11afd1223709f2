package ui

import (
	"cmp"
	"slices"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// VerdictLine is the result of checking one signature.
type VerdictLine struct {
	record.Verdict
	Scheme     string
	Detail     string
	SenderOnly bool   // the signature says nothing about the body
	Spelling   string // the signature's spelling that the provider's SDK refuses; "" for none
}

// VerdictLine writes one line:
//
//	valid  stripe v1  age 12s  secret env:WHSEC
//	invalid  signature_mismatch  stripe  signature does not match secret env:WHSEC
func (p *Printer) VerdictLine(v VerdictLine) {
	scheme := strings.TrimSpace(v.Scheme + " " + v.Version)
	var parts []string
	if v.Status == record.Valid {
		parts = []string{p.good("valid"), scheme}
	} else {
		parts = []string{p.bad("invalid"), p.bold(v.Reason), scheme}
	}
	if v.HasAge {
		parts = append(parts, "age "+Age(v.Age))
	}
	if v.Secret != "" {
		parts = append(parts, "secret "+EscapeLine(v.Secret))
	}
	if v.Status != record.Valid {
		parts = append(parts, cmp.Or(EscapeLine(v.Detail), Reason(v.Reason, v.Tried)))
	}
	if v.Status == record.Valid && v.SenderOnly {
		parts = append(parts, p.warn("authenticates the sender, not the body"))
	}
	if v.Status == record.Valid && v.Spelling != "" {
		parts = append(parts, p.warn("but the provider's SDK rejects "+v.Spelling))
	}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	p.Line(strings.Join(parts, "  "))
}
