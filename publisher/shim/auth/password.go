package auth

import (
	"context"
	"crypto/rand"
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
// at the same time, and fewer than may be wrong for one user at an address, so that many
// right passwords from one address never look like guessing.
type checks struct {
	slots   chan struct{}
	key     []byte // of the HMAC by which credentials are remembered; random for each process
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

// byPassword identifies the users of the htpasswd file. While the user is throttled at
// the address, it checks nothing, and does not look at remembered passwords either:
// otherwise somebody could guess the password of an active user as fast as they can
// send requests.
func (a *Authoriser) byPassword(ctx context.Context, p *policy, c credentials, from address) (*Identity, error) {
	mine := source{from, a.checks.mac("user", c.user)}
	if wait := a.failures.wait(mine, a.now()); wait > 0 {
		return nil, Throttled{wait}
	}
	if len(p.users) == 0 || len(c.secret) > maxPassword {
		return nil, a.deny(c, from, ErrCredentials)
	}
	key := a.checks.mac("password", c.user, c.secret)
	if id, err := a.knownPassword(p, key, c, from); id != nil || err != nil {
		return id, err
	}
	select {
	case a.checks.slots <- struct{}{}:
		defer func() { <-a.checks.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the password to be checked: %w", ctx.Err())
	}
	// Another request may have checked it meanwhile.
	if id, err := a.knownPassword(p, key, c, from); id != nil || err != nil {
		return id, err
	}
	return a.newPassword(p, key, c, mine)
}

// knownPassword returns the identity, or the error, if the password was checked a short
// time ago.
func (a *Authoriser) knownPassword(p *policy, key digest, c credentials, from address) (*Identity, error) {
	if p.remembered.has(key, a.now()) {
		return p.user(c.user), nil
	}
	if why := p.refused.why(key, a.now()); why != nil {
		return nil, a.deny(c, from, why)
	}
	return nil, nil
}

// newPassword checks a password.
func (a *Authoriser) newPassword(p *policy, key digest, c credentials, mine source) (*Identity, error) {
	others := source{mine.from, a.checks.mac("passwords")}
	if wait := a.failures.wait(mine, a.now()); wait > 0 { // and takes nothing from others
		return nil, Throttled{wait}
	}
	if err := a.spend(others, freshPasswords); err != nil {
		return nil, err
	}
	if err := a.spend(mine, again); err != nil {
		a.failures.putBack(others)
		return nil, err
	}
	if !a.checks.right(p, c) {
		p.refused.add(key, ErrCredentials, a.now())
		return nil, ErrCredentials
	}
	a.failures.putBack(others)
	a.failures.putBack(mine)
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
