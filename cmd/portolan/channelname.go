package main

import (
	"context"
	"errors"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// checkAllowed refuses a channel that portolan.yaml does not let the site have. That is a
// wrong setting, or a wrong name; what clashes with the site's own channels is a refusal.
func (f *flags) checkAllowed(channel string) error {
	return refusedUse(generator.CheckChannel(f.config, channel))
}

// checkTakesUploads is checkAllowed for a channel that something is uploaded to.
func (f *flags) checkTakesUploads(channel string) error {
	return refusedUse(generator.CheckUploads(f.config, channel))
}

// refusedUse makes an error of use of a problem, and leaves other errors alone.
func refusedUse(err error) error {
	if problem := (*check.Problem)(nil); errors.As(err, &problem) {
		return hint(usagef("%s", problem.Message), "%s", problem.Fix)
	}
	return err
}

// checkName refuses a channel that differs from one of the site's in case alone. It returns
// a warning about a new one that is a slip away from another. The site may be nil; who may
// not read it, or gets no answer, learns all this from the receipt.
func (f *flags) checkName(ctx context.Context, site bucket.Store, channel string) (*verdict.Warning, error) {
	if site == nil {
		return nil, nil
	}
	limited, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	there, failure := publisher.HasIndex(limited, site, channel)
	if there || failure != nil {
		return nil, ctx.Err()
	}
	warning, err := generator.CheckNewChannel(limited, f.config, site, channel)
	if problem := (*check.Problem)(nil); errors.As(err, &problem) {
		return nil, refusedUse(problem)
	}
	return warning, ctx.Err()
}

// withIndex are those of the channels that clients can add.
func withIndex(ctx context.Context, site bucket.Store, channels []string) ([]string, error) {
	var kept []string
	for _, name := range channels {
		there, err := publisher.HasIndex(ctx, site, name)
		if err != nil {
			return nil, err
		}
		if there {
			kept = append(kept, name)
		}
	}
	return kept, nil
}
