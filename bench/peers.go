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
	ID      string         `json:"id"`
	Command string         `json:"execute-command"`
	Wait    bool           `json:"include-command-output-in-response"` // else it would start as many processes as requests
	When    map[string]any `json:"trigger-rule"`
}

// peers are other programs that receive webhooks, against the same bare server as listen.
func (b *bench) peers(bare received) ([]row, error) {
	b.note("Not measured: webhook-tester, which is neither served as a module nor in Debian; on a machine that had it, " +
		"it came to 0.47× of the bare server without verifying.")
	path := filepath.Join(b.bin, "webhook")
	if info, _ := os.Stat(path); info == nil {
		b.note("Not measured: adnanh/webhook, whose Debian package could not be fetched.")
		return nil, nil
	}
	var rows []row
	for _, way := range []struct{ what, secret string }{
		{"peer: adnanh/webhook, a signature refused, c=64, against bare net/http", "another"},
		{"… verified, and /bin/true run for each", secret},
	} {
		rate, err := b.adnanh(path, way.secret)
		if err != nil {
			return rows, err
		}
		rows = append(rows, row{what: way.what, barb: perSecond(rate), peer: perSecond(bare.rate.median()),
			value: rate / bare.rate.median(), unit: "×"})
	}
	return rows, nil
}

// adnanh is how many answers a second adnanh/webhook gives.
func (b *bench) adnanh(path, key string) (rate float64, err error) {
	hooks, err := json.Marshal([]rule{{ID: "github", Command: "/bin/true", Wait: true,
		When: map[string]any{"match": map[string]any{
			"type": "payload-hmac-sha256", "secret": key,
			"parameter": map[string]string{"source": "header", "name": "X-Hub-Signature-256"}}}}})
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(b.path("hooks.json"), hooks, 0o600); err != nil {
		return 0, err
	}
	address, err := freeAddress()
	if err != nil {
		return 0, err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return 0, err
	}
	c := command{path: path, cpu: toolCPU, args: []string{"-hooks", b.path("hooks.json"), "-ip", host, "-port", port,
		"-urlprefix", "webhooks"}}
	s, err := b.serveAt(c, address)
	if err != nil {
		return 0, err
	}
	defer s.kill()
	report, err := b.wrk(s.url, "body.json", 64, min(b.seconds, 2*time.Second))
	if err != nil {
		return 0, err
	}
	return float64(report.answers) / report.seconds, nil
}
