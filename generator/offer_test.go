package generator_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// foresee returns the rule by which an offer would be rejected; "" if it would
// not be.
func (w *world) foresee(channel string, chart, prov []byte, force bool) string {
	w.t.Helper()
	reader := func(b []byte) io.Reader {
		if b == nil {
			return nil
		}
		return bytes.NewReader(b)
	}
	o, err := generator.CheckOffer(w.config, channel, reader(chart), reader(prov))
	if err == nil {
		head, readErr := publisher.ReadHead(context.Background(), w.site.Handle("judge"), channel, nil)
		if errors.Is(readErr, bucket.ErrNotFound) {
			head, readErr = publisher.EmptyHead(), nil
		}
		if readErr != nil {
			w.t.Fatal(readErr)
		}
		err = generator.NewJudge(w.config, w.site.Handle("judge"), channel, head).Judge(context.Background(), o, force)
	}
	var problem *check.Problem
	if err != nil && !errors.As(err, &problem) {
		w.t.Fatal(err)
	}
	if problem == nil {
		return ""
	}
	return problem.Rule
}

// TestJudge checks that a judge says of an upload what the next run says.
func TestJudge(t *testing.T) {
	signer := charttest.NewSigner()
	one := charttest.Simple("alpha", "1.0.0")
	repacked := charttest.Pack("alpha", charttest.Chart("alpha", "1.0.0"), &charttest.Options{Time: charttest.Time.AddDate(1, 0, 0)})
	other := charttest.Simple("alpha", "1.0.0", "values.yaml", "replicas: 9\n")
	sign := func(b []byte) []byte { return signer.Sign("alpha-1.0.0.tgz", b) }
	published := charttest.Simple("signed", "1.0.0")
	signature := signer.Sign("signed-1.0.0.tgz", published)

	tests := []struct {
		name        string
		chart, prov []byte
		force       bool
		replace     string // the rule under duplicates: replace; "" if it is taken
		reject      string // under reject
	}{
		{name: "new chart", chart: charttest.Simple("beta", "1.0.0")},
		{name: "new version", chart: charttest.Simple("alpha", "2.0.0")},
		{name: "same bytes", chart: one},
		{name: "same content", chart: repacked},
		{name: "other content", chart: other, reject: "version-exists"},
		{name: "other content, forced", chart: other, force: true},
		{name: "first signature", chart: one, prov: sign(one)},
		{name: "first signature, repacked", chart: repacked, prov: sign(repacked), reject: "provenance-repacked"},
		{name: "first signature alone", prov: sign(one)},
		{name: "another signature alone", prov: charttest.NewSigner().Sign("signed-1.0.0.tgz", published), replace: "provenance-differs", reject: "provenance-differs"},
		{name: "the same signature alone", prov: signature},
		{name: "signature for a chart to come", prov: signer.Sign("gamma-1.0.0.tgz", one)},
		{name: "name in another case", chart: charttest.Simple("Alpha", "1.0.0"), replace: "name-case", reject: "name-case"},
		{name: "not semantic", chart: charttest.Simple("alpha", "1"), replace: "version", reject: "version"},
		{name: "signature of other bytes", chart: one, prov: sign(other), replace: "prov-digest", reject: "prov-digest"},
		{name: "no signature", prov: []byte("hello"), replace: "prov-format", reject: "prov-format"},
	}
	for _, test := range tests {
		for _, policy := range []string{config.Replace, config.Reject} {
			t.Run(test.name+"/"+policy, func(t *testing.T) {
				w := newWorld(t)
				w.configure("channels: [{match: stable, duplicates: " + policy + "}]")
				w.publish("stable", 1, one)
				w.mustUpload("stable", id(500), published, signature)
				if _, err := w.run("first"); err != nil {
					t.Fatal(err)
				}
				want := test.replace
				if policy == config.Reject {
					want = test.reject
				}
				if got := w.foresee("stable", test.chart, test.prov, test.force); got != want {
					t.Errorf("the judge rejects it by rule %q, want %q", got, want)
				}
				if got := w.decided(test.chart, test.prov, test.force); got != want {
					t.Errorf("the run rejects it by rule %q, want %q", got, want)
				}
			})
		}
	}
}

// TestJudgeDigest checks that a client which pushes the content of a published version
// again, under another manifest, is told which digest stands.
func TestJudgeDigest(t *testing.T) {
	w := newWorld(t)
	w.configure(ociOn)
	one := charttest.Simple("alpha", "1.0.0")
	w.publish("stable", 1, one)
	tag, _, err := bucket.ReadAll(t.Context(), w.site.Handle("test"), registry.TagKey("stable/alpha", "1.0.0"), registry.MaxManifest)
	if err != nil {
		t.Fatal(err)
	}
	stands := registry.SumOf(tag).SHA256
	head, err := publisher.ReadHead(t.Context(), w.site.Handle("test"), "stable", nil)
	if err != nil {
		t.Fatal(err)
	}
	judge := generator.NewJudge(w.config, w.site.Handle("test"), "stable", head)
	repacked := charttest.Pack("alpha", charttest.Chart("alpha", "1.0.0"), &charttest.Options{Time: charttest.Time.AddDate(1, 0, 0)})
	other := strings.Repeat("0", 64)
	for _, test := range []struct {
		name     string
		chart    []byte
		manifest string
		warned   bool
	}{
		{"packed again", repacked, other, true}, {"the same bytes", one, other, true},
		{"the same manifest", one, stands, false}, {"not pushed", repacked, "", false},
		{"other content", charttest.Simple("alpha", "1.0.0", "values.yaml", "replicas: 9\n"), other, false},
		{"another version", charttest.Simple("alpha", "2.0.0"), other, false},
	} {
		o, err := generator.CheckOffer(w.config, "stable", bytes.NewReader(test.chart), nil)
		if err != nil {
			t.Fatal(err)
		}
		o.Manifest = test.manifest
		if err := judge.Judge(t.Context(), o, false); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		warned := slices.ContainsFunc(o.Warnings, func(w verdict.Warning) bool {
			return w.Rule == "warn-digest" && strings.Contains(w.Message, "sha256:"+stands) && len(w.Message) <= 200
		})
		if warned != test.warned {
			t.Errorf("%s: warnings %+v", test.name, o.Warnings)
		}
	}
}

// decided uploads to the channel stable, and returns the rule by which the next
// run rejects that; "" if it does not.
func (w *world) decided(chart, prov []byte, force bool) string {
	w.t.Helper()
	s := droparea.Submission{Request: droparea.Request{File: "x", Force: force}}
	if chart != nil {
		s.Chart = bucket.Bytes(chart)
	}
	if prov != nil {
		s.Prov = bucket.Bytes(prov)
	}
	if err := droparea.Submit(context.Background(), w.drop.Handle("uploader"), "stable", id(900), s); err != nil {
		w.t.Fatal(err)
	}
	report, err := w.run("second")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range report.Channels {
		for _, r := range c.Receipts {
			if r.Verdict == verdict.Rejected {
				return r.Rule
			}
		}
	}
	return ""
}

func TestOfferNames(t *testing.T) {
	signer := charttest.NewSigner()
	for file, want := range map[string]string{
		"alpha-1.0.0.tgz":     "alpha",
		"a-1-2.0.0.tgz":       "a a-1",
		"a-b-1.0.0-rc.1.tgz":  "a-b",
		"a-1.0.0-2.0.0.tgz":   "a a-1.0.0",
		"a-v1.0.0+b-2.tgz":    "a a-v1.0.0+b",
		"nothing.tgz":         "refused",
		"a-b.tgz":             "refused",
		"x-0.1-alpha.1-2.tgz": "x x-0.1-alpha.1",
	} {
		var c *config.Config
		o, err := generator.CheckOffer(c, "stable", nil, bytes.NewReader(signer.Sign(file, []byte(file))))
		if problem := (*check.Problem)(nil); (errors.As(err, &problem) && problem.Rule == "prov-name") != (want == "refused") {
			t.Errorf("%s: %v", file, err)
		}
		if err != nil {
			continue
		}
		if got := strings.Join(slices.Sorted(slices.Values(o.Names)), " "); got != want {
			t.Errorf("%s: charts %q, want %q", file, got, want)
		}
	}
}
