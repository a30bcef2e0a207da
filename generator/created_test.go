package generator_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// imported submits a chart with the date that it had elsewhere.
func (w *world) imported(id, created string, chart, prov []byte) {
	w.t.Helper()
	w.mustUpload("stable", id, chart, prov)
	w.drop.Put("inbox/stable/"+id+".json", []byte(`{"file":"upload.tgz","created":"`+created+`","provenance":`+map[bool]string{true: "true", false: "false"}[prov != nil]+`}`))
}

// indexed is what the index of the channel says of a chart.
func (w *world) indexed(chart string) string {
	w.t.Helper()
	head, err := publisher.ReadHead(context.Background(), w.site.Handle("reader"), "stable", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(head.Lines(chart), "\n")
}

// TestCreated: what is imported keeps the date that it had, and that never moves.
func TestCreated(t *testing.T) {
	w := newWorld(t)
	w.imported(id(1), "2020-05-06T09:08:09.123456789+02:00", alphaOld, nil)
	receipt := w.mustRun().Channels[0].Receipts[0]
	const want = `"created":"2020-05-06T07:08:09.123456789Z"`
	if got := w.indexed("alpha"); !strings.Contains(got, want) || len(receipt.Warnings) > 0 {
		t.Errorf("got %s with %v, want %s", got, receipt.Warnings, want)
	}
	// Neither the same once more with another date moves it, nor a signature.
	w.imported(id(2), "2021-01-01T00:00:00Z", alphaOld, nil)
	w.mustRun()
	w.imported(id(3), "2022-01-01T00:00:00Z", alphaOld, charttest.NewSigner().Sign("alpha-1.0.0.tgz", alphaOld))
	w.mustRun()
	if got := w.indexed("alpha"); !strings.Contains(got, want) || !strings.Contains(got, id(3)) {
		t.Errorf("signed: got %s, want %s", got, want)
	}
}

// TestCreatedImpossible: nobody can date a chart into the future, or write an
// index that clients cannot read.
func TestCreatedImpossible(t *testing.T) {
	for _, created := range []string{
		"2026-03-01T12:00:01.000000001Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "1969-12-31T23:59:59Z", "0000-01-01T00:00:00+23:59",
	} {
		w := newWorld(t)
		w.imported(id(1), created, alphaOld, nil)
		report := w.mustRun()
		receipt := report.Channels[0].Receipts[0]
		if len(receipt.Warnings) != 1 || receipt.Warnings[0].Rule != "warn-created" || receipt.Verdict != verdict.Accepted {
			t.Errorf("%s: got %+v, want a warning", created, receipt)
		}
		if got, want := w.indexed("alpha"), `"created":"`+receipt.Decided.UTC().Format(time.RFC3339Nano); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", created, got, want)
		}
	}
	if message, _ := generator.Describe("warn-created"); message == "" {
		t.Error("the warning's rule has no text")
	}
	w := newWorld(t)
	w.imported(id(1), "yesterday", alphaOld, nil)
	if receipt := w.mustRun().Channels[0].Receipts[0]; len(receipt.Warnings) != 1 || receipt.Warnings[0].Rule != "warn-request" {
		t.Errorf("got %+v, want a warning that the request cannot be read", receipt)
	}
}
