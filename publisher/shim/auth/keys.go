package auth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
)

const (
	keysFresh  = 15 * time.Minute // keys older than this are fetched again: some may have been revoked
	coolDown   = 30 * time.Second // least time between two attempts to fetch keys
	firstPause = 5 * time.Second  // the same, while there are no keys
	patience   = 2 * time.Second  // how long to wait for newer keys if the one needed is known
	maxKeys    = 100              // of an issuer
)

// keySet holds the public keys of an issuer. It replaces that of go-oidc, which
// fetches them again for every unknown key, reads answers of any length, and does
// not forget a key until a token names a new one.
type keySet struct {
	issuer string
	jwks   string // URL of the keys; "" to take it from the issuer's discovery document
	client *http.Client
	log    *slog.Logger
	now    func() time.Time
	flight singleflight.Group

	mu      sync.Mutex // guards what follows; never held while waiting for the network
	keys    map[string][]crypto.PublicKey
	fetched time.Time // when keys were last fetched; zero if there are none
	tried   time.Time // when the last attempt began
	failure error     // of the last attempt
}

// find returns the keys with this id. If there are none, or if they are old, it
// fetches the issuer's keys again. While the issuer is down, it returns the last
// good ones.
func (k *keySet) find(ctx context.Context, id string) ([]crypto.PublicKey, error) {
	keys, fresh := k.known(id)
	if len(keys) > 0 && fresh {
		return keys, nil
	}
	wait := 2 * fetchTime
	if len(keys) > 0 {
		wait = patience
	}
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case <-k.refresh():
	case <-late.C:
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the keys of %s: %w", k.issuer, ctx.Err())
	}
	if keys, _ = k.known(id); len(keys) > 0 {
		return keys, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failure != nil || k.fetched.IsZero() {
		return nil, &Unavailable{k.issuer, k.failure}
	}
	return nil, refuse("the OIDC token is signed with a key that its issuer does not have")
}

func (k *keySet) known(id string) (keys []crypto.PublicKey, fresh bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := k.now().Sub(k.fetched)
	return k.keys[id], age >= 0 && age < keysFresh
}

// refresh fetches the keys if it is time to. Concurrent calls share one attempt,
// which goes on even if no caller waits for it.
func (k *keySet) refresh() <-chan singleflight.Result {
	return k.flight.DoChan("", func() (any, error) {
		if !k.due() {
			return nil, nil
		}
		keys, err := k.fetch()
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.failure = err; err == nil {
			k.keys, k.fetched = keys, k.now()
			return nil, nil
		}
		k.log.Warn("cannot fetch the keys of an OIDC issuer; the last good ones, if any, stay in use", "issuer", k.issuer, "keys", len(k.keys), "error", cut(err.Error()))
		return nil, nil
	})
}

// due reports whether the keys may be fetched now. If so, it starts the pause until
// the next attempt.
func (k *keySet) due() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	pause := coolDown
	if k.fetched.IsZero() {
		pause = firstPause
	}
	now := k.now()
	if since := now.Sub(k.tried); since >= 0 && since < pause {
		return false
	}
	k.tried = now
	return true
}

// fetch fetches the keys, and first their URL if the file does not have it.
func (k *keySet) fetch() (map[string][]crypto.PublicKey, error) {
	ctx, cancel := context.WithTimeout(oidc.ClientContext(context.Background(), k.client), 2*fetchTime)
	defer cancel()
	from := k.jwks
	if from == "" {
		provider, err := oidc.NewProvider(ctx, k.issuer)
		if err != nil {
			return nil, fmt.Errorf("its discovery document: %w", err)
		}
		var document struct {
			Keys string `json:"jwks_uri"`
		}
		if provider.Claims(&document) != nil || checkServer(document.Keys) != nil || strings.HasPrefix(document.Keys, "http://") && !strings.HasPrefix(k.issuer, "http://") {
			return nil, errors.New("its discovery document has no jwks_uri that begins with https://")
		}
		from = document.Keys
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := getJSON(ctx, k.client, from, nil, &set); err != nil {
		return nil, fmt.Errorf("its keys: %w", err)
	}
	return usable(set.Keys)
}

// usable returns the keys that tokens may be signed with, by id. It skips other
// keys, including those of unknown kinds.
func usable(set []json.RawMessage) (map[string][]crypto.PublicKey, error) {
	if len(set) > maxKeys {
		return nil, fmt.Errorf("it has more than %d keys", maxKeys)
	}
	keys := map[string][]crypto.PublicKey{}
	for _, raw := range set {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) != nil || key.KeyID == "" || key.Use != "" && key.Use != "sig" {
			continue
		}
		if algorithm := algorithmOf(key.Key); algorithm != "" && (key.Algorithm == "" || key.Algorithm == string(algorithm)) {
			keys[key.KeyID] = append(keys[key.KeyID], key.Key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("it has no key with an id for RS256 or ES256")
	}
	return keys, nil
}

// algorithmOf returns the algorithm that the key is for, or "" if tokens may not be
// signed with it.
func algorithmOf(key any) jose.SignatureAlgorithm {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits >= 2048 && bits <= 8192 {
			return jose.RS256
		}
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			return jose.ES256
		}
	}
	return ""
}
