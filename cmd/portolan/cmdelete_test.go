package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// curl sends a request as the forcer, and returns what is answered.
func (s *shimProcess) curl(t *testing.T, args ...string) outcome {
	t.Helper()
	return s.curlAs(t, forcer, args...)
}

// curlAs sends a request as somebody, and returns what is answered.
func (s *shimProcess) curlAs(t *testing.T, who credentials, args ...string) outcome {
	t.Helper()
	return process(t, t.TempDir(), plainEnv(), "curl", append([]string{"--silent", "--show-error", "--fail-with-body", "--user", who.user + ":" + who.secret}, args...)...)
}

// deletes asks for the deletion of web 1.0.0 in a repository, as ChartMuseum's users do.
func (s *shimProcess) deletes(t *testing.T, channel string) outcome {
	t.Helper()
	return s.curl(t, "--request", "DELETE", s.url+"/api/"+channel+"/charts/web/1.0.0")
}

// TestCMDelete deletes a version with curl, as scripts do that tidy up, and pushes it again
// with cm-push. Where versions may be replaced, other content takes its place; where they are
// final, it is refused. Who has pinned the version is served all the same, until it is
// restored.
func TestCMDelete(t *testing.T) {
	t.Parallel()
	s := newPushTown(t, "--generate")
	for _, client := range clients {
		for _, channel := range []string{client + "/dev", client + "/" + final} {
			t.Run(channel, func(t *testing.T) {
				push := func(archive string) *pushing {
					p := &pushing{helm: newPusher(t, client), shim: s, source: archive, url: s.url + "/" + channel, who: pusher}
					p.aim("URL", "basic")
					return p
				}
				old, other := writeArchive(t, "web", "1.0.0"), writeArchive(t, "web", "1.0.0", "values.yaml", "replicas: 2\n")
				p := push(old)
				p.send()
				first := p.published("1.0.0")["1.0.0"]
				var pinned headRelease
				s.waitFor(t, p.url, pusher, "published", func(all []headRelease) bool { pinned = all[0]; return true })

				if o := s.curl(t, "--request", "DELETE", s.url+"/api/"+channel+"/charts/web/2.0.0"); o.code == 0 || !strings.Contains(o.stdout, `{"error":`) {
					t.Errorf("what there is not is deleted: %d %s", o.code, o.stdout)
				}
				if o := s.deletes(t, channel); o.code != 0 || o.stdout != "{\"deleted\":true}\n" {
					t.Fatalf("curl: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
				}
				if o := s.deletes(t, channel); o.code == 0 || !strings.Contains(o.stdout, `{"error":`) {
					t.Errorf("it is deleted twice: %d %s", o.code, o.stdout)
				}
				if !strings.HasSuffix(channel, final) {
					push(other).send() // at once, with the deletion perhaps still waiting
					s.waitFor(t, p.url, pusher, "replaced", func(all []headRelease) bool { return len(all) == 1 && all[0].Digest != first })
					p.pulls("1.0.0", "replicas: 2")
					return
				}
				s.waitFor(t, p.url, pusher, "deleted", func(all []headRelease) bool { return len(all) == 0 })
				if status, b := s.get(t, s.url+"/api/"+channel+"/charts/web", pusher); status != http.StatusNotFound {
					t.Errorf("the chart is still listed: %d %s", status, b)
				}
				if status, b := s.get(t, p.url+"/"+pinned.URLs[0], pusher); status != http.StatusOK || digest(b) != first {
					t.Errorf("who has pinned it is answered %d", status)
				}
				push(other).refused(http.StatusConflict, read(t, other))
				if out := push(other).fails("cm-push", other, p.url, "--username", pusher.user, "--password", pusher.secret); !strings.Contains(out, "and stays taken all the same; raise the version in Chart.yaml") {
					t.Errorf("helm says %s", out)
				}
				s.restores(t, channel, first)
				p.published("1.0.0")
				p.pulls("1.0.0", "replicas: 1")
			})
		}
	}
}

// pulls pulls a version, whose values must be these.
func (p *pushing) pulls(version, values string) {
	p.t.Helper()
	p.pull("web", "--version", version, "--repo", p.url)
	if got := p.run("show", "values", "web", "--version", version, "--repo", p.url); !strings.Contains(got, values) {
		p.t.Errorf("helm shows the values %q, want %q", got, values)
	}
}

// restores restores web 1.0.0.
func (s *shimProcess) restores(t *testing.T, channel, digest string) {
	t.Helper()
	s.acts(t, channel, `{"kind": "restore", "versions": [{"chart": "web", "version": "1.0.0", "digest": "`+digest+`"}]}`)
}

// acts asks for an action with curl, and waits until it is accepted.
func (s *shimProcess) acts(t *testing.T, channel, request string) {
	t.Helper()
	o := s.curl(t, s.url+"/api/"+channel+"/actions", "--data", request)
	var asked struct{ ID, Receipt string }
	if err := json.Unmarshal([]byte(o.stdout), &asked); err != nil || o.code != 0 || asked.ID == "" {
		t.Fatalf("curl: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	o = s.curl(t, asked.Receipt+"?wait=60s")
	var receipt droparea.Receipt
	if err := json.Unmarshal([]byte(o.stdout), &receipt); err != nil || receipt.Verdict != verdict.Accepted || receipt.Action == nil || receipt.Action.Requester["token"] != "forcer" {
		t.Errorf("the verdict on %s is %s", request, o.stdout)
	}
}

// TestCurlActs asks for the other actions with curl, and looks at what the index has then.
func TestCurlActs(t *testing.T) {
	t.Parallel()
	s := newPushTown(t, "--generate")
	index := func(want string) {
		t.Helper()
		s.waitFor(t, s.url+"/team", pusher, want, func(all []headRelease) bool { // a shim may show an index for a second
			var got []string
			for _, r := range all {
				got = append(got, r.Version+map[bool]string{true: " deprecated"}[r.Deprecated])
			}
			return strings.Join(got, ", ") == want
		})
	}
	for i, version := range []string{"1.0.0", "1.1.0"} {
		if status, b := s.post(t, s.url+"/api/team/charts", pusher, charttest.Simple("web", version)); status != http.StatusCreated {
			t.Fatalf("an upload is answered %d %s", status, b)
		}
		s.waitFor(t, s.url+"/team", pusher, version, func(all []headRelease) bool { return len(all) == i+1 })
	}
	s.acts(t, "team", `{"kind": "rollback", "generation": 1}`)
	index("1.0.0")
	s.acts(t, "team", `{"kind": "deprecate", "chart": "web", "reason": "use site", "successor": "site"}`)
	index("1.0.0 deprecated")
	s.acts(t, "team", `{"kind": "undeprecate", "chart": "web"}`)
	index("1.0.0")
	s.acts(t, "team", `{"kind": "restore", "versions": [{"chart": "web", "version": "1.1.0", "digest": "`+digest(charttest.Simple("web", "1.1.0"))+`"}]}`)
	index("1.1.0, 1.0.0")
}
