package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/jellydator/ttlcache/v3"
	"golang.org/x/crypto/bcrypt"
)

const (
	maxPassword = 72                 // bytes; bcrypt looks at no more
	rememberFor = 2 * time.Minute    // a right password
	maxRemember = 1_000              // passwords
	maxAtOnce   = failuresAtOnce - 2 // passwords checked
)

// checks bounds what checking passwords costs. At most one a processor is
// checked at the same time, and fewer than an address may get wrong, so that a
// crowd of right ones from one address never looks like guessing.
type checks struct {
	slots   chan struct{}
	key     []byte // of the HMAC that passwords are remembered by; of this process only
	compare func(hash, password []byte) error
}

func newChecks() *checks {
	c := &checks{
		slots:   make(chan struct{}, min(runtime.GOMAXPROCS(0), maxAtOnce)),
		key:     make([]byte, 32),
		compare: bcrypt.CompareHashAndPassword,
	}
	rand.Read(c.key) // never fails
	return c
}

// byPassword knows the users of the htpasswd file. While the address is
// throttled nothing is checked, and nothing remembered is looked at either:
// that would let somebody guess, as fast as they can send, the password of
// whoever is at work just now.
func (a *Authoriser) byPassword(ctx context.Context, p *policy, c credentials, from address) (*Identity, error) {
	if wait := a.failures.wait(from, a.now()); wait > 0 {
		return nil, Throttled{wait}
	}
	if len(p.users) == 0 || len(c.secret) > maxPassword {
		return nil, a.fail(from, ErrCredentials)
	}
	key := a.checks.mac(c)
	if p.remembered.has(key, a.now()) {
		return p.user(c.user), nil
	}
	select {
	case a.checks.slots <- struct{}{}:
		defer func() { <-a.checks.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the password to be checked: %w", ctx.Err())
	}
	if p.remembered.has(key, a.now()) { // by another request, meanwhile
		return p.user(c.user), nil
	}
	if err := a.fail(from, nil); err != nil {
		return nil, err
	}
	if !a.checks.right(p, c) {
		return nil, ErrCredentials
	}
	a.failures.putBack(from)
	p.remembered.Set(key, a.now().Add(rememberFor), ttlcache.NoTTL)
	return p.user(c.user), nil
}

// right compares a password. For a user that is not there it does so with the
// costliest hash of the file, so that the time it takes does not tell.
func (k *checks) right(p *policy, c credentials) bool {
	u, ok := p.users[c.user]
	hash := p.costliest
	if ok {
		hash = u.hash
	}
	err := k.compare(hash, []byte(c.secret))
	return err == nil && ok
}

func (p *policy) user(name string) *Identity {
	return &Identity{kind: "user", name: name, grants: p.users[name].grants}
}

// mac is the key by which a right password is remembered.
func (k *checks) mac(c credentials) digest {
	h := hmac.New(sha256.New, k.key)
	binary.Write(h, binary.BigEndian, uint64(len(c.user)))
	h.Write([]byte(c.user + c.secret))
	return digest(h.Sum(nil))
}

// memory holds what passwords were right not long ago, so that a job with a
// hundred requests does not cost a hundred checks. It tells until when.
type memory struct {
	*ttlcache.Cache[digest, time.Time]
}

func newMemory() memory {
	return memory{ttlcache.New(ttlcache.WithCapacity[digest, time.Time](maxRemember))}
}

func (m memory) has(key digest, now time.Time) bool {
	until := m.Get(key)
	return until != nil && now.Before(until.Value())
}

// maxCost is the costliest bcrypt hash allowed: at 14 a check takes about a
// second of a processor.
const maxCost = 14

// checkHash returns the cost of a bcrypt hash, or says why it cannot be used.
func checkHash(hash string) (int, error) {
	if !bcryptRE.MatchString(hash) {
		return 0, errors.New("has a hash that is not bcrypt's; make it with 'htpasswd -B'")
	}
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil || cost > maxCost {
		return 0, fmt.Errorf("has a bcrypt hash whose cost is not between %d and %d; make it with 'htpasswd -B -C 10'", bcrypt.MinCost, maxCost)
	}
	return cost, nil
}
