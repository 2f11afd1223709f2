package deliver_test

import (
	"testing"

	"github.com/barbhq/barb/deliver"
)

func TestWhatLeavesThePrivateNetworksIsPublic(t *testing.T) {
	for _, c := range []struct {
		o         deliver.Options
		url, want string
	}{
		{url: "http://127.0.0.1:3000/hooks"}, {url: "http://localhost:3000"}, {url: "http://app.localhost"},
		{url: "http://[::1]:80"}, {url: "http://10.1.2.3"}, {url: "http://192.168.0.1"}, {url: "http://[fd00::1]"},
		{url: "http://172.16.0.1"}, {url: "http://0.0.0.0:3000"},
		{url: "http://172.32.0.1", want: "172.32.0.1"}, {url: "https://203.0.113.5/x", want: "203.0.113.5"},
		{url: "http://[2001:db8::1]", want: "2001:db8::1"}, {url: "http://169.254.169.254", want: "169.254.169.254"},
		{url: "http://[::ffff:8.8.8.8]", want: "::ffff:8.8.8.8"}, {url: "http://no-such-name.invalid",
			want: "no-such-name.invalid"},
		{deliver.Options{Resolve: map[string]string{"api.example.com:80": "127.0.0.1:3000"}}, "http://api.example.com", ""},
		{deliver.Options{Resolve: map[string]string{"localhost:80": "203.0.113.5:80"}}, "http://localhost", "localhost"},
		{deliver.Options{UnixSocket: "/tmp/s"}, "http://203.0.113.5", ""},
		{deliver.Options{Proxy: "http://proxy.example:8080"}, "http://127.0.0.1", "the proxy proxy.example:8080"},
		{deliver.Options{Proxy: "http://localhost:8080"}, "http://127.0.0.1", ""},
		{deliver.Options{Proxy: "http://localhost:8080"}, "http://203.0.113.5", "203.0.113.5"},
		{deliver.Options{Env: func(string) string { return "http://proxy.example:1" }}, "http://10.0.0.1",
			"the proxy proxy.example:1"},
	} {
		client, err := deliver.NewClient(c.o)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := client.Public(t.Context(), c.url); got != c.want || err != nil {
			t.Errorf("%s with %+v: %q, %v, want %q", c.url, c.o, got, err, c.want)
		}
		client.Close()
	}
}
