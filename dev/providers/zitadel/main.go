// The example server of Zitadel's library, for `make providers`.
//
// Theirs is the OpenID provider, its login page, and the storage in memory with its rotation of refresh tokens and its revocation. Ours is
// what the example fixes and a test has to choose: the lifetime of an ID token, the client's secret, the person, a second signing key.
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

var (
	port     = flag.Int("port", 0, "where it listens on localhost")
	lifetime = flag.Duration("id-token-lifetime", time.Hour, "of each ID token")
	secret   = flag.String("secret", "", "of the client kubernetes; none makes it a public one")
	surname  = flag.Int("surname", 6, "the length of the person's surname in bytes")
	claims   = flag.Bool("claims-in-id-token", false, "puts into the ID token what else only userinfo says")
)

const person, password = "felix@example.com", "dev"

// people is the one person, until they are disabled.
type people struct{ disabled atomic.Bool }

func (p *people) GetUserByID(id string) *storage.User {
	if p.disabled.Load() || id != person {
		return nil
	}
	return &storage.User{
		ID: person, Username: person, Password: password, FirstName: "Felix", LastName: strings.Repeat("y", *surname),
		Email: person, EmailVerified: true,
	}
}
func (p *people) GetUserByUsername(name string) *storage.User { return p.GetUserByID(name) }
func (p *people) ExampleClientID() string                     { return storage.ServiceUserID }

// store is theirs, with clients and keys of ours.
type store struct {
	*storage.Storage
	next atomic.Pointer[key]
}

func (s *store) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	theirs, err := s.Storage.GetClientByClientID(ctx, id)
	if err != nil {
		return nil, err
	}
	return client{theirs}, nil
}

func (s *store) SigningKey(ctx context.Context) (op.SigningKey, error) {
	if next := s.next.Load(); next != nil {
		return next, nil
	}
	return s.Storage.SigningKey(ctx)
}

func (s *store) KeySet(ctx context.Context) ([]op.Key, error) {
	keys, err := s.Storage.KeySet(ctx)
	if next := s.next.Load(); next != nil {
		keys = append(keys, publicKey{next})
	}
	return keys, err
}

type client struct{ op.Client }

func (client) IDTokenLifetime() time.Duration       { return *lifetime }
func (client) IDTokenUserinfoClaimsAssertion() bool { return *claims }

type key struct{ private *rsa.PrivateKey }

func (*key) ID() string                                  { return "second" }
func (*key) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k *key) Key() any                                  { return k.private }

type publicKey struct{ *key }

func (publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (publicKey) Use() string                        { return "sig" }
func (k publicKey) Key() any                         { return &k.private.PublicKey }

func main() {
	flag.Parse()
	kubernetes := storage.NativeClient("kubernetes", "http://localhost:8000/")
	if *secret != "" {
		kubernetes = storage.WebClient("kubernetes", *secret, "http://localhost:8000/")
	}
	storage.RegisterClients(kubernetes, storage.NativeClient("portal", "http://localhost:8899/"))
	everyone := &people{}
	kept := &store{Storage: storage.NewStorage(everyone)}
	issuer := fmt.Sprintf("http://localhost:%d/", *port)
	mux := http.NewServeMux()
	mux.Handle("/", exampleop.SetupServer(issuer, kept, slog.Default(), false))
	mux.HandleFunc("POST /control/rotate", func(_ http.ResponseWriter, _ *http.Request) {
		private, _ := rsa.GenerateKey(rand.Reader, 2048)
		kept.next.Store(&key{private})
	})
	mux.HandleFunc("POST /control/disable", func(_ http.ResponseWriter, _ *http.Request) { everyone.disabled.Store(true) })
	mux.HandleFunc("POST /control/end-session", func(_ http.ResponseWriter, request *http.Request) {
		_ = kept.TerminateSession(request.Context(), person, "kubernetes")
	})
	log.Printf("listening at %s", issuer)
	log.Fatal(http.ListenAndServe(fmt.Sprintf("localhost:%d", *port), mux))
}
