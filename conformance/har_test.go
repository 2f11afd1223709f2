package conformance

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// The published schema of HAR 1.2 accepts what barb exports, whatever is in the webhooks.
func TestExportedHARsAreValid(t *testing.T) {
	const dir = "har"
	npmInstall(t, dir)
	validate := func(har string) (string, bool) {
		cmd := exec.Command("node", "validate.mjs")
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(har)
		out, err := cmd.CombinedOutput()
		return string(out), err == nil
	}
	env := environment(t)
	var raw bytes.Buffer
	for _, r := range []string{
		"POST /a?b=1&c=%20&d HTTP/1.1\r\nHost: h\r\nX: 1\r\nx: 2\r\nContent-Length: 3\r\n\r\n\x00\xff\n",
		"POST /caf\xe9|^?{} HTTP/1.1\r\nHost: h\r\nX: caf\xe9\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
		"GET /% HTTP/1.1\r\nHost: h:81\r\nX-Empty:\r\n\r\n",
		"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nT: 1\r\n\r\n",
	} {
		raw.WriteString(r)
	}
	if _, code := runIn(t, env, raw.Bytes(), "import", "http", "-"); code != 0 {
		t.Fatalf("barb import: exit code %d", code)
	}
	// an answer, and a delivery that got none
	if _, code := runIn(t, env, nil, "send", "http://127.0.0.1:1/", "-d", "{}", "--retries", "0"); code != 3 {
		t.Fatalf("barb send: exit code %d", code)
	}
	har, code := runIn(t, env, nil, "export", "har")
	if code != 0 || strings.Count(har, `"startedDateTime"`) != 5 {
		t.Fatalf("barb export: exit code %d\n%s", code, har)
	}
	if said, ok := validate(har); !ok {
		t.Errorf("%s\n%s", said, har)
	}
	for _, part := range []string{`"startedDateTime"`, `"queryString"`, `"wait"`, `"creator"`} {
		if said, ok := validate(strings.Replace(har, part, `"other"`, 1)); ok || !strings.Contains(said, "should have") {
			t.Errorf("the schema accepts a HAR without %s: %s", part, said)
		}
	}
	if _, code := runIn(t, env, []byte(har), "import", "har", "-"); code != 0 {
		t.Errorf("barb import har: exit code %d", code)
	}
}
