package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/survey"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// TestForgedReceipt prints, in every way there is, a receipt whose every text
// tries to take over the terminal: anyone who may write to the drop area can
// write one like it.
func TestForgedReceipt(t *testing.T) {
	t.Parallel()
	evil := "\x1b[2J\u009b31m\u202e\x7f\r\n" + strings.Repeat("x", 10_000)
	forged := droparea.Receipt{
		ID: "1" + evil, Channel: "2" + evil, Verdict: verdict.Verdict("3" + evil), Rule: "4" + evil, Message: "5" + evil, Fix: "6" + evil,
		Chart: "7" + evil, Version: "8" + evil, Digest: "9" + evil, URL: "10" + evil,
		Warnings: []verdict.Warning{{Rule: "11" + evil, Message: "12" + evil}},
		Request:  &droparea.Request{File: "13" + evil, Uploader: map[string]string{"user": "14" + evil}},
	}
	rejected := forged
	rejected.Verdict = verdict.Rejected
	for name, show := range map[string]func(*program, *droparea.Receipt) error{
		"drop --wait": func(p *program, r *droparea.Receipt) error {
			(&dropper{program: p}).printVerdict(r)
			return nil
		},
		"status": func(p *program, r *droparea.Receipt) error { return p.printReceipt(r) },
		"waiting": func(p *program, r *droparea.Receipt) error {
			return p.printStatus(channelStatus{Uploads: []waitingUpload{{File: r.Request.File}}})
		},
		"uploads": func(p *program, r *droparea.Receipt) error {
			return p.printUploads([]survey.Upload{{
				ID: r.ID, Channel: r.Channel, Verdict: r.Verdict, Chart: r.Chart, Version: r.Version, File: r.Request.File,
				Message: r.Message, Fix: r.Fix, Uploader: r.Request.Uploader,
			}}, "in the last 7 days")
		},
		"generate": func(p *program, r *droparea.Receipt) error {
			p.printReport(&generator.Report{Channels: []generator.ChannelReport{{
				Channel: "stable", Receipts: []droparea.Receipt{*r}, Waiting: []generator.Waiting{{File: r.Request.File}},
			}}}, format{}, false)
			return nil
		},
	} {
		for _, r := range []droparea.Receipt{forged, rejected} {
			var out bytes.Buffer
			p := &program{stdout: &checkedWriter{w: &out}, stderr: &out}
			if err := show(p, &r); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got := out.String(); !strings.Contains(got, `\x1b[2J`) || strings.ContainsFunc(got, unprintable) || strings.Count(got, "x") > 13*maxProse {
				t.Errorf("%s: got %.3000q", name, got)
			}
		}
	}
}

func unprintable(r rune) bool { return r != '\n' && !unicode.IsGraphic(r) }

// TestJSONIsSafe: what is not printable is escaped, and still there.
func TestJSONIsSafe(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &program{stdout: &checkedWriter{w: &out}}
	want := map[string]string{"a\u009b": "\x1b[2J\u009b31m\u202e\x7f\r\n\U000e0001 Grüße, 世界 \\u009b"}
	if err := p.printJSON(want); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.ContainsFunc(text, unprintable) || !strings.Contains(text, "Grüße, 世界") {
		t.Errorf("got %q", text)
	}
	var got map[string]string
	decode(t, out.String(), &got)
	equal(t, "read back", got, want)
}

// TestInterruptedJSON: what was done by then is printed, in one object.
func TestInterruptedJSON(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "web-1.0.0.tgz", charttest.Simple("web", "1.0.0"))
	ctx, cancel := context.WithCancel(t.Context())
	silent := make(chan struct{})
	defer close(silent)
	stdin := readerFunc(func([]byte) (int, error) { // after the first upload
		cancel()
		<-silent
		return 0, io.EOF
	})
	var out bytes.Buffer
	code := run(ctx, []string{"drop", "--output", "json", "stable", "web-1.0.0.tgz", "-"}, stdin, &out, io.Discard)
	var got struct {
		Error   string
		Uploads []dropped
	}
	decode(t, out.String(), &got)
	if code != exitInterrupted || got.Error != "interrupted" || len(got.Uploads) == 0 || got.Uploads[0].ID == "" {
		t.Errorf("got %d and %s", code, out.String())
	}
}

// TestForgedSite prints a site whose every text tries to take over the terminal: any web
// site can have a log like it.
func TestForgedSite(t *testing.T) {
	t.Parallel()
	evil := "\x1b[2J\u009b31m\u202e\x7f\r\n\t" + strings.Repeat("x", 10_000)
	change := survey.Change{Chart: evil, Version: evil, Digest: evil, Was: evil, Reason: evil, Successor: evil}
	var changes []survey.Change
	for _, what := range []survey.What{
		survey.Added, survey.Changed, survey.Signed, survey.Removed, survey.IsYanked, survey.Restored, survey.Deprecated, survey.Undeprecated,
	} {
		change.What = what
		changes = append(changes, change)
	}
	for name, show := range map[string]func(*program) error{
		"charts": func(p *program) error {
			return p.printCharts([]survey.Chart{{Chart: evil, Newest: evil, AppVersion: evil, Deprecation: &survey.Deprecation{Message: evil, Successor: evil}}})
		},
		"versions": func(p *program) error {
			return p.printVersions([]survey.Version{{Chart: evil, Version: evil, AppVersion: evil, Digest: evil, Yanked: &survey.Yank{Reason: evil}}}, false)
		},
		"diff": func(p *program) error {
			p.printDiff(&survey.Difference{Changes: changes})
			return nil
		},
		"log": func(p *program) error {
			e := survey.Entry{Changes: changes}
			for _, kind := range []action.Kind{action.Yank, action.Deprecate, action.Promote, action.Rollback, action.Kind(evil)} {
				e.Actions = append(e.Actions, survey.Action{Kind: kind, About: evil, Verdict: verdict.Accepted, Reason: evil, Successor: evil})
			}
			p.printLog([]survey.Entry{e})
			return nil
		},
	} {
		var out bytes.Buffer
		if err := show(&program{stdout: &checkedWriter{w: &out}, stderr: &out}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := out.String(); !strings.Contains(got, `\x1b[2J`) || strings.ContainsFunc(got, unprintable) || strings.Count(got, "x") > 20*maxProse {
			t.Errorf("%s: got %.3000q", name, got)
		}
	}
}
