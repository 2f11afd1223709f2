package probe

import (
	"os/exec"
	"testing"
)

// A body is reprinted as the languages do it, when they read the keys in order.
func TestReprintersPrintAsTheLanguagesDo(t *testing.T) {
	t.Parallel()
	const body = `{"a":"x, \"y\": \\","b":{"c":[1,1.0,2.5,null,true],"é":"😀 <&>"},"c":[]}`
	for _, c := range []struct{ from, want string }{
		{printed(t, "node", "-e", `process.stdout.write(JSON.stringify(JSON.parse(process.argv[1])))`, body),
			string(reprinters[0].print([]byte(body)))},
		{printed(t, "python3", "-c", `import json,sys; sys.stdout.write(json.dumps(json.loads(sys.argv[1])))`, body),
			string(reprinters[1].print([]byte(body)))},
		{"a=1&c=%20", string(reprinters[2].print([]byte("a=1&b=&c=%20&d")))},
	} {
		if c.from != "" && c.from != c.want {
			t.Errorf("got  %s\nwant %s", c.want, c.from)
		}
	}
	for _, r := range reprinters {
		if out := r.print([]byte(`[1]`)); out != nil {
			t.Errorf("%s: %s", r.what, out)
		}
	}
}

// printed returns what a program prints, "" where it is not installed.
func printed(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		return ""
	}
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
