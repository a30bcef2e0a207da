package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/jellydator/ttlcache/v3"
)

const (
	refusedFor = time.Minute // how long a refusal that cost something is remembered
	maxRefused = 10_000      // refusals that are remembered
)

// refusals remembers passwords and GitLab's tokens that were recently refused, and why.
// A job that tries the same one over and over costs nothing then, and takes nothing from
// what others at its address may fail. The refusals go with the policy, so a change
// forgets them.
type refusals struct {
	*ttlcache.Cache[digest, refusedUntil]
}

type refusedUntil struct {
	why  error
	when time.Time
}

func newRefusals() refusals {
	return refusals{ttlcache.New(ttlcache.WithCapacity[digest, refusedUntil](maxRefused))}
}

func (r refusals) add(key digest, why error, now time.Time) {
	r.Set(key, refusedUntil{why, now.Add(refusedFor)}, ttlcache.NoTTL)
}

// why returns the reason why a credential was refused, or nil if that is not known.
func (r refusals) why(key digest, now time.Time) error {
	if kept := r.Get(key); kept != nil && now.Before(kept.Value().when) {
		return kept.Value().why
	}
	return nil
}

// mac returns the key by which texts are remembered or counted, in place of the texts
// themselves.
func (k *checks) mac(texts ...string) digest {
	h := hmac.New(sha256.New, k.key)
	for _, text := range texts {
		binary.Write(h, binary.BigEndian, uint64(len(text)))
		h.Write([]byte(text))
	}
	return digest(h.Sum(nil))
}

// deny counts that a credential was refused, and returns err, or Throttled if the same
// one was refused too often from the address. That keeps no other from being tried.
func (a *Authoriser) deny(c credentials, from address, err error) error {
	if wait := a.repeated.take(source{from, a.checks.mac(c.user, c.secret)}, again, a.now()); wait > 0 {
		return Throttled{wait}
	}
	return err
}

// spend counts an attempt whose check costs something, before it is made. It returns
// Throttled if there were too many from this source.
func (a *Authoriser) spend(from source, most allowance) error {
	if wait := a.failures.take(from, most, a.now()); wait > 0 {
		return Throttled{wait}
	}
	return nil
}
