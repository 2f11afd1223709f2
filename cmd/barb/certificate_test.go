package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/commands"
)

// tlsFor runs a TLS listener for a moment, on a day so many days from now, and returns the certificate to trust.
func (b inProcess) tlsFor(t *testing.T, days int) (certificate, said string) {
	t.Helper()
	var out, words bytes.Buffer
	env := b.env(&out, &words)
	env.Now = func() time.Time { return time.Now().AddDate(0, 0, days) }
	if code := commands.Main(context.Background(), env, "test", []string{"listen", "--tls", "--addr", "127.0.0.1:0",
		"--for", "1ms"}); code != 0 {
		t.Errorf("barb listen = %d\n%s", code, words.String())
	}
	text, err := os.ReadFile(filepath.Join(b.dir, "barb", "localhost-cert.pem"))
	if err != nil {
		t.Error(err)
	}
	return string(text), words.String()
}

func TestACertificateIsUsedUntilItNearsItsEnd(t *testing.T) {
	t.Parallel()
	b := newBarb(t)
	first, _ := b.tlsFor(t, 0)
	if again, said := b.tlsFor(t, 800); again != first || strings.Contains(said, "anew") {
		t.Errorf("after 800 days it is another one\n%s", said)
	}
	last, said := b.tlsFor(t, 820)
	if last == first || !strings.Contains(said, "was replaced") {
		t.Errorf("after 820 days it is the same\n%s", said)
	}
	if strings.Contains(last, "PRIVATE") {
		t.Error("the file to trust has the key in it")
	}
}

func TestListenersThatStartAtOnceShareACertificate(t *testing.T) {
	t.Parallel()
	b := newBarb(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { b.tlsFor(t, 0) })
	}
	group.Wait()
	pair, err := os.ReadFile(filepath.Join(b.dir, "barb", "localhost-tls.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if trust, _ := b.tlsFor(t, 0); !strings.HasSuffix(string(pair), trust) {
		t.Error("the certificate to trust is not the one that is used")
	}
	left, err := filepath.Glob(filepath.Join(b.dir, "barb", ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
