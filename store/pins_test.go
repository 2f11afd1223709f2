package store_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/barbhq/barb/store"
)

func pinOf(t *testing.T, h history, route, secret, scheme string) store.Pin {
	t.Helper()
	print, err := h.Fingerprint(context.Background(), []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return store.Pin{Route: route, Secret: print, Scheme: scheme}
}

func pinsASecretOnce(t *testing.T, h history) {
	ctx := context.Background()
	for i, step := range []struct{ route, secret, scheme, replaces, want string }{
		{"/a", "one", "github", "", "github"},
		{"/a", "one", "gitlab", "", "github"}, // somebody else was faster
		{"/a", "one", "stripe", "github", "stripe"},
		{"/a", "one", "github", "github", "stripe"}, // and never back
		{"/a", "two", "slack", "", "slack"},
		{"/b", "one", "github", "", "github"},
		{"", "one", "shopify", "", "shopify"},
	} {
		if held, err := h.Pin(ctx, pinOf(t, h, step.route, step.secret, step.scheme), step.replaces, noon); err != nil ||
			held != step.want {
			t.Errorf("%d: Pin = %q, %v, want %q", i, held, err, step.want)
		}
	}
	for route, want := range map[string]map[string]string{"/a": {"one": "stripe", "two": "slack"}, "/b": {"one": "github"},
		"": {"one": "shopify"}, "/c": {}} {
		got, err := h.Pinned(ctx, route)
		if err != nil || len(got) != len(want) {
			t.Errorf("Pinned(%q) = %d, %v", route, len(got), err)
		}
		for secret, scheme := range want {
			if got[pinOf(t, h, route, secret, "").Secret] != scheme {
				t.Errorf("%s on %q: %q, want %s", secret, route, got[pinOf(t, h, route, secret, "").Secret], scheme)
			}
		}
	}
	for _, step := range []struct {
		scheme string
		want   int64
	}{{"git", 0}, {"git*", 1}, {"slack", 1}, {"*", 2}} {
		if n, err := h.Unpin(ctx, step.scheme); n != step.want || err != nil {
			t.Errorf("Unpin(%s) = %d, %v, want %d", step.scheme, n, err, step.want)
		}
	}
	if got, err := h.Pinned(ctx, "/a"); err != nil || len(got) != 0 {
		t.Errorf("Pinned = %v, %v after Unpin", got, err)
	}
}

func knowsASecretOnlyByItsPrint(t *testing.T, h history) {
	a, b := pinOf(t, h, "", "one", "").Secret, pinOf(t, h, "", "two", "").Secret
	other := pinOf(t, newHistory(t), "", "one", "").Secret
	if len(a) != 32 || a == b || a == other || a != pinOf(t, h, "", "one", "").Secret {
		t.Errorf("prints %x, %x, in another history %x", a, b, other)
	}
}

func letsOneOfManyPin(t *testing.T, h history) {
	held := make([]string, 8)
	var group sync.WaitGroup
	for i := range held {
		p := pinOf(t, h, "/a", "one", fmt.Sprintf("scheme-%d", i))
		group.Go(func() { held[i], _ = h.Pin(context.Background(), p, "", noon) })
	}
	group.Wait()
	for _, scheme := range held {
		if scheme == "" || scheme != held[0] {
			t.Errorf("the pins are %q", held)
			break
		}
	}
}

// Two processes, as two listeners are, see each other's pins at once, and the file holds no secret.
func TestPinsAreSharedByTheListenersOfAHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	a, b := openHistory(t, path), openHistory(t, path)
	ctx := context.Background()
	const secret = "a secret that is to be found nowhere"
	if held, err := a.Pin(ctx, pinOf(t, a, "/a", secret, "stripe"), "", noon); held != "stripe" || err != nil {
		t.Fatalf("Pin = %q, %v", held, err)
	}
	if held, err := b.Pin(ctx, pinOf(t, b, "/a", secret, "github"), "", noon); held != "stripe" || err != nil {
		t.Errorf("the second listener's Pin = %q, %v", held, err)
	}
	if got, err := b.Pinned(ctx, "/a"); err != nil || got[pinOf(t, a, "/a", secret, "").Secret] != "stripe" {
		t.Errorf("the second listener sees %d, %v", len(got), err)
	}
	for _, name := range []string{path, path + "-wal"} {
		if data, err := os.ReadFile(name); err == nil && bytes.Contains(data, []byte(secret)) {
			t.Errorf("the secret is in %s", name)
		}
	}
}
