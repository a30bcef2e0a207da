package importer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/httpread"
)

// A chart need not be signed, so nothing about its provenance file keeps the chart
// from being imported: Helm pulls and installs it in any case. A provenance file
// that cannot be had or does not fit is left out, and the result says why.

// maxProv is how many bytes of a provenance file are read: more than the
// generator accepts, so that its check reports the size.
const maxProv = 2 << 20

// unsigned leaves the provenance file out.
func (t *take) unsigned(format string, args ...any) {
	t.prov, t.result.Unsigned = nil, fmt.Sprintf(format, args...)
}

// fetchSignature gets the provenance file that belongs to the archive at the URL.
// Its error is that ctx is done.
func (t *take) fetchSignature(ctx context.Context, archive string) error {
	prov, err := t.read(ctx, signatureOf(archive), maxProv, true)
	if tired := (*httpread.Exhausted)(nil); errors.As(err, &tired) {
		err = tired.Err // how often it was tried differs
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errMissing), errors.Is(err, ErrDenied), bucket.Denied(err):
		// It is not signed. A bucket that may not be listed answers "denied" for
		// what does not exist.
	case err != nil:
		t.unsigned("its provenance file cannot be fetched: %v", err)
	case httpread.IsPage(prov):
		t.unsigned("the server answers with a web page in place of its provenance file")
	case len(prov) == 0:
		t.unsigned("its provenance file is empty")
	default:
		t.prov = prov
	}
	return nil
}

// makeOffer checks the archive with its provenance file. It leaves that out if Helm could
// not use it for the archive.
func (t *take) makeOffer() error {
	var prov io.Reader
	if t.prov != nil {
		prov = bytes.NewReader(t.prov)
	}
	offer, err := generator.CheckOffer(t.Config, t.Channel, bytes.NewReader(t.chart), prov)
	if t.withoutSignature(err) {
		return t.makeOffer()
	}
	t.offer = offer
	return err
}

// withoutSignature reports whether a refusal concerns the provenance file alone,
// which it then leaves out.
func (t *take) withoutSignature(refusal error) bool {
	p := (*check.Problem)(nil)
	if t.prov == nil || !errors.As(refusal, &p) || !strings.HasPrefix(p.Rule, "prov") {
		return false
	}
	t.unsigned("%s", p.Message)
	return true
}

// signatureOf returns the URL of an archive's provenance file.
func signatureOf(ref string) string {
	u, err := url.Parse(ref)
	if err != nil {
		return ref + ".prov"
	}
	u.Path += ".prov"
	if u.RawPath != "" {
		u.RawPath += ".prov"
	}
	return u.String()
}
