package conformance

import (
	"os/exec"
	"strings"
	"testing"
)

// judgeJUnit has xmllint judge JUnit files by what Jenkins takes, and returns what it says; "" when all are valid.
func judgeJUnit(t *testing.T, paths ...string) string {
	t.Helper()
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Fatal("xmllint is missing; apt-get install libxml2-utils")
	}
	args := append([]string{"--noout", "--nonet", "--relaxng", "testdata/junit.rng"}, paths...)
	out, err := exec.Command("xmllint", args...).CombinedOutput()
	if err == nil {
		return ""
	}
	return string(out)
}

// TestJenkinsTakesTheReports judges the golden reports of commands/report, one of them of hostile names.
func TestJenkinsTakesTheReports(t *testing.T) {
	const golden = "../commands/report/testdata/"
	if said := judgeJUnit(t, golden+"small.xml", golden+"strange.xml"); said != "" {
		t.Error(said)
	}
	if said := judgeJUnit(t, "testdata/junit.rng"); !strings.Contains(said, "fails to validate") {
		t.Errorf("the judge takes anything: %s", said)
	}
}
