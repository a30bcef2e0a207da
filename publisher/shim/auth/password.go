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
	maxPassword = 72                 // bytes; bcrypt ignores the rest
	rememberFor = 2 * time.Minute    // how long a right password is remembered
	maxRemember = 1_000              // passwords that are remembered
	maxAtOnce   = failuresAtOnce - 2 // passwords checked at the same time, at most
)

// checks bounds the cost of checking passwords. It checks at most one per processor
// at the same time, and fewer than an address may get wrong, so that many right
// passwords from one address never look like guessing.
type checks struct {
	slots   chan struct{}
	key     []byte // of the HMAC by which passwords are remembered; random for each process
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

// byPassword identifies the users of the htpasswd file. While the address is
// throttled, it checks nothing, and does not look at remembered passwords either:
// otherwise somebody could guess the password of an active user as fast as they can
// send requests.
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
	if p.remembered.has(key, a.now()) { // another request has checked it meanwhile
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

// right reports whether a password is right. For an unknown user it compares with the
// costliest hash of the file, so that the time does not reveal which users exist.
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

// mac returns the key by which a right password is remembered.
func (k *checks) mac(c credentials) digest {
	h := hmac.New(sha256.New, k.key)
	binary.Write(h, binary.BigEndian, uint64(len(c.user)))
	h.Write([]byte(c.user + c.secret))
	return digest(h.Sum(nil))
}

// memory remembers passwords that were recently right, and until when, so that a job
// with a hundred requests does not cost a hundred checks.
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

// maxCost is the highest bcrypt cost allowed. At 14, a check takes about a second of
// processor time.
const maxCost = 14

// checkHash returns the cost of a bcrypt hash, or an error if it cannot be used.
func checkHash(hash string) (int, error) {
	if !bcryptRE.MatchString(hash) {
		return 0, errors.New("has a hash that is not from bcrypt; make it with 'htpasswd -B'")
	}
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil || cost > maxCost {
		return 0, fmt.Errorf("has a bcrypt hash whose cost is not between %d and %d; make it with 'htpasswd -B -C 10'", bcrypt.MinCost, maxCost)
	}
	return cost, nil
}
