package auth

import (
	"fmt"
	"strings"

	"github.com/portolan-charts/portolan/publisher/untrusted"
)

// claims are what a verified token says about its owner, or what GitLab says about a
// token.
type claims map[string]any

func (c claims) text(name string) (string, bool) {
	text, ok := c[name].(string)
	return text, ok
}

// rule gives scopes to tokens with certain claims.
type rule struct {
	Name      string     `yaml:"name" check:"ruleName"` // its number in the list if the file has no name
	Claims    ruleClaims `yaml:"claims" jsonschema:"required"`
	Scopes    []string   `yaml:"scopes" jsonschema:"required" check:"scope"`
	Charts    []string   `yaml:"charts" check:"chartPattern"`
	Protected *bool      `yaml:"protected"`

	line        int  // in the file
	unprotected bool // GitLab: refs that are not protected are allowed
	grant       grant
}

// misfits returns the reasons why the rule does not match a token with these claims,
// or nothing if it matches. A claim that is not a string matches nothing.
func (r *rule) misfits(c claims) (why []string) {
	for _, name := range sorted(r.Claims) {
		got, isText := c.text(name)
		switch _, there := c[name]; {
		case !there:
			why = append(why, "there is no claim "+name)
		case !isText:
			why = append(why, name+" is not a string")
		case got != r.Claims[name]:
			why = append(why, fmt.Sprintf("%s is %q, not %q", name, cut(got), r.Claims[name]))
		}
	}
	return append(append(why, r.gitlabMisfits(c)...), githubMisfits(c)...)
}

// gitlabMisfits returns the reasons against a token that GitLab issued to a job. The
// job may run code that nobody in the project has reviewed.
func (r *rule) gitlabMisfits(c claims) (why []string) {
	if !c.ofGitLab() {
		return nil
	}
	project, _ := c.text("project_id")
	if _, there := c["job_project_id"]; there {
		// The pipeline of a merge request runs in the target project
		// (job_project_*); project_* name the project that it comes from.
		if job, ok := c.text("job_project_id"); !ok || job != project {
			why = append(why, fmt.Sprintf("job_project_id is %q, but project_id %q: it is a merge request from a fork", cut(job), cut(project)))
		}
	}
	if protected, _ := c.text("ref_protected"); protected != "true" && !r.unprotected {
		why = append(why, `ref_protected is not "true", and the rule does not say 'protected: false'`)
	}
	if source, _ := c.text("pipeline_source"); source == mergeRequest && r.Claims["pipeline_source"] != mergeRequest {
		why = append(why, "it is the pipeline of a merge request, and the rule does not name 'pipeline_source: "+mergeRequest+"'")
	}
	return why
}

// mergeRequest is the pipeline_source of merge requests.
const mergeRequest = "merge_request_event"

// ofGitLab reports whether the claims are those of a GitLab job, which has at least
// one of these.
func (c claims) ofGitLab() bool {
	for _, name := range []string{"project_id", "job_project_id", "ref_protected"} {
		if _, there := c[name]; there {
			return true
		}
	}
	return false
}

// githubMisfits refuses workflows that pull requests start. With pull_request_target,
// even ref is the target branch.
func githubMisfits(c claims) []string {
	if event, _ := c.text("event_name"); strings.HasPrefix(event, pullRequest) {
		return []string{fmt.Sprintf("event_name is %q: jobs that pull requests start are always refused", cut(event))}
	}
	return nil
}

// pullRequest begins the names of all of GitHub's pull request events.
const pullRequest = "pull_request"

// maxShown is the longest text of a claim that is shown, in bytes.
const maxShown = 256

// cut shortens a claim's text to maxShown.
func cut(text string) string { return untrusted.Cut(text, maxShown) }
