package config

import (
	"os"
	"slices"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// A new setting is either harmless in a file that was found or one that is asked about; which, is to be decided here.
func TestEverySettingIsHarmlessOrAskedAbout(t *testing.T) {
	asked := map[string]string{
		"db": "history.db", "addr": "0.0.0.0:4242", "metrics": "192.0.2.1:9242", "proxy": "http://127.0.0.1:1", "cacert": "ca.pem", "tls-cert": "/elsewhere/cert.pem", "tls-key": "../key.pem",
		"unix-socket": "/elsewhere/s", "forward-to": "https://example.com", "respond": "200;body=@/etc/passwd", "fail-with": "500;body=@/etc/passwd",
	}
	harmless := []string{
		"color", "scheme", "retries", "backoff", "base", "max-delay", "jitter", "retry-on", "timeout", "connect-timeout", "deadline", "seed", "as",
		"schedule", "speed", "until-2xx", "tolerance", "max-body", "keep-invalid", "max-inflight", "public-url", "handshake", "tls", "allow-ip", "rate-limit",
		"fail-rate", "latency", "platform", "event", "where", "dedupe", "mode", "queue", "concurrency", "ordered", "breaker", "per-endpoint", "rate",
		"over", "min-samples", "min-success", "max-p99", "max-queue", "max-signature-failures", "max-retry-rate", "max-dead-letters",
	}
	for _, s := range Settings {
		value, isAsked := asked[s.Flag]
		file := &File{Path: t.TempDir() + "/barb.toml", Values: map[string]string{s.Key(): value}}
		switch wants := wantsOf(file, nil, t.TempDir()); {
		case isAsked == slices.Contains(harmless, s.Flag):
			t.Errorf("%s: is it harmless in a barb.toml that was found? If not, wishes.setting is to know it", s.Key())
		case isAsked && len(wants) != 1:
			t.Errorf("%s = %q is not asked about", s.Key(), value)
		}
	}
}

// A history in the folder of the file may hold what another has queued, and an address of this machine alone is no
// door.
func TestAHistoryAndADoorAreAskedAbout(t *testing.T) {
	for value, asked := range map[[2]string]bool{
		{"db", "h.db"}: true, {"db", "./sub/h.db"}: true, {"db", "file:h.db"}: true, {"db", "postgres://localhost/hooks"}: true,
		{"listen.addr", "0.0.0.0:4242"}: true, {"listen.addr", "[::]:4242"}: true, {"listen.addr", "example.com:1"}: true, {"listen.addr", "127.0.0.1.nip.io:1"}: true,
		{"listen.addr", ":4242"}: false, {"listen.addr", "4242"}: false, {"listen.addr", "127.0.0.1:4242"}: false, {"listen.addr", "[::1]:0"}: false, {"listen.addr", "localhost:1"}: false,
		{"listen.metrics", "0.0.0.0:9242"}: true, {"listen.metrics", ":0"}: false, {"deliver.metrics", "[2001:db8::1]:1"}: true, {"deliver.metrics", "127.9.9.9:1"}: false,
	} {
		file := &File{Path: t.TempDir() + "/barb.toml", Values: map[string]string{value[0]: value[1]}}
		if wants := wantsOf(file, nil, t.TempDir()); (len(wants) == 1) != asked {
			t.Errorf("%s = %q wants %v", value[0], value[1], wants)
		}
	}
}

// A cloned repository must not empty the history of the user who enters it.
func TestLimitsOfTheHistoryAreAskedAbout(t *testing.T) {
	for _, text := range []string{"[history]\nmax_age = \"1s\"\n", "[history]\nmax_size = 1\n", "history = { max_age = \"1s\" }\n"} {
		path := t.TempDir() + "/barb.toml"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file := &File{Path: path}
		if err := toml.Unmarshal([]byte(text), file); err != nil {
			t.Fatal(err)
		}
		file.text = []byte(text)
		if wants := wantsOf(file, nil, t.TempDir()); len(wants) != 1 || wants[0].What != "remove what is older or more from the history" {
			t.Errorf("%q wants %+v", text, wants)
		}
	}
}

func TestOnlyThisMachineIsLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"http://127.0.0.1:3000": true, "http://127.255.0.1": true, "https://[::1]:1/a": true, "http://localhost:3000": true, "http://LOCALHOST": true,
		"http://[::ffff:127.0.0.1]": true, "http://0.0.0.0:3000": false, "http://[::]": false, "http://localhost.example.com": false,
		"http://a.localhost": false, "http://127.0.0.1.nip.io": false, "http://127.1": false, "http://2130706433": false, "http://localhost@example.com": false,
		"http://169.254.169.254": false, "http://example.com#@127.0.0.1": false, "http://127.0.0.1\\@example.com": false, "": false,
	} {
		if got := IsLoopback(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

// The file that is judged is the file that is opened, also when the folder was entered over a link. For a path in
// barb.toml, .. is then the folder of the link; for a file: reference it is the parent of the link's target.
func TestAPathIsFollowedAsItIsUsed(t *testing.T) {
	home, elsewhere := t.TempDir(), t.TempDir()
	for _, dir := range []string{elsewhere + "/project", home + "/project", elsewhere + "/project/sub"} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{home + "/link": elsewhere + "/project", elsewhere + "/project/out": home, elsewhere + "/project/in": "sub"} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	for path, asked := range map[string]bool{
		"key": false, "sub/key": false, "in/key": false, "out/key": true, "../project/key": true, "../link/key": false,
		"out/../key": false, "missing/key": false, "/etc/passwd": true, "..": true, elsewhere + "/project/key": false,
	} {
		file := &File{Path: home + "/link/barb.toml", Values: map[string]string{"listen.tls_key": path}}
		if wants := wantsOf(file, nil, home+"/link"); (len(wants) > 0) != asked {
			t.Errorf("tls_key = %q wants %v", path, wants)
		}
	}
	for path, asked := range map[string]bool{"key": false, "in/key": false, "in/../key": false, "../project/key": false, "out/../key": true, "../link/key": true} {
		file := &File{Path: home + "/link/barb.toml"}
		wants := wantsOf(file, map[string]any{"secret": "file:" + path}, home+"/link")
		if (len(wants) > 0) != asked {
			t.Errorf("file:%s wants %v", path, wants)
		}
	}
}
