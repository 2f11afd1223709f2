package config

import (
	"os"
	"slices"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// A history in the folder of the file may hold what another has queued, and an address of this machine alone is no
// door.
func TestAHistoryAndADoorAreAskedAbout(t *testing.T) {
	for value, asked := range map[[2]string]bool{
		{"db", "h.db"}: true, {"db", "./sub/h.db"}: true, {"db", "file:h.db"}: true,
		{"db", "postgres://localhost/hooks"}: true,
		{"listen.addr", "0.0.0.0:4242"}:      true, {"listen.addr", "[::]:4242"}: true,
		{"listen.addr", "example.com:1"}: true, {"listen.addr", "127.0.0.1.nip.io:1"}: true,
		{"listen.addr", ":4242"}: false, {"listen.addr", "4242"}: false, {"listen.addr", "127.0.0.1:4242"}: false,
		{"listen.addr", "[::1]:0"}: false, {"listen.addr", "localhost:1"}: false,
		{"listen.metrics", "0.0.0.0:9242"}: true, {"listen.metrics", ":0"}: false,
		{"deliver.metrics", "[2001:db8::1]:1"}: true, {"deliver.metrics", "127.9.9.9:1"}: false,
	} {
		file := &File{Path: t.TempDir() + "/barb.toml", Values: map[string]string{value[0]: value[1]}}
		if wants := wantsOf(file, nil, settings(every), t.TempDir()); (len(wants) == 1) != asked {
			t.Errorf("%s = %q wants %v", value[0], value[1], wants)
		}
	}
}

// A cloned repository must not empty the history of the user who enters it.
func TestLimitsOfTheHistoryAreAskedAbout(t *testing.T) {
	for _, text := range []string{"[history]\nmax_age = \"1s\"\n", "[history]\nmax_size = \"1MB\"\n",
		"history = { max_age = \"1s\" }\n"} {
		file := mustRead(t, text)
		if wants := file.Wants; len(wants) != 1 || wants[0].What != "remove webhooks from the history" {
			t.Errorf("%q wants %+v", text, wants)
		}
	}
}

// What was agreed to is kept by the text of all wants, so they must come in the same order each time.
func TestWantsOfALineHaveOneOrder(t *testing.T) {
	const text = `history = { max_age = "9d", max_size = "4GB", a = "cmd:a", b = "cmd:b" }`
	file := &File{Path: t.TempDir() + "/barb.toml", text: []byte(text), entries: entriesOf([]byte(text))}
	file.lines = file.entries.keys()
	plain := map[string]any{}
	if err := toml.Unmarshal(file.text, &plain); err != nil {
		t.Fatal(err)
	}
	if err := toml.Unmarshal(file.text, &file.tables); err != nil {
		t.Fatal(err)
	}
	first := wantsOf(file, plain, nil, t.TempDir())
	for range 50 {
		if again := wantsOf(file, plain, nil, t.TempDir()); !slices.Equal(first, again) || len(again) != 4 {
			t.Fatalf("%v, then %v", first, again)
		}
	}
}

// The rows of an array that is a value have no lines of their own.
func TestAWantInAnArrayHasTheLineOfTheArray(t *testing.T) {
	file := mustRead(t, "\nroute = [\n { path = \"/a\" },\n { secret = \"cmd:x\" },\n]\n")
	if len(file.Wants) != 1 || file.Wants[0].Line != 2 {
		t.Errorf("%+v", file.Wants)
	}
}

func TestOnlyThisMachineIsLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"http://127.0.0.1:3000": true, "http://127.255.0.1": true, "https://[::1]:1/a": true, "http://localhost:3000": true,
		"http://LOCALHOST":          true,
		"http://[::ffff:127.0.0.1]": true, "http://0.0.0.0:3000": false, "http://[::]": false,
		"http://localhost.example.com": false,
		"http://a.localhost":           true, "http://b.LOCALHOST.:1": true, "http://notlocalhost": false,
		"http://127.0.0.1.nip.io": false, "http://127.1": false,
		"http://2130706433": false, "http://localhost@example.com": false,
		"http://169.254.169.254": false, "http://example.com#@127.0.0.1": false, "http://127.0.0.1\\@example.com": false,
		"": false,
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
	for link, to := range map[string]string{home + "/link": elsewhere + "/project", elsewhere + "/project/out": home,
		elsewhere + "/project/in": "sub"} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	for path, asked := range map[string]bool{
		"key": false, "sub/key": false, "in/key": false, "out/key": true, "../project/key": true, "../link/key": false,
		"out/../key": false, "missing/key": false, "/etc/passwd": true, "..": true, elsewhere + "/project/key": false,
	} {
		file := &File{Path: home + "/link/barb.toml", Values: map[string]string{"listen.tls_key": path}}
		if wants := wantsOf(file, nil, settings(every), home+"/link"); (len(wants) > 0) != asked {
			t.Errorf("tls_key = %q wants %v", path, wants)
		}
	}
	for path, asked := range map[string]bool{"key": false, "in/key": false, "in/../key": false, "../project/key": false,
		"out/../key": true, "../link/key": true} {
		file := &File{Path: home + "/link/barb.toml"}
		wants := wantsOf(file, map[string]any{"secret": "file:" + path}, nil, home+"/link")
		if (len(wants) > 0) != asked {
			t.Errorf("file:%s wants %v", path, wants)
		}
	}
}
