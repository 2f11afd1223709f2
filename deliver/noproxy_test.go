package deliver

import "testing"

func TestProxyVariablesFollowTheUsualRules(t *testing.T) {
	t.Parallel()
	const proxy = "http://proxy.example:3128"
	tests := []struct {
		url, noProxy string
		want         bool
	}{
		{"http://hooks.example/", "", true},
		{"https://hooks.example/", "", true},
		{"http://localhost:80/", "", false},
		{"http://app.localhost/", "", false},
		{"http://LOCALHOST./", "", false},
		{"http://127.9.9.9/", "", false},
		{"http://[::1]:8080/", "", false},
		{"http://[::ffff:127.0.0.1]/", "", false},
		{"http://hooks.example/", "*", false},
		{"http://hooks.example/", "other.example, hooks.example", false},
		{"http://a.hooks.example/", "hooks.example", false},
		{"http://badhooks.example/", "hooks.example", true},
		{"http://hooks.example/", ".hooks.example", true},
		{"http://a.hooks.example/", ".hooks.example", false},
		{"http://a.hooks.example/", "*.hooks.example", false},
		{"http://HOOKS.example/", "hooks.EXAMPLE", false},
		{"http://hooks.example:8080/", "hooks.example:8080", false},
		{"http://hooks.example/", "hooks.example:8080", true},
		{"https://hooks.example/", "hooks.example:443", false},
		{"http://10.1.2.3/", "10.0.0.0/8", false},
		{"http://11.1.2.3/", "10.0.0.0/8", true},
		{"http://10.1.2.3/", "10.1.2.3", false},
		{"http://10.1.2.3:90/", "10.1.2.3:80", true},
		{"http://[2001:db8::1]/", "2001:db8::1", false},
		{"http://[2001:db8::1]:80/", "[2001:db8::1]:80", false},
		{"http://[2001:db8::2]/", "2001:db8::1", true},
		{"http://hooks.example/", " , ,", true},
	}
	for _, test := range tests {
		to, err := parseEndpoint(test.url)
		if err != nil {
			t.Fatal(err)
		}
		// Lower case counts where upper case is not set.
		env := map[string]string{"http_proxy": proxy, "HTTPS_PROXY": proxy, "https_proxy": "http://wrong",
			"no_proxy": test.noProxy}
		u, err := environmentProxy(func(name string) string { return env[name] }, to)
		if err != nil || (u != nil) != test.want || u != nil && u.String() != proxy {
			t.Errorf("%s with NO_PROXY=%q: %v %v", test.url, test.noProxy, u, err)
		}
	}
}

func TestBoundedCutsBetweenCharacters(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"abc": "abc", "abcdef": "abcd", "abcé": "abc", "": ""} {
		if got := bounded(in, 4); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}
