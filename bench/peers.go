package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"time"
)

// rule is what adnanh/webhook reads of a hook.
type rule struct {
	ID      string `json:"id"`
	Command string `json:"execute-command"`
	// Wait for the command: else it would start as many processes as requests.
	Wait bool           `json:"include-command-output-in-response"`
	When map[string]any `json:"trigger-rule"`
}

// peers are other programs that receive webhooks, against the same bare server as listen.
func (b *bench) peers(bare rounds) ([]row, error) {
	b.note("Not measured: webhook-tester, which is neither served as a module nor in Debian; on a machine that had it, " +
		"it came to 0.47× of the bare server without verifying.")
	path := filepath.Join(b.bin, "webhook")
	if info, _ := os.Stat(path); info == nil {
		b.note("Not measured: adnanh/webhook, whose Debian package could not be fetched.")
		return nil, nil
	}
	var rows []row
	for _, way := range []struct{ what, secret string }{
		{"peer adnanh/webhook, a signature refused, c=64", "another"},
		{"peer adnanh/webhook, verified, /bin/true run for each, c=64", secret},
	} {
		r, err := b.adnanh(path, way.secret)
		if err != nil {
			return rows, err
		}
		theirs := rateLine(way.what, "net/http + HMAC, keeps nothing", r, bare, goal{})
		theirs.Value = r.rate.median() / bare.rate.median()
		rows = append(rows, theirs)
	}
	return rows, nil
}

// adnanh is one round of adnanh/webhook. The processor time of what it runs counts.
func (b *bench) adnanh(path, key string) (r rounds, err error) {
	hooks, err := json.Marshal([]rule{{ID: "github", Command: "/bin/true", Wait: true,
		When: map[string]any{"match": map[string]any{
			"type": "payload-hmac-sha256", "secret": key,
			"parameter": map[string]string{"source": "header", "name": "X-Hub-Signature-256"}}}}})
	if err != nil {
		return r, err
	}
	if err := os.WriteFile(b.path("hooks.json"), hooks, 0o600); err != nil {
		return r, err
	}
	address, err := freeAddress()
	if err != nil {
		return r, err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return r, err
	}
	c := command{path: path, cpu: toolCPU, args: []string{"-hooks", b.path("hooks.json"), "-ip", host, "-port", port,
		"-urlprefix", "webhooks"}}
	s, err := b.serveAt(c, address)
	if err != nil {
		return r, err
	}
	report, err := b.wrk(s.url, load{file: "body.json", connections: 64, cpu: peerCPU}, min(b.seconds, 2*time.Second))
	s.kill()
	if err == nil {
		r.took(max(report.answers, 1), report.seconds, s.used)
	}
	return r, err
}
