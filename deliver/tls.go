package deliver

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// Connection is how a user describes connections on a command line, under the names of the flags, which are curl's.
type Connection struct {
	Insecure   bool     `json:"insecure,omitempty"`    // any certificate will do
	CACert     string   `json:"cacert,omitempty"`      // PEM file of the authorities to trust, in place of the system's
	Cert       string   `json:"cert,omitempty"`        // PEM file of the certificate to show
	Key        string   `json:"key,omitempty"`         // PEM file of its key; "": it is in the file of the certificate
	Resolve    []string `json:"resolve,omitempty"`     // HOST:PORT:ADDR; see ParseResolve
	UnixSocket string   `json:"unix_socket,omitempty"` // path
	Proxy      string   `json:"proxy,omitempty"`
	HTTP2      bool     `json:"http2,omitempty"`
}

// TLS reads the files. An error names the file and what is wrong with it.
func (c Connection) TLS() (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: c.Insecure, MinVersion: tls.VersionTLS12}
	if c.CACert != "" {
		pem, err := os.ReadFile(c.CACert)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate in PEM form", c.CACert)
		}
	}
	if c.Cert == "" {
		if c.Key != "" {
			return nil, errors.New("the client key has no certificate")
		}
		return config, nil
	}
	pair, err := tls.LoadX509KeyPair(c.Cert, cmp.Or(c.Key, c.Cert))
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", c.Cert, err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}
