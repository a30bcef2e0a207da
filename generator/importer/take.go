package importer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"strings"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/httpread"
)

// maxProv is how many bytes of a provenance file are read: more than the
// generator accepts, so that its check reports the size.
const maxProv = 2 << 20

// take is the import of one entry.
type take struct {
	*run
	entry       Entry
	result      Result
	chart, prov []byte
	offer       *publisher.Offer
}

// errSettled is returned when the entry has its result.
var errSettled = errors.New("settled")

// left settles the entry: the channel will lack it.
func (t *take) left(o Outcome, format string, args ...any) error {
	t.result.Outcome, t.result.Message, t.result.Lost = o, fmt.Sprintf(format, args...), true
	return errSettled
}

// there settles the entry: the channel has it.
func (t *take) there(how string) error {
	t.result.Outcome, t.result.Message = There, how
	return errSettled
}

// known settles an entry if its digest shows that it is published or waiting.
func (t *take) known(digest string) bool {
	if digest = plainDigest(digest); digest == "" {
		return false
	}
	switch {
	case t.published[release{t.entry.Name, t.entry.Version}] == digest:
		_ = t.there("it is already published")
		t.result.Digest = digest
	case t.waiting.digests[digest]:
		_ = t.there("it is already waiting in the drop area")
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
func (t *take) fetch(ctx context.Context) (err error) {
	limit := t.Config.Policy(t.Channel).Checks.Limits.WithDefaults().Packed
	t.chart, err = t.read(ctx, t.entry.URL, limit)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if down := t.reached(err); down != nil {
		return down
	}
	if err != nil {
		return t.left(Unfetched, "the archive cannot be fetched: %v", err)
	}
	t.prov, err = t.read(ctx, signatureOf(t.entry.URL), maxProv)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errMissing), errors.Is(err, ErrDenied), bucket.Denied(err), httpread.IsPage(t.prov):
		// A bucket that may not be listed answers "denied" for what does not
		// exist; and some sites answer every URL with a page.
		t.prov = nil
	case err != nil:
		return t.left(Unfetched, "its provenance file cannot be fetched: %v", err)
	}
	return nil
}

// read reads a file, and at most one byte more than the limit: that byte shows
// the check that the file is too large.
func (t *take) read(ctx context.Context, ref string, limit int64) ([]byte, error) {
	var b bytes.Buffer
	err := t.From.place.read(ctx, ref, func(body io.Reader) error {
		b.Reset()
		_, err := io.Copy(&b, io.LimitReader(body, limit+1))
		return err
	})
	return b.Bytes(), err
}

// check finds out whether the archive is what the index says, whether it would
// be accepted, and whether it is new.
func (t *take) check(ctx context.Context) error {
	var prov io.Reader
	if t.prov != nil {
		prov = bytes.NewReader(t.prov)
	}
	// The digest comes first: what is wrong with some other archive does not
	// matter.
	t.result.Digest = sum(t.chart)
	if want := plainDigest(t.entry.Digest); want != "" && want != t.result.Digest {
		return t.left(Differs, "the archive's SHA-256 is %s, but the index says %.100q", t.result.Digest, t.entry.Digest)
	}
	offer, err := generator.CheckOffer(t.Config, t.Channel, bytes.NewReader(t.chart), prov)
	if err != nil {
		return err
	}
	t.offer = offer
	for _, w := range offer.Warnings {
		t.result.Warn = append(t.result.Warn, check.Warning(w))
	}
	if offer.Name != t.entry.Name || offer.Version != t.entry.Version {
		return t.left(Differs, "the archive is %s %s, but the index says %s %s", offer.Name, offer.Version, t.entry.Name, t.entry.Version)
	}
	if t.known(offer.Digest) {
		return errSettled
	}
	return t.new(ctx)
}

// new settles the entry unless it adds something to the channel.
func (t *take) new(ctx context.Context) error {
	if t.waiting.files[t.offer.File] {
		return t.left(Differs, "another upload of this version is waiting in the drop area: run 'portolan generate', then import again")
	}
	verdict, rule, err := t.judge.Foresee(ctx, t.offer, false)
	switch {
	case rule == "version-exists", verdict == publisher.Replaced && rule == "":
		published := t.published[release{t.offer.Name, t.offer.Version}]
		return t.left(Differs, "the version is published with other content: its SHA-256 is %s, but this archive's is %s", published, t.offer.Digest)
	case err != nil:
		return err
	case verdict == publisher.Unchanged:
		return t.there("the same content is already published")
	}
	return nil
}

// upload puts the archive into the inbox.
func (t *take) upload(ctx context.Context) error {
	t.result.Outcome = Taken
	if t.DryRun {
		return nil
	}
	id, err := publisher.NewID()
	if err != nil {
		return err
	}
	s := publisher.Submission{Chart: bucket.Bytes(t.chart), Request: publisher.Request{
		File: t.offer.File, Digest: t.offer.Digest, Created: t.entry.Created, Uploader: maps.Clone(t.Uploader),
	}}
	if t.prov != nil {
		s.Prov = bucket.Bytes(t.prov)
	}
	if err := publisher.Submit(ctx, t.Drop, t.Channel, id, s); err != nil {
		return fmt.Errorf("%s not uploaded: %w", t.offer.File, err)
	}
	t.result.ID = id
	return nil
}
