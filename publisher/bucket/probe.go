package bucket

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
)

const (
	// ProbePrefix begins the names of the objects that a probe writes. No other
	// file of portolan and no channel has such a name, and portolan's web
	// servers do not show them. A probe removes them; after a crash one may stay.
	ProbePrefix = ".probe-"

	probeTime  = 30 * time.Second // for cleaning up, whether or not the probe succeeded
	probeLeave = 3 * time.Second  // for cleaning up when a run was stopped; prune removes what stays
)

// BrokenPromise is the error for a store that does not do what publishing needs:
// what portolan publishes there could be lost.
type BrokenPromise struct {
	Server  string // the store
	Promise string // what it should do
	Seen    string // what it did
	Fix     string

	// Deletions is set if only deletions ignore their condition. Then a file
	// that is overwritten in the inbox just before it is deleted is lost;
	// everything that portolan itself writes is safe.
	Deletions bool
}

func (b *BrokenPromise) Error() string {
	return fmt.Sprintf("%s cannot keep a site safe: %s, but %s; %s", b.Server, b.Promise, b.Seen, b.Fix)
}

// Probe checks that the store keeps the promises of [Store] that nothing else can
// make up for. It writes an object of its own into the folder ("" for the root),
// and removes it again. It returns a [*BrokenPromise] if the store breaks one; any
// other error means that it could not find out. Any number of probes may run at
// once.
func Probe(ctx context.Context, s Store, folder string) error {
	p := newProbe(s, folder)
	return p.run(ctx, func(ctx context.Context) error {
		if err := p.writes(ctx); err != nil {
			return err
		}
		return p.deletes(ctx)
	})
}

// ProbeWrites is [Probe] for a site, which does not depend on conditional deletions.
func ProbeWrites(ctx context.Context, s Store, folder string) error {
	p := newProbe(s, folder)
	return p.run(ctx, p.writes)
}

// probe is one probe.
type probe struct {
	store  Store
	key    string
	first  string // token of the first version of the object
	second string // of the one that replaced it
}

func newProbe(s Store, folder string) *probe {
	return &probe{store: s, key: path.Join(folder, ProbePrefix+strings.ToLower(rand.Text()))}
}

// run takes the steps, and removes the object whether or not they succeed.
func (p *probe) run(ctx context.Context, steps func(context.Context) error) error {
	err := steps(ctx)
	if broken := (*BrokenPromise)(nil); err != nil && !errors.As(err, &broken) {
		err = fmt.Errorf("probing %s: %w", serverName(p.store), err)
	}
	limit := probeTime
	if ctx.Err() != nil {
		limit = probeLeave // somebody is waiting for this to end
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	if cleaning := p.store.Delete(ctx, p.key, ""); err == nil && cleaning != nil {
		return fmt.Errorf("probing %s: removing what was written for it: %w", serverName(p.store), cleaning)
	}
	return err
}

// What to do about a server that ignores conditions, or shows old data.
const (
	fixConditions = "use a server that honours If-None-Match and If-Match (S3, R2, MinIO, GCS and Azure do, in their current versions), and no proxy that drops these headers"
	fixReads      = "let portolan reach the server itself, without a cache between them"
)

func (p *probe) broken(promise, seen, fix string) error {
	return &BrokenPromise{Server: serverName(p.store), Promise: promise, Seen: seen, Fix: fix}
}

// writes probes what a site needs: creating, replacing and reading.
func (p *probe) writes(ctx context.Context) error {
	var err error
	if err = p.store.Create(ctx, p.object("one")); err != nil {
		return fmt.Errorf("creating an object: %w", err)
	}
	if p.first, err = p.read(ctx, "one", "a write is seen by every later read"); err != nil {
		return err
	}
	const creation = "an object that exists cannot be created again"
	switch err = p.store.Create(ctx, p.object("two")); {
	case err == nil:
		return p.broken(creation, "a second writer replaced what the first one had written", fixConditions)
	case !errors.Is(err, ErrConflict):
		return fmt.Errorf("creating it again: %w", err)
	}
	if err = p.store.Replace(ctx, p.object("three"), p.first); err != nil {
		return fmt.Errorf("replacing an object: %w", err)
	}
	const replacing = "an object that has changed since it was read cannot be replaced"
	switch err = p.store.Replace(ctx, p.object("four"), p.first); {
	case err == nil:
		return p.broken(replacing, "a writer who knew only the old one replaced the new one", fixConditions)
	case !errors.Is(err, ErrConflict):
		return fmt.Errorf("replacing it again: %w", err)
	}
	p.second, err = p.read(ctx, "three", "a refused write changes nothing, and a write that succeeded is seen by every later read")
	if err == nil && p.second == p.first {
		err = p.broken("each version of an object can be told from the last", "both have the same ETag or generation", fixConditions)
	}
	return err
}

// deletes probes what a drop area needs as well.
func (p *probe) deletes(ctx context.Context) error {
	const stale = "an object that has changed since it was read cannot be deleted"
	switch err := p.store.Delete(ctx, p.key, p.first); {
	case err == nil:
		return &BrokenPromise{
			Server: serverName(p.store), Promise: stale, Seen: "a writer who knew only the old one deleted the new one", Deletions: true,
			Fix: "never overwrite a file in the inbox, but upload it under another name or with 'portolan drop'; or use a server that honours If-Match when it deletes",
		}
	case !errors.Is(err, ErrConflict):
		return fmt.Errorf("deleting an object: %w", err)
	}
	if err := p.store.Delete(ctx, p.key, p.second); err != nil {
		return fmt.Errorf("deleting an object: %w", err)
	}
	r, err := p.store.Get(ctx, p.key)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	r.Close()
	return p.broken("what was deleted is gone", "it can still be read", fixReads)
}

// object is the probe's object. Its content is unique, so that no ETag repeats.
func (p *probe) object(content string) Object {
	return Object{Key: p.key, Body: Bytes(p.content(content)), ContentType: "text/plain; charset=utf-8", CacheControl: "no-store"}
}

func (p *probe) content(content string) []byte {
	return []byte(p.key + " " + content + ": portolan checks with this whether the bucket will do; it may be deleted\n")
}

// read returns the token of the object, which must have the content.
func (p *probe) read(ctx context.Context, content, promise string) (token string, err error) {
	b, entry, err := ReadAll(ctx, p.store, p.key, 4<<10)
	switch {
	case errors.Is(err, ErrNotFound):
		return "", p.broken(promise, "what had just been written was not found", fixReads)
	case err != nil:
		return "", fmt.Errorf("reading an object: %w", err)
	case !bytes.Equal(b, p.content(content)):
		return "", p.broken(promise, "other bytes were read", fixReads)
	case entry.Token == "":
		return "", p.broken("each version of an object can be told from the last", "it has neither ETag nor generation", fixConditions)
	}
	return entry.Token, nil
}

// serverName is the store's name in errors.
func serverName(s Store) string {
	if named, ok := s.(fmt.Stringer); ok {
		return named.String()
	}
	return "the store"
}
