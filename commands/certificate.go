package commands

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/adrg/xdg"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/store/export"
)

const (
	// certificateLife is the longest that Apple's systems trust a server's certificate for, also one's own.
	certificateLife = 825 * 24 * time.Hour
	// certificateRest is how long before its end a certificate is replaced.
	certificateRest = 14 * 24 * time.Hour
)

// dataFolder is where barb keeps what is the user's own: $XDG_DATA_HOME/barb.
func (sh *shell) dataFolder() string {
	base := sh.Getenv("XDG_DATA_HOME")
	if base == "" {
		base = xdg.DataHome
	}
	return filepath.Join(base, "barb")
}

// ownCertificate is the self-made certificate of this user's listeners and the file of it that clients are to trust. It
// is made once and used until it nears its end. It is good for this machine's own names and, being no authority, for
// nothing else: who trusts it trusts this listener only.
func (sh *shell) ownCertificate() (certificate tls.Certificate, trust string, err error) {
	folder := sh.dataFolder()
	pair, trust := filepath.Join(folder, "localhost-tls.pem"), filepath.Join(folder, "localhost-cert.pem")
	if err := sh.ownData(pair); err != nil {
		return certificate, "", err
	}
	certificate, err = tls.LoadX509KeyPair(pair, pair)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return certificate, "", fail.Local("%s: %w", pair, err).Hintf("rm %s makes a new certificate at the next start", export.Quote(pair))
	case sh.Now().Before(certificate.Leaf.NotAfter.Add(-certificateRest)):
		return certificate, trust, exportCertificate(trust, certificate)
	default:
		sh.warn("%s was near its end and is made anew; clients have to trust the new one", trust)
		_ = os.Remove(pair) // if it stays, what stays is used
	}
	if err := sh.makeOwnCertificate(pair); err != nil {
		return certificate, "", fail.Local("certificate: %w", err)
	}
	// Of two listeners that start at once the first one's holds, so what the file has now is what is used.
	if certificate, err = tls.LoadX509KeyPair(pair, pair); err != nil {
		return certificate, "", fail.Local("%s: %w", pair, err)
	}
	return certificate, trust, exportCertificate(trust, certificate)
}

// makeOwnCertificate puts a new key and certificate at a path. One that has come there in the meantime stays.
func (sh *shell) makeOwnCertificate(pair string) error {
	if err := os.MkdirAll(filepath.Dir(pair), 0o700); err != nil {
		return err
	}
	text, err := makeCertificate(sh.Now())
	if err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(pair), ".tls-*") // 0600: the key is in it
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name())
	_, err = fresh.Write(text)
	if closeErr := fresh.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Link(fresh.Name(), pair)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// makeCertificate returns a key and a certificate for localhost in PEM.
func makeCertificate(now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	name, _ := os.Hostname() // only to tell one machine's from another's in a list
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{Organization: []string{"barb listen"}, CommonName: "localhost of " + name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	return append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})...), nil
}

// exportCertificate writes the certificate without its key, unless it is there already.
func exportCertificate(path string, certificate tls.Certificate) error {
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	if had, err := os.ReadFile(path); err == nil && string(had) == string(text) {
		return nil
	}
	return writeAtomically(path, string(text))
}
