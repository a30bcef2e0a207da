package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// judge says why a run would refuse an upload that is good by itself, as far as the site
// shows that: a *[check.Problem]. It notes what the run would warn of.
type judge func(context.Context, *upload) error

// lookTime is how long drop waits for a site that it can do without.
const lookTime = 30 * time.Second

// siteAtHand returns the site that uploads can be compared with. It is nil if it is a
// folder that is not there, or a bucket that this uploader has no credentials for: the
// drop area may be all that an uploader can see. Only a wrong setting is an error.
func (p *program) siteAtHand(ctx context.Context, f *flags) (bucket.Store, error) {
	if err := f.checkBucket("site", f.site); err != nil {
		return nil, err
	}
	if isWeb(f.site) {
		return f.openWeb(f.site)
	}
	if folder := localFolder(f.site); folder != "" && isFolder(folder) != nil {
		return nil, nil
	}
	site, _, err := f.openBucket(ctx, "site")
	if server := (*bucket.ServerError)(nil); errors.As(err, &server) {
		p.unseen(ctx, err)
		return nil, ctx.Err()
	}
	return site, err
}

// readSite reads the index of the channel, so that what a run would refuse is refused before
// it is uploaded. An uploader need not be able to read the site: then the run decides
// alone, as it does in the end anyway.
func (d *dropper) readSite(ctx context.Context, site bucket.Store, c *config.Config) {
	limited, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	head, err := publisher.ReadHead(limited, site, d.channel, nil)
	if errors.Is(err, bucket.ErrNotFound) {
		d.compareName(ctx, limited, site, c)
		return
	}
	if err != nil {
		d.unseen(ctx, err)
		return
	}
	published := generator.NewJudge(c, site, d.channel, head)
	d.judge = func(ctx context.Context, u *upload) error {
		offer, err := generator.CheckOffer(c, d.channel, readerOf(u.chart), readerOf(u.prov))
		if err != nil {
			return nil // it is good: with other options it has been checked before
		}
		limited, cancel := context.WithTimeout(ctx, lookTime)
		defer cancel()
		err = published.Judge(limited, offer, d.request.Force)
		if problem := (*check.Problem)(nil); err != nil && !errors.As(err, &problem) {
			d.unseen(ctx, err)
			if d.judgeAlone(c); d.judge != nil && ctx.Err() == nil {
				return d.judge(ctx, u)
			}
			return ctx.Err()
		}
		u.warned = offer.Warnings
		return err
	}
}

// judgeAlone has uploads judged without a site: by their signatures, if the channel
// has keys for that.
func (d *dropper) judgeAlone(c *config.Config) {
	d.judge = nil
	if p := c.Policy(d.channel); !p.Signed && p.Keyring == nil {
		return
	}
	d.judge = func(_ context.Context, u *upload) error {
		offer, err := generator.CheckOffer(c, d.channel, readerOf(u.chart), readerOf(u.prov))
		if err != nil {
			return nil // it is good: with other options it has been checked before
		}
		if u.warned = offer.Warnings; offer.Signature != nil {
			return (*check.Problem)(offer.Signature)
		}
		return nil
	}
}

// compareName compares the name of a channel that the site does not have with those that
// it has, and refuses all uploads if it differs from one in case alone.
func (d *dropper) compareName(ctx, limited context.Context, site bucket.Store, c *config.Config) {
	odd, err := generator.CheckNewChannel(limited, c, site, d.channel)
	d.odd = odd
	if problem := (*check.Problem)(nil); errors.As(err, &problem) {
		d.judge = func(context.Context, *upload) error { return problem }
	} else if err != nil {
		d.unseen(ctx, err)
	}
}

// unseen says that the uploads are not compared with the site, unless there is nothing
// to compare them with, or nothing that this uploader may see.
func (p *program) unseen(ctx context.Context, err error) {
	if ctx.Err() == nil && !errors.Is(err, bucket.ErrNotFound) && !bucket.Denied(err) {
		p.say("note", "the site cannot be read, so only the run will compare the upload with it: "+oneLine(err.Error()))
	}
}

// readerOf returns a reader of the bytes; nil if there are none.
func readerOf(b []byte) io.Reader {
	if b == nil {
		return nil
	}
	return bytes.NewReader(b)
}
