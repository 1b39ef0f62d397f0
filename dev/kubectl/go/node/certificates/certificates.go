// Package certificates makes what an API server and a kubelet show each other.
package certificates

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Pair is a kubelet's certificate and that of its only client, both from an authority of which no key is kept.
type Pair struct {
	server, client tls.Certificate
	authority      *x509.CertPool
}

// New makes a pair for a kubelet on 127.0.0.1.
func New() (*Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := template("authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	authority, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(authority)
	server, err := issue("kubelet", x509.ExtKeyUsageServerAuth, authority, key)
	if err != nil {
		return nil, err
	}
	client, err := issue("API server", x509.ExtKeyUsageClientAuth, authority, key)
	if err != nil {
		return nil, err
	}
	return &Pair{server: server, client: client, authority: pool}, nil
}

// Server is for the kubelet: what it runs, it runs for the holder of the client's key alone.
func (p *Pair) Server() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{p.server},
		ClientCAs:    p.authority,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		// Upgrades are HTTP/1.1's.
		NextProtos: []string{"http/1.1"},
	}
}

// Client is for the API server.
func (p *Pair) Client() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{p.client}, RootCAs: p.authority, NextProtos: []string{"http/1.1"}}
}

// WriteClient writes the client's certificate and key, as `--kubelet-client-certificate` and `--kubelet-client-key` of an API server name them.
func (p *Pair) WriteClient(folder string) error {
	key, err := x509.MarshalECPrivateKey(p.client.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		return err
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.client.Certificate[0]})
	if err := os.WriteFile(filepath.Join(folder, "client.crt"), certificate, 0o600); err != nil {
		return err
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: key})
	return os.WriteFile(filepath.Join(folder, "client.key"), private, 0o600)
}

func issue(name string, usage x509.ExtKeyUsage, authority *x509.Certificate, authorityKey *ecdsa.PrivateKey) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := template(name)
	template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{usage}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	der, err := x509.CreateCertificate(rand.Reader, template, authority, key.Public(), authorityKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("the certificate of the %s: %w", name, err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

func template(name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "development " + name},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(0, 1, 0),
	}
}
