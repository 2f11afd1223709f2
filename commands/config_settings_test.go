package commands

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/shell"
)

// Each setting is listed here: either it is harmless in a file that was found, or the user is asked about it.
func TestEverySettingIsHarmlessOrAskedAbout(t *testing.T) {
	asked := map[string]string{
		"db": "history.db", "addr": "0.0.0.0:4242", "metrics": "192.0.2.1:9242", "proxy": "http://127.0.0.1:1",
		"cacert": "ca.pem", "tls-cert": "/elsewhere/cert.pem", "tls-key": "../key.pem", "unix-socket": "/elsewhere/s",
		"forward-to": "https://example.com", "respond": "200;body=@/etc/passwd", "fail-with": "500;body=@/etc/passwd",
		"insecure": "true", "cert": "/elsewhere/c.pem", "key": "../k.pem", "forward-header": "Authorization: env:TOKEN",
	}
	harmless := []string{
		"color", "scheme", "retries", "backoff", "base", "max-delay", "jitter", "retry-on", "timeout", "connect-timeout",
		"deadline", "seed", "as", "schedule", "speed", "until-2xx", "tolerance", "max-body", "keep-invalid",
		"max-inflight", "public-url", "handshake", "tls", "allow-ip", "rate-limit", "fail-rate", "latency", "platform",
		"event", "where", "dedupe", "mode", "queue", "concurrency", "ordered", "breaker", "per-endpoint", "rate", "over",
		"min-samples", "min-success", "max-p99", "max-queue", "max-signature-failures", "max-retry-rate",
		"max-dead-letters",
	}
	sh := &shell.Shell{}
	newRoot(sh, []string{"version"})
	seen := map[string]bool{}
	for _, s := range sh.SettingsOf(func(string) bool { return true }) {
		seen[s.Flag] = true
		value, isAsked := asked[s.Flag]
		if isAsked == slices.Contains(harmless, s.Flag) {
			t.Errorf("%s: is it harmless in a barb.toml that was found? If not, wishes.setting is to know it", s.Key())
		}
		dir := t.TempDir()
		text := fmt.Sprintf("%s = %q\n", s.Key(), value)
		if err := os.WriteFile(dir+"/barb.toml", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := config.Find("", dir, "")
		if err == nil {
			err = file.Read(dir, sh.SettingsOf)
		}
		if err != nil || (len(file.Wants) == 1) != isAsked {
			t.Errorf("%s wants %v, %v", text, file.Wants, err)
		}
	}
	for flag := range asked {
		harmless = append(harmless, flag)
	}
	for _, flag := range harmless {
		if !seen[flag] {
			t.Errorf("--%s is no setting", flag)
		}
	}
}
