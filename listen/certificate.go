package listen

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/barbhq/barb/store/disk"
)

const (
	// certificateLife is the longest that Apple's systems trust a server's certificate for, also a self-made one.
	certificateLife = 825 * 24 * time.Hour
	// certificateRest is how long before its end a certificate is replaced.
	certificateRest = 14 * 24 * time.Hour
)

// ErrBadCertificate means that a file has no certificate with its key.
var ErrBadCertificate = errors.New("no certificate with a private key")

// OwnCertificate returns the self-made certificate for localhost in a file, with its key. It makes the file when there
// is none, and makes it anew, which renewed reports, when the certificate is near its end at now. The certificate is
// for the names of this machine and is no authority: trusting it trusts this listener only. An error about an existing
// file wraps ErrBadCertificate.
func OwnCertificate(file string, now time.Time) (c tls.Certificate, renewed bool, err error) {
	c, err = tls.LoadX509KeyPair(file, file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return c, false, &certificateError{fmt.Errorf("%s: %w", file, err)}
	case now.Before(c.Leaf.NotAfter.Add(-certificateRest)):
		return c, false, nil
	default:
		renewed = true
		_ = os.Remove(file) // if it stays, what stays is used
	}
	if err := writeCertificate(file, now); err != nil {
		return c, renewed, fmt.Errorf("certificate: %w", err)
	}
	// When two listeners start at once, the file of the first stays: use what it has now.
	if c, err = tls.LoadX509KeyPair(file, file); err != nil {
		return c, renewed, fmt.Errorf("%s: %w", file, err)
	}
	return c, renewed, nil
}

// certificateError is ErrBadCertificate with the text of its reason.
type certificateError struct{ error }

func (b *certificateError) Unwrap() []error { return []error{ErrBadCertificate, b.error} }

// writeCertificate writes a new key and certificate into a file, unless another process made it meanwhile.
func writeCertificate(file string, now time.Time) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	text, err := makeCertificate(now)
	if err != nil {
		return err
	}
	if err = disk.Create(file, text); errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// makeCertificate returns a new key and a certificate for localhost in PEM.
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
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
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
