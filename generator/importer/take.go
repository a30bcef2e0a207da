package importer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/httpread"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// take is the import of one entry.
type take struct {
	*run
	entry       Entry
	result      Result
	chart, prov []byte
	pushed      *pushed // if the archive is in a registry
	offer       *droparea.Offer
}

// errSettled is returned when the entry has its result.
var errSettled = errors.New("settled")

// left settles the entry: the channel will lack it.
func (t *take) left(o Outcome, format string, args ...any) error {
	t.result.Outcome, t.result.Message, t.result.Lost = o, fmt.Sprintf(format, args...), true
	return errSettled
}

// there settles the entry: the channel has it, with that digest.
func (t *take) there(how, digest string) error {
	t.result.Outcome, t.result.Message, t.result.here = There, how, digest
	return errSettled
}

// known settles an entry if its digest shows that it is published or waiting.
func (t *take) known(digest string) bool {
	if digest = plainDigest(digest); digest == "" {
		return false
	}
	switch {
	case t.published[release{t.entry.Name, t.entry.Version}] == digest:
		_ = t.there("it is already published", digest)
		t.result.Digest = digest
	case t.waiting.digests[digest]:
		_ = t.there("it is already waiting in the drop area", digest)
		t.result.Digest = digest
	default:
		return false
	}
	return true
}

// plainDigest returns a digest in the form of portolan's own indexes.
func plainDigest(digest string) string {
	return strings.ToLower(strings.TrimPrefix(digest, "sha256:"))
}

// shown returns a URL as reports show it, without the parts that may hold
// secrets.
func shown(ref string) string {
	u, err := url.Parse(ref)
	if err != nil {
		return ""
	}
	return bare(u)
}

// fetch gets the archive and its provenance file.
func (t *take) fetch(ctx context.Context) error {
	refs, err := t.From.place.refs(t.entry)
	if err != nil {
		return t.left(Unfetched, "the archive cannot be fetched: %v", err)
	}
	found, err := t.fetchArchive(ctx, refs)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if down := t.reached(err); down != nil {
		return down
	}
	switch {
	case errors.Is(err, errSettled):
		return err
	case err != nil:
		return t.left(Unfetched, "the archive cannot be fetched: %v", err)
	}
	if isOCI(found) {
		return t.pullSignature(ctx)
	}
	return t.fetchSignature(ctx, found)
}

// fetchArchive looks for the archive at the URLs, and returns the one that has it.
// The digest in the index says whether a file is the archive; without a digest the
// first file is.
func (t *take) fetchArchive(ctx context.Context, refs []string) (string, error) {
	limit := t.Config.Policy(t.Channel).Checks.Limits.WithDefaults().Packed
	want := plainDigest(t.entry.Digest)
	other, failed := "", errMissing
	for _, ref := range refs {
		if down := t.givenUp(ref); down != nil {
			failed = down
			continue
		}
		archive, err := t.archive(ctx, ref, limit)
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case errors.Is(err, errSettled):
			return "", err
		case errors.Is(err, errMissing):
		case err != nil:
			failed = err
		case httpread.IsPage(archive):
			failed = errors.New("the server answers with a web page in its place")
		case int64(len(archive)) > limit: // the check says so
			t.chart = archive
			return ref, nil
		case want != "" && sum(archive) != want:
			other = cmp.Or(other, sum(archive))
		default:
			t.chart = archive
			return ref, nil
		}
	}
	if other != "" {
		t.result.Digest = other
		return "", t.left(Differs, "the archive's SHA-256 is %s, but the index says %.100q", other, t.entry.Digest)
	}
	return "", failed
}

// read reads a file, and at most one byte more than the limit: that byte shows
// the check that the file is too large. Less time is spent on a file that need not
// be there.
func (t *take) read(ctx context.Context, ref string, limit int64, optional bool) ([]byte, error) {
	var b bytes.Buffer
	err := t.From.place.read(ctx, ref, optional, func(body io.Reader) error {
		b.Reset()
		_, err := io.Copy(&b, io.LimitReader(body, limit+1))
		return err
	})
	return b.Bytes(), err
}

// check finds out whether the archive is what the index says, whether it would
// be accepted, and whether it is new.
func (t *take) check(ctx context.Context) error {
	t.result.Digest = sum(t.chart)
	if err := t.makeOffer(); err != nil {
		return err
	}
	offer := t.offer
	if t.ArchiveDates {
		if date := newestIn(t.chart, time.Now()); !date.IsZero() {
			t.entry.Created, t.result.Created = date, date
		}
	}
	for _, w := range offer.Warnings {
		t.result.Warn = append(t.result.Warn, check.Warning(w))
	}
	if offer.Name != t.entry.Name || offer.Version != t.entry.Version {
		return t.other()
	}
	if t.known(offer.Digest) {
		return errSettled
	}
	return t.new(ctx)
}

// other settles an entry whose archive is that of another version. A registry may have
// several tags for one version, such as 1.2 for the highest 1.2.x.
func (t *take) other() error {
	if t.tags[release{t.offer.Name, t.offer.Version}] {
		t.result.Outcome, t.result.Message = Duplicate, "the tag is another name for version "+t.offer.Version
		return errSettled
	}
	says := "index"
	if t.tags != nil {
		says = "registry"
	}
	return t.left(Differs, "the archive is %s %s, but the %s says %s %s", t.offer.Name, t.offer.Version, says, t.entry.Name, t.entry.Version)
}

// new settles the entry unless it adds something to the channel.
func (t *take) new(ctx context.Context) error {
	if t.waiting.files[t.offer.File] {
		return t.left(Differs, "another upload of this version is waiting in the drop area: run 'portolan generate', then import again")
	}
	would, rule, err := t.judge.Foresee(ctx, t.offer, false)
	if t.withoutSignature(err) {
		if err := t.makeOffer(); err != nil {
			return err
		}
		would, rule, err = t.judge.Foresee(ctx, t.offer, false)
	}
	switch {
	case rule == "version-exists", would == verdict.Replaced && rule == "":
		published := t.published[release{t.offer.Name, t.offer.Version}]
		return t.left(Differs, "the version is published with other content: its SHA-256 is %s, but this archive's is %s", published, t.offer.Digest)
	case err != nil:
		return err
	case would == verdict.Unchanged:
		return t.there("the same content is already published", t.published[release{t.offer.Name, t.offer.Version}])
	}
	return nil
}

// upload puts the archive into the inbox.
func (t *take) upload(ctx context.Context) error {
	t.result.Outcome, t.result.here = Taken, t.offer.Digest
	if t.DryRun {
		return nil
	}
	id, err := droparea.NewID()
	if err != nil {
		return err
	}
	s := droparea.Submission{Chart: bucket.Bytes(t.chart), Request: droparea.Request{
		File: t.offer.File, Digest: t.offer.Digest, Created: t.entry.Created, Uploader: maps.Clone(t.Uploader),
	}}
	if t.prov != nil {
		s.Prov = bucket.Bytes(t.prov)
	}
	if t.pushed != nil {
		if s.Request.Manifest, s.Request.Config, err = t.own(ctx); err != nil {
			return err
		}
	}
	if err := droparea.Submit(ctx, t.Drop, t.Channel, id, s); err != nil {
		return fmt.Errorf("%s not uploaded: %w", t.offer.File, err)
	}
	t.result.ID = id
	return nil
}
