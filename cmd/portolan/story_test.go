package main

import (
	"encoding/xml"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// junitCase is a test case of a JUnit report, as pipelines read it.
type junitCase struct {
	Name    string `xml:"name,attr"`
	Class   string `xml:"classname,attr"`
	Failure *struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	} `xml:"failure"`
}

// runPipelines is what the forge does: with each pipeline that the trigger
// starts it runs the generator, until that has decided on this many uploads. It
// returns the cases of all reports.
func (w *town) runPipelines(f *forge, uploads int) (cases []junitCase) {
	w.t.Helper()
	for late := testenv.Late(w.t); len(cases) < uploads; {
		select {
		case <-f.pipelines:
		case <-late:
			w.t.Fatalf("after all pipelines only these are decided: %+v", cases)
		}
		w.run([]int{exitDone, exitRejected}, "generate", "--report", "report.xml", "--summary", "summary.md", "--base-url", chartsAudience)
		var report struct {
			Cases []junitCase `xml:"testsuite>testcase"`
		}
		if err := xml.Unmarshal(read(w.t, filepath.Join(w.folder, "report.xml")), &report); err != nil {
			w.t.Fatal(err)
		}
		cases = append(cases, report.Cases...)
	}
	return cases
}

// curlUp uploads an archive as GitLab's users do, and returns what curl prints.
func (s *shimProcess) curlUp(token, file string, archive []byte) outcome {
	s.t.Helper()
	folder := s.t.TempDir()
	write(s.t, filepath.Join(folder, file), archive)
	return process(s.t, folder, plainEnv(), "curl", "--silent", "--show-error", "--fail-with-body", "--request", "POST", "--user", "gitlab-ci-token:"+token,
		"--form", "chart=@"+file, s.url+"/api/v4/projects/42/packages/helm/api/stable/charts")
}

// TestStory is the whole way of a chart: curl uploads one with a job token and
// others with an OIDC token, of which one is not a chart and one changes what is
// published; the shim has the forge start a pipeline; the generator there
// publishes the good ones and fails the bad one; nginx serves what Helm installs
// and people read.
func TestStory(t *testing.T) {
	t.Parallel()
	f, w := newForge(t), newTown(t)
	w.writeForgeAuth(f)
	write(t, filepath.Join(w.folder, "portolan.yaml"), []byte("channels: [{match: 42/stable, duplicates: reject}]\n"))
	write(t, filepath.Join(w.folder, "trigger"), []byte(triggerSecret+"\n"))
	s := w.shim("--auth", "auth.yaml", "--notify", f.URL+"/api/v4/projects/42/trigger/pipeline?ref=main", "--notify-token-file", "trigger")
	idToken := f.sign(map[string]any{
		"aud": f.audience, "sub": "project_path:acme/app:ref_type:branch:ref:main", "project_id": "42", "project_path": "acme/app",
		"ref": "main", "ref_protected": "true", "pipeline_source": "push", "job_id": "815",
	})
	up := func(token, chart string, more ...string) {
		t.Helper()
		if o := s.curlUp(token, chart+"-1.0.0.tgz", charttest.Simple(chart, "1.0.0", more...)); o.code != 0 {
			t.Fatalf("uploading %s: exit code %d: %s%s", chart, o.code, o.stdout, o.stderr)
		}
	}
	up(jobSecret, "web")
	up(idToken, "app-web")
	cases := w.runPipelines(f, 2)
	up(idToken, "app-web", "README.md", "altered")
	cases = append(cases, w.runPipelines(f, 1)...)
	if o := s.curlUp(idToken, "app-bad-1.0.0.tgz", charttest.Simple("app-bad", "1.0.0", "values.yaml", "replicas: [")); o.code != 22 || !strings.Contains(o.stdout, `"rule":"yaml"`) || !strings.Contains(o.stdout, `"hint":`) {
		t.Errorf("of a file that is not a chart, curl says: exit code %d: %s%s", o.code, o.stdout, o.stderr)
	}

	var passed []string
	var failed []junitCase
	for _, c := range cases {
		if c.Failure == nil {
			passed = append(passed, c.Class+": "+c.Name)
		} else {
			failed = append(failed, c)
		}
	}
	slices.Sort(passed)
	equal(t, "what the reports pass", passed, []string{"42/stable: app-web 1.0.0", "42/stable: web 1.0.0"})
	job := f.URL + "/acme/app/-/jobs/815"
	if len(failed) != 1 || failed[0].Name != "app-web 1.0.0" || failed[0].Failure.Type == "" || !strings.Contains(failed[0].Failure.Text, "fix: ") || !strings.Contains(failed[0].Failure.Text, job) {
		t.Errorf("the reports fail %+v; want one, with a rule, how to fix it, and %s", failed, job)
	}
	summary := string(read(t, filepath.Join(w.folder, "summary.md")))
	for _, link := range []string{chartsAudience + "/42/stable/charts/app-web/1.0.0/", job} {
		if !strings.Contains(summary, link) {
			t.Errorf("the summary has no link to %s:\n%s", link, summary)
		}
	}
	s.stop()
	w.hold(s, jobSecret, idToken, triggerSecret)

	server := nginx(t, "folder.conf", map[string]string{"/srv/charts": filepath.Join(w.folder, "site")})
	w.installsFrom(server+"/42/stable", "web", "app-web")
	for page, says := range map[string]string{"/": "42/stable", "/42/stable/": "app-web", "/42/stable/charts/web/1.0.0/": "1.0.0"} {
		if got := fetchServed(t, "GET", server+page); got.status != 200 || !strings.HasPrefix(got.kind, "text/html") || !strings.Contains(got.body, says) || strings.Contains(got.body, "app-bad") {
			t.Errorf("the page %s: %+v", page, got)
		}
	}
}

// installsFrom installs the charts of a repository with both Helms, as far as
// that can be done without a cluster.
func (w *town) installsFrom(url string, charts ...string) {
	w.t.Helper()
	for _, client := range clients {
		h := newHelm(w.t, client)
		h.run("repo", "add", "charts", url)
		if all := sortedKeys(h.search("charts")); len(all) != len(charts) {
			w.t.Errorf("%s finds %q, want %q", client, all, charts)
		}
		for _, chart := range charts {
			command := []string{"install", "mine", "charts/" + chart, "--dry-run=client"}
			if h.major == "3" { // which wants a cluster for that
				command = []string{"template", "mine", "charts/" + chart}
			}
			if out := h.run(command...); !strings.Contains(out, "name: mine") {
				w.t.Errorf("%s %q renders\n%s", client, command, out)
			}
		}
	}
}
