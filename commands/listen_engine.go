package commands

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/export"
)

// ownCertificate returns the self-made certificate of this user's listeners and the file of it that clients are to
// trust.
func ownCertificate(sh *shell.Shell) (certificate tls.Certificate, trust string, err error) {
	folder := sh.DataFolder()
	pair, trust := filepath.Join(folder, "localhost-tls.pem"), filepath.Join(folder, "localhost-cert.pem")
	if err := config.CheckOwn(pair); err != nil {
		return certificate, "", err
	}
	certificate, renewed, err := listen.OwnCertificate(pair, sh.Now())
	if renewed {
		sh.Warn("%s was about to expire and was replaced; clients must trust the new one", trust)
	}
	switch {
	case errors.Is(err, listen.ErrBadCertificate):
		return certificate, "", fail.Local("%w", err).Hintf("rm %s makes a new certificate at the next start",
			export.Quote(pair))
	case err != nil:
		return certificate, "", fail.Local("%w", err)
	}
	return certificate, trust, exportCertificate(trust, certificate)
}

// exportCertificate writes the certificate without its key, unless it is there already.
func exportCertificate(path string, certificate tls.Certificate) error {
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	if had, err := os.ReadFile(path); err == nil && string(had) == string(text) {
		return nil
	}
	if err := disk.Replace(path, text); err != nil {
		return fail.Local("%s: %w", path, err)
	}
	return nil
}

// idleMemory is what a listener may hold besides the webhooks in flight before its garbage is collected early.
const idleMemory = 128 << 20

// boundMemory has garbage collected early once a listener holds half as much again as the budget of webhooks in flight:
// by default Go would let that grow to twice what is in use. GOMEMLIMIT goes before it.
func boundMemory(sh *shell.Shell, inflight int64) (undo func()) {
	if sh.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	before := debug.SetMemoryLimit(idleMemory + inflight + inflight/2)
	return func() { debug.SetMemoryLimit(before) }
}
