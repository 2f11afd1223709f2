package ui

import (
	"bytes"
	"testing"
)

func TestRecordsAreATableWhereItFits(t *testing.T) {
	head, rows := []string{"ROUTE", "SECRET", "BY"}, [][]string{{"route.1", "env:STRIPE_WEBHOOK_SECRET", ""},
		{"route.2", "file:/run/secrets/github", "insecure"}}
	const table = "ROUTE    SECRET                     BY\n" +
		"route.1  env:STRIPE_WEBHOOK_SECRET\nroute.2  file:/run/secrets/github   insecure\n"
	for width, want := range map[int]string{0: table, 44: table,
		43: "route   route.1\nsecret  env:STRIPE_WEBHOOK_SECRET\n\n" +
			"route   route.2\nsecret  file:/run/secrets/github\nby      insecure\n"} {
		var out bytes.Buffer
		(&Printer{W: &out, Width: width}).Records(head, rows)
		if out.String() != want {
			t.Errorf("at %d columns:\n%s\nwant:\n%s", width, out.String(), want)
		}
	}
}
