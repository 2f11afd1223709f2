package commands

import (
	"os"
	"path/filepath"
	"testing"
)

func TestASavedEventIsNeverWrittenOverAnother(t *testing.T) {
	file := filepath.Join(t.TempDir(), "acme", "order.json")
	if err := writeEvent(file, []byte("one"), sidecar{Schema: 1}, false); err != nil {
		t.Fatal(err)
	}
	if err := writeEvent(file, []byte("two"), sidecar{Schema: 1}, false); err == nil {
		t.Error("it was written again")
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "one" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestNamesOfEventsStayInTheirFolder(t *testing.T) {
	for text, want := range map[string]bool{
		"stripe:invoice.paid": true, "shopify:orders/create": true, "a:b": true, "paypal:PAYMENT.CAPTURE.COMPLETED": true,
		"": false, "a": false, "a:": false, ":b": false, "..:b": false, "a:..": false, "a:../b": false, "a:b/../../c": false, "a:/etc/passwd": false,
		"a:b/": false, "a:.hidden": false, "a/b:c": false, `a:b\c`: false, "a:b c": false, "a:b\x00": false, "a:b:c": false, "a:-b": false,
	} {
		if _, _, ok := splitEvent(text); ok != want {
			t.Errorf("%q: %v", text, ok)
		}
	}
}
