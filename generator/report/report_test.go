package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/report"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

var writers = map[string]func(io.Writer, *report.Run) error{
	"junit.xml": report.JUnit, "summary.md": report.Markdown, "annotations.txt": report.Annotations,
}

func request(file, job string) *droparea.Request {
	return &droparea.Request{File: file, Uploader: map[string]string{"job": job}}
}

// aRun returns a run in which everything happened that can happen.
func aRun() *report.Run {
	stable := generator.ChannelReport{
		Channel: "group/stable", Before: 4, After: 5, Pages: &generator.PagesReport{},
		Receipts: []droparea.Receipt{
			{ID: "id-1", Verdict: verdict.Accepted, Chart: "web", Version: "1.1.0+a", URL: "group/stable/charts/web/1.1.0+a/id-1/web-1.1.0+a.tgz",
				Warnings: []verdict.Warning{{Rule: "icon", Message: "the chart has no icon"}}},
			{ID: "id-2", Verdict: verdict.Rejected, Rule: "version-exists", Chart: "web", Version: "1.0.0", Message: "web 1.0.0 was published with other content", Fix: "raise the version in Chart.yaml",
				Request: request("web-1.0.0.tgz", "https://gitlab.example.com/acme/app/-/jobs/8?a=1&b=2")},
			{ID: "id-3", Verdict: verdict.Unchanged, Chart: "db", Version: "2.0.0", URL: "group/stable/charts/db/2.0.0/id-0/db-2.0.0.tgz"},
			{ID: "id-4", Verdict: verdict.Rejected, Rule: "not-gzip", Message: "the file is not a gzip archive", Request: request("notes.tgz", "")},
			{ID: "id-6", Verdict: verdict.Accepted, Chart: "web", Version: "1.0.0", About: "yank web 1.0.0", Action: &action.Request{Kind: action.Yank}},
			{ID: "id-7", Verdict: verdict.Rejected, Rule: "gate-soak", About: "promote 2 versions of web from dev", Message: "this gate opens at noon", Fix: "ask again then",
				Action: &action.Request{Kind: action.Promote, Requester: map[string]string{"job": "https://gitlab.example.com/acme/app/-/jobs/9"}}},
		},
		Waiting: []generator.Waiting{{ID: "id-5", File: "web-1.2.0.tgz.prov", Reason: "its chart has not arrived yet"}},
	}
	devel := generator.ChannelReport{Channel: "devel", Before: 1, After: 1, Receipts: []droparea.Receipt{}, Error: "s3://charts: no network\nand once more"}
	return &report.Run{
		Report:  &generator.Report{Channels: []generator.ChannelReport{stable, devel, {Channel: "idle", Before: 3, After: 3}}},
		Err:     errors.New("channel devel: s3://charts: no network\nand once more"),
		BaseURL: "https://charts.example.com/helm/",
		Start:   time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Took: 1500 * time.Millisecond,
	}
}

func TestGolden(t *testing.T) {
	failed := &report.Run{Err: errors.New("the drop area s3://drop does not exist"), Hint: "create the bucket", Start: aRun().Start}
	dry := aRun()
	dry.Report.DryRun, dry.Report.Channels, dry.Err = true, dry.Report.Channels[:1], nil
	idle := &report.Run{Report: &generator.Report{}, Start: aRun().Start}
	for name, r := range map[string]*report.Run{"all": aRun(), "failed": failed, "dry": dry, "idle": idle} {
		for kind, write := range writers {
			var b bytes.Buffer
			if err := write(&b, r); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+"-"+kind)
			if want := testenv.Golden(t, file, b.Bytes()); b.String() != string(want) {
				t.Errorf("%s: got\n%s\nwant\n%s", file, b.Bytes(), want)
			}
		}
	}
}

// hostile are texts with a meaning in XML, Markdown or HTML, or to a CI runner.
var hostile = []string{
	"]]><failure/>", "a\x00b\x1bc\x7f", "\xff\xfe", "\u202egpj.exe", "<script>alert(1)</script>", "a|b|c", "`code`", "[x](javascript:alert(1))",
	"![x](https://evil.example/x.png)", "https://evil.example", "www.evil.example", "\n::error::x", "x\r\n::set-output name=a::b", "::add-mask::x", "a,b:c%0A", "# head", "*b* _i_ ~s~",
	"<!-- x", "&lt;script&gt;", "<https://evil.example>", "| --- |", strings.Repeat("x", 1<<20), "$x^2$", "@everyone #1",
}

// TestHostile puts such texts wherever anybody can write.
func TestHostile(t *testing.T) {
	annotated := regexp.MustCompile(`\A(::error title=[^:,\r\n]*::[^\r\n]*\n)+\z`)
	foreign := regexp.MustCompile(`(?i)<(script|img|h1|em|strong>b|a href="([^"]*evil|javascript))`)
	ofJob := regexp.MustCompile(`<a href="[^"]*">CI job</a>`) // a link if the URL is safe
	for i, text := range hostile {
		r := aRun()
		c := &r.Report.Channels[0]
		for j := range c.Receipts {
			one := &c.Receipts[j]
			one.ID, one.Rule, one.Message, one.Fix = text, text, text, text
			if one.Action != nil {
				one.About, one.Action.Requester = text, map[string]string{"job": text}
			} else {
				one.Request = request(text, text)
			}
			if one.Verdict == verdict.Rejected {
				one.Chart = ""
			}
			one.Warnings = []verdict.Warning{{Rule: text, Message: text}}
		}
		c.Waiting[0] = generator.Waiting{ID: text, File: text, Reason: text}
		c.Error, r.Err, r.Hint = text, errors.New(text), text
		out := map[string]string{}
		for kind, write := range writers {
			var b bytes.Buffer
			if err := write(&b, r); err != nil {
				t.Fatal(err)
			}
			out[kind] = b.String()
			if b.Len() > 100<<10 {
				t.Errorf("%s of text %d has %d bytes", kind, i, b.Len())
			}
		}
		cases := 0
		for d := xml.NewDecoder(strings.NewReader(out["junit.xml"])); ; {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("text %d: %v in\n%s", i, err, out["junit.xml"])
			}
			if e, ok := token.(xml.StartElement); ok && e.Name.Local == "testcase" {
				cases++
			}
		}
		if cases != 9 {
			t.Errorf("text %d: %d test cases, want 9", i, cases)
		}
		if !annotated.MatchString(out["annotations.txt"]) {
			t.Errorf("text %d: got annotations\n%s", i, out["annotations.txt"])
		}
		var page bytes.Buffer
		if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(out["summary.md"]), &page); err != nil {
			t.Fatal(err)
		}
		if m := foreign.FindString(ofJob.ReplaceAllString(page.String(), "")); m != "" {
			t.Errorf("text %d: %q in\n%s", i, m, page.String())
		}
		if strings.Count(page.String(), "<tr>") != 10 || strings.Count(page.String(), "<h2") != 1 {
			t.Errorf("text %d breaks the tables:\n%s", i, page.String())
		}
	}
}

func TestJob(t *testing.T) {
	for text, want := range map[string]bool{
		"https://gitlab.example.com/a/-/jobs/8": true, "http://ci.example.com/x?y=1#z": true,
		"": false, "javascript:alert(1)": false, "https://": false, "//host/x": false, "https://u:p@host/x": false, "https://host/a b": false,
		"https://host/<b>": false, "https://host/\n": false, "https://host/ü": false, "https://host/" + strings.Repeat("x", 1000): false, "ftp://host/x": false,
	} {
		if got := report.Job(droparea.Receipt{Request: request("", text)}) != ""; got != want {
			t.Errorf("%.50q: got %v, want %v", text, got, want)
		}
	}
	asked := droparea.Receipt{Action: &action.Request{Requester: map[string]string{"job": "https://ci.example.com/x"}}}
	if got := report.Job(asked); got != "https://ci.example.com/x" {
		t.Errorf("the job of an action is %q", got)
	}
	if report.Job(droparea.Receipt{}) != "" {
		t.Error("an upload without a request has a job")
	}
}

// TestMany reports more than GitHub takes: it shows ten annotations, and drops a
// summary of more than 1 MiB.
func TestMany(t *testing.T) {
	r := aRun()
	r.Err = nil
	r.Report.Channels = r.Report.Channels[:1]
	var all []droparea.Receipt
	for i := range 20_000 {
		one := r.Report.Channels[0].Receipts[1-i%2]
		one.Message = strings.Repeat("|", 3000)
		all = append(all, one)
	}
	for n, want := range map[int]int{20: 10, 22: 10, 20_000: 10} {
		r.Report.Channels[0].Receipts = all[:n]
		var b, m bytes.Buffer
		if err := errors.Join(report.Annotations(&b, r), report.Markdown(&m, r)); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(b.String(), "\n"); got != want {
			t.Errorf("%d rejected: %d annotations, want %d", n/2, got, want)
		}
		if more := fmt.Sprintf("and %d more errors", n/2-9); n > 20 && !strings.Contains(b.String(), more) {
			t.Errorf("%d rejected: no %q", n/2, more)
		}
		if m.Len() > 1<<20 {
			t.Errorf("%d uploads: a summary of %d bytes", n, m.Len())
		}
	}
}
