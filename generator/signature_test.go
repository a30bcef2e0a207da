package generator_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// withKeys configures the keys that all channels have, and what else is said of them.
func (w *world) withKeys(settings string, keys ...*charttest.Signer) {
	w.t.Helper()
	dir, files := w.t.TempDir(), []string{}
	for i, key := range keys {
		files = append(files, fmt.Sprintf("%d.gpg", i))
		if err := os.WriteFile(filepath.Join(dir, files[i]), key.Keyring(), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "portolan.yaml")
	text := fmt.Sprintf("provenanceWait: 1h\nchannels: [{match: '**', signatures: {keyrings: [%s], %s}}]", strings.Join(files, ", "), settings)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	var err error
	if w.config, err = config.Load(file); err != nil {
		w.t.Fatal(err)
	}
}

// described is the release.json of a version; nil if it is not published.
func (w *world) described(chart, version string) *publisher.ReleaseInfo {
	w.t.Helper()
	head, err := publisher.ReadHead(context.Background(), w.site.Handle("test"), "stable", nil)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil
	}
	if err != nil {
		w.t.Fatal(err)
	}
	for _, line := range head.Index.Lines(chart) {
		if strings.Contains(line, fmt.Sprintf("%q", version)) {
			_, url, _ := strings.Cut(line, `"urls":["`)
			url, _, _ = strings.Cut(url, `"`)
			info, err := publisher.ReadRelease(context.Background(), w.site.Handle("test"), "stable", url)
			if err != nil {
				w.t.Fatal(err)
			}
			return info
		}
	}
	return nil
}

// only is the one receipt of a run.
func only(t *testing.T, r *generator.Report) droparea.Receipt {
	t.Helper()
	if len(r.Channels) != 1 || len(r.Channels[0].Receipts) != 1 {
		t.Fatalf("got %+v, want one receipt", r.Channels)
	}
	return r.Channels[0].Receipts[0]
}

func rulesOf(warnings []verdict.Warning) (rules []string) {
	for _, w := range warnings {
		rules = append(rules, w.Rule)
	}
	return rules
}

// Each upload is decided with and without 'require'; what is refused with it is warned
// of without it, and says so in release.json as well.
func TestSignatures(t *testing.T) {
	start := newWorld(t).clock
	ann, bob := charttest.NewSignerAt(start), charttest.NewSignerAt(start)
	late := charttest.NewSignerAt(start.Add(24 * time.Hour))
	chart := charttest.Simple("alpha", "1.0.0")
	good := ann.Sign("alpha-1.0.0.tgz", chart)
	for _, test := range []struct {
		name string
		prov []byte
		rule string // "" if it is fine
	}{
		{"signed", good, ""},
		{"unsigned", nil, "signature-missing"},
		{"by a stranger", bob.Sign("alpha-1.0.0.tgz", chart), "signature-unknown"},
		{"from the future", late.Sign("alpha-1.0.0.tgz", chart), "signature-expired"},
		{"altered", slices.Concat([]byte("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nnot: signed\n"), good[strings.Index(string(good), "apiVersion"):]), "signature-invalid"},
	} {
		for _, required := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, required %t", test.name, required), func(t *testing.T) {
				w := newWorld(t)
				w.withKeys(fmt.Sprintf("require: %t", required), ann, late)
				foreseen := w.foresee("stable", chart, test.prov, false)
				w.mustUpload("stable", id(1), chart, test.prov)
				got := only(t, w.mustRun())
				info := w.described("alpha", "1.0.0")
				switch {
				case test.rule == "":
					want := publisher.Signer{Fingerprint: ann.Fingerprint(), Identity: charttest.SignerIdentity}
					if got.Verdict != verdict.Accepted || info.Signer == nil || *info.Signer != want || len(got.Warnings) > 0 {
						t.Errorf("got %+v, signed by %+v", got, info)
					}
				case required:
					if got.Verdict != verdict.Rejected || got.Rule != test.rule || got.Fix == "" || info != nil {
						t.Errorf("got %+v and %+v, want %s", got, info, test.rule)
					}
				default:
					warned := func(all []verdict.Warning) bool { return slices.Equal(rulesOf(all), []string{"warn-" + test.rule}) }
					if got.Verdict != verdict.Accepted || !warned(got.Warnings) || !warned(info.Warnings) || info.Signer != nil {
						t.Errorf("got %+v and %+v, want a warning of %s", got, info, test.rule)
					}
				}
				if required && test.rule != "signature-expired" && foreseen != test.rule { // which the clock of this machine decides
					t.Errorf("foreseen %q, want %q", foreseen, test.rule)
				}
			})
		}
	}
}

// What is published already stays unchanged, however it was signed: only what would
// publish something needs a signature.
func TestSignatureOfPublished(t *testing.T) {
	w := newWorld(t)
	ann, bob := charttest.NewSignerAt(w.clock), charttest.NewSignerAt(w.clock)
	chart, other := charttest.Simple("alpha", "1.0.0"), charttest.Simple("alpha", "1.0.0", "README.md", "other")
	w.mustUpload("stable", id(1), chart, nil)
	w.mustRun()
	w.withKeys("require: true", ann)
	for i, test := range []struct {
		chart, prov []byte
		want        string
	}{
		{chart, nil, "unchanged same-content"},
		{other, nil, "rejected signature-missing"},
		{nil, bob.Sign("alpha-1.0.0.tgz", chart), "rejected signature-unknown"},
		{chart, bob.Sign("alpha-1.0.0.tgz", chart), "rejected signature-unknown"},
		{nil, ann.Sign("alpha-1.0.0.tgz", chart), "replaced signature"},
		{chart, nil, "unchanged same-content"},
		{other, nil, "rejected signature-missing"},
		{other, ann.Sign("alpha-1.0.0.tgz", other), "replaced"},
	} {
		w.mustUpload("stable", id(i+2), test.chart, test.prov)
		if got := verdicts(w.mustRun())[id(i+2)]; got != test.want {
			t.Errorf("%d: got %q, want %q", i, got, test.want)
		}
	}
	if info := w.described("alpha", "1.0.0"); info.Signer == nil || info.Signer.Fingerprint != ann.Fingerprint() {
		t.Errorf("it is signed by %+v", info.Signer)
	}
}

// A lone provenance file that could never sign anything is refused at once; a good one waits
// for its chart, and so does a chart for the file that its uploader announced.
func TestSignatureWaits(t *testing.T) {
	w := newWorld(t)
	ann, bob := charttest.NewSignerAt(w.clock), charttest.NewSignerAt(w.clock)
	w.withKeys("require: true", ann)
	chart := charttest.Simple("alpha", "1.0.0")
	w.mustUpload("stable", id(1), nil, bob.Sign("alpha-1.0.0.tgz", chart))
	w.mustUpload("stable", id(2), nil, ann.Sign("alpha-1.0.0.tgz", chart))
	w.mustUpload("stable", id(3), chart, ann.Sign("alpha-1.0.0.tgz", chart))
	prov := "inbox/stable/" + id(3) + ".tgz.prov"
	kept := w.drop.Snapshot()[prov]
	if err := w.drop.Handle("vandal").Delete(context.Background(), prov, ""); err != nil {
		t.Fatal(err)
	}
	report := w.mustRunQuiet()
	if got := verdicts(report); len(got) != 1 || got[id(1)] != "rejected signature-unknown" || len(report.Channels[0].Waiting) != 2 {
		t.Errorf("got %v, waiting %+v", got, report.Channels[0].Waiting)
	}
	w.drop.Put(prov, kept)
	if got := verdicts(w.mustRunQuiet()); got[id(3)] != "accepted" || got[id(2)] != "unchanged same-content" && got[id(2)] != "rejected provenance-differs" {
		t.Errorf("got %v", got)
	}
}

// A signature that is added takes back the warning that it was missing.
func TestSignatureAdded(t *testing.T) {
	w := newWorld(t)
	ann := charttest.NewSignerAt(w.clock)
	w.withKeys("require: false", ann)
	chart := charttest.Simple("alpha", "1.0.0")
	w.mustUpload("stable", id(1), chart, nil)
	w.mustRun()
	w.mustUpload("stable", id(2), nil, ann.Sign("alpha-1.0.0.tgz", chart))
	w.mustRun()
	if info := w.described("alpha", "1.0.0"); info.Signer == nil || len(info.Warnings) > 0 {
		t.Errorf("got %+v", info)
	}
}

// The keys lie with the channel once that is there, and follow the configuration.
func TestKeyringPublished(t *testing.T) {
	w := newWorld(t)
	ann, bob := charttest.NewSignerAt(w.clock), charttest.NewSignerAt(w.clock)
	key := "stable/" + publisher.KeyringURL
	w.withKeys("require: true", ann)
	chart := charttest.Simple("alpha", "1.0.0")
	w.mustUpload("stable", id(1), chart, nil)
	w.mustRun()
	for n, keys := range [][]*charttest.Signer{{ann}, {ann, bob}, {bob}} {
		w.withKeys("require: true", keys...)
		for range 2 {
			if _, err := w.start(generator.Options{Drop: w.drop.Handle("clean"), Site: w.site.Handle("clean"), Channels: []string{"stable"}}, ""); err != nil {
				t.Fatal(err)
			}
		}
		want := w.config.Policy("stable").Keyring
		site := w.site.Snapshot()
		if string(site[key]) != string(want.Binary()) || string(site["stable/"+publisher.ArmoredKeyringURL]) != string(want.Armored()) {
			t.Errorf("%d: the keys on the site are not those of the configuration", n)
		}
	}
}

// Whatever fails in between, a signed upload ends with its verdict, its signer and the keys.
func TestSignatureCrashes(t *testing.T) {
	begun := newWorld(t)
	ann := charttest.NewSignerAt(begun.clock)
	chart := charttest.Simple("alpha", "1.0.0")
	prov := ann.Sign("alpha-1.0.0.tgz", chart)
	crashEverywhere(t, func(t testing.TB) *world {
		w := newWorld(t)
		w.withKeys("require: true", ann)
		w.mustUpload("stable", id(1), chart, prov)
		w.mustUpload("stable", id(2), charttest.Simple("beta", "1.0.0"), nil)
		return w
	})
}
