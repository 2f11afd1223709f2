package flags

import "testing"

func TestTargetsAreWhatPeopleType(t *testing.T) {
	for text, want := range map[string]string{
		":3000": "http://127.0.0.1:3000", "3000": "http://127.0.0.1:3000",
		":3000/hooks?a=b":  "http://127.0.0.1:3000/hooks?a=b",
		"localhost:3000/x": "http://localhost:3000/x", "https://example.com//a%2F": "https://example.com//a%2F",
		"http://[::1]:80/": "http://[::1]:80/",
	} {
		if got, err := Target(text); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "ftp://x", "http://", "http:/h", "https:/h", "http://a b/", "http://u:p@h/", ":0",
		":99999", "http://h:x/"} {
		if got, err := Target(text); err == nil {
			t.Errorf("%q was taken as %s", text, got)
		}
	}
	for text, want := range map[string]string{"http://u:p@h/a": "http://…@h/a", "u:p@h": "…@h",
		"http://h/a@b": "http://h/a@b"} {
		if got := WithoutUser(text); got != want {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
}
