package listen_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/listen"
)

func TestOwnCertificateIsMadeOnceAndAnewNearItsEnd(t *testing.T) {
	file, now := filepath.Join(t.TempDir(), "new", "tls.pem"), time.Now()
	first, renewed, err := listen.OwnCertificate(file, now)
	if err != nil || renewed || first.Leaf.VerifyHostname("localhost") != nil ||
		first.Leaf.VerifyHostname("127.0.0.1") != nil || first.Leaf.IsCA {
		t.Fatalf("made %v, renewed %t, %v", first.Leaf, renewed, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the key is in a file of mode %v, %v", info.Mode(), err)
	}
	again, renewed, err := listen.OwnCertificate(file, first.Leaf.NotAfter.AddDate(0, 0, -15))
	if err != nil || renewed || !bytes.Equal(again.Certificate[0], first.Certificate[0]) {
		t.Errorf("another one was made, renewed %t, %v", renewed, err)
	}
	later := first.Leaf.NotAfter.AddDate(0, 0, -13)
	anew, renewed, err := listen.OwnCertificate(file, later)
	if err != nil || !renewed || bytes.Equal(anew.Certificate[0], first.Certificate[0]) ||
		!anew.Leaf.NotAfter.After(later) {
		t.Errorf("near its end it stayed, renewed %t, %v", renewed, err)
	}
}

func TestListenersThatStartAtOnceHaveOneCertificate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tls.pem")
	made := make([][]byte, 8)
	var group sync.WaitGroup
	for i := range made {
		group.Go(func() {
			c, _, err := listen.OwnCertificate(file, time.Now())
			if err != nil {
				t.Error(err)
				return
			}
			made[i] = c.Certificate[0]
		})
	}
	group.Wait()
	for i := range made {
		if !bytes.Equal(made[i], made[0]) {
			t.Fatalf("listener %d has another certificate than the first", i)
		}
	}
}

func TestOwnCertificateReplacesNoFileThatIsNone(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "tls.pem")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := listen.OwnCertificate(file, time.Now()); !errors.Is(err, listen.ErrBadCertificate) {
		t.Errorf("a text was taken for a certificate: %v", err)
	}
	if text, err := os.ReadFile(file); string(text) != "mine" || err != nil {
		t.Errorf("it became %q, %v", text, err)
	}
	if _, _, err := listen.OwnCertificate(filepath.Join(file, "below"), time.Now()); err == nil {
		t.Error("a certificate was made below a file")
	}
}
