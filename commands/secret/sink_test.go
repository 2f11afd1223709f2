package secret_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/sign"
)

func TestALearntSecretGoesWhereNothingIsYet(t *testing.T) {
	keyring.MockInit()
	brought := sign.Secret{Key: []byte("brought")}
	path := filepath.Join(t.TempDir(), "secret")
	for _, ref := range []string{"file:" + path, "keyring:asana"} {
		var s secret.Sink
		if err := s.CheckNew(ref); err != nil || s.Ref != ref {
			t.Fatalf("%s: %v", ref, err)
		}
		if err := s.Keep(brought); err != nil {
			t.Fatal(err)
		}
		err := s.CheckNew(ref)
		if f, ok := errors.AsType[*fail.Error](err); !ok || f.Code != fail.ExitUsage || !strings.Contains(err.Error(),
			"already") {
			t.Errorf("%s is taken twice: %v", ref, err)
		}
	}
	if data, err := os.ReadFile(path); string(data) != "brought\n" {
		t.Errorf("%q, %v", data, err)
	}
	if text, err := keyring.Get(secret.Service, "asana"); text != "brought" {
		t.Errorf("%q, %v", text, err)
	}
	var s secret.Sink
	if err := s.CheckNew(""); err != nil {
		t.Error(err)
	}
	for _, ref := range []string{"x", "file:", "env:A", "file:" + filepath.Join(path, "below"), "file:/none/secret"} {
		if err := s.CheckNew(ref); err == nil {
			t.Errorf("%s is taken", ref)
		}
	}
	if err := (&secret.Sink{Ref: "file:" + path}).Keep(brought); err == nil {
		t.Error("a file that is there was written over")
	}
	keyring.MockInitWithError(errors.New("locked"))
	err := s.CheckNew("keyring:asana")
	if f, ok := errors.AsType[*fail.Error](err); !ok || f.Code != fail.ExitUnsupported {
		t.Errorf("%v", err)
	}
}
