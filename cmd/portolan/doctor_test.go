package main

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/doctor"
)

// unlisted is a store whose listings fail when that returns.
type unlisted struct {
	bucket.Store
	fail func(context.Context) error
}

func (s unlisted) List(ctx context.Context, _ string, _ bucket.Depth) iter.Seq2[bucket.Entry, error] {
	return func(yield func(bucket.Entry, error) bool) { yield(bucket.Entry{}, s.fail(ctx)) }
}

// TestDoctorReadsNoIndex: if the indexes cannot be read, or not in time, a row says that the
// clients were not checked.
func TestDoctorReadsNoIndex(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(context.Context) error{
		"fails":  func(context.Context) error { return errors.New("it does not work") },
		"silent": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		synctest.Test(t, func(t *testing.T) {
			f, report, start := &doctorFlags{flags: newFlags("doctor")}, &doctor.Report{}, time.Now()
			f.checkClients(t.Context(), doctor.Options{Site: doctor.Place{Store: unlisted{fail: fail}}}, report)
			if len(report.Checks) != 1 || report.Checks[0].Check != "clients" || report.Checks[0].Result != doctor.Warning {
				t.Errorf("%s: got %+v", name, report.Checks)
			}
			if took := time.Since(start); took > clientsTime {
				t.Errorf("%s: it took %s", name, took)
			}
		})
	}
}
