package auth

import (
	"fmt"
	"strings"
)

// claims are what a verified token says of whoever sent it, or what GitLab says
// of it.
type claims map[string]any

func (c claims) text(name string) (string, bool) {
	text, ok := c[name].(string)
	return text, ok
}

// rule gives scopes to tokens with certain claims.
type rule struct {
	Name      string     `yaml:"name" check:"ruleName"` // its number in the list if it has none
	Claims    ruleClaims `yaml:"claims" jsonschema:"required"`
	Scopes    []string   `yaml:"scopes" jsonschema:"required" check:"scope"`
	Charts    []string   `yaml:"charts" check:"chartPattern"`
	Protected *bool      `yaml:"protected"`

	line        int  // in the file
	unprotected bool // GitLab: refs that are not protected will do
	grant       grant
}

// misfits are the reasons why the rule does not fit a token with these claims;
// none if it fits. A claim that is not text fits nothing.
func (r *rule) misfits(c claims) (why []string) {
	for _, name := range sorted(r.Claims) {
		got, isText := c.text(name)
		switch _, there := c[name]; {
		case !there:
			why = append(why, "there is no claim "+name)
		case !isText:
			why = append(why, name+" is not text")
		case got != r.Claims[name]:
			why = append(why, fmt.Sprintf("%s is %q, not %q", name, cut(got), r.Claims[name]))
		}
	}
	return append(append(why, r.gitlabMisfits(c)...), githubMisfits(c)...)
}

// gitlabMisfits are those of a token that GitLab made for a job: it may run code
// that nobody of the project has looked at.
func (r *rule) gitlabMisfits(c claims) (why []string) {
	if !c.ofGitLab() {
		return nil
	}
	project, _ := c.text("project_id")
	if _, there := c["job_project_id"]; there {
		// A merge request's pipeline runs in the project that it is for, with
		// the project that it comes from in project_*.
		if job, ok := c.text("job_project_id"); !ok || job != project {
			why = append(why, fmt.Sprintf("job_project_id is %q, but project_id %q: it is a merge request from a fork", cut(job), cut(project)))
		}
	}
	if protected, _ := c.text("ref_protected"); protected != "true" && !r.unprotected {
		why = append(why, `ref_protected is not "true", and the rule does not say 'protected: false'`)
	}
	if source, _ := c.text("pipeline_source"); source == mergeRequest && r.Claims["pipeline_source"] != mergeRequest {
		why = append(why, "it is a merge request's pipeline, and the rule does not name that as its pipeline_source")
	}
	return why
}

// mergeRequest is what GitLab calls the source of merge requests' pipelines.
const mergeRequest = "merge_request_event"

// ofGitLab reports whether the claims are of a job in GitLab, by those that all
// such tokens have.
func (c claims) ofGitLab() bool {
	for _, name := range []string{"project_id", "job_project_id", "ref_protected"} {
		if _, there := c[name]; there {
			return true
		}
	}
	return false
}

// githubMisfits refuses the workflows that pull requests start. With
// pull_request_target even ref is that of the branch that they are for.
func githubMisfits(c claims) []string {
	if event, _ := c.text("event_name"); strings.HasPrefix(event, pullRequest) {
		return []string{fmt.Sprintf("event_name is %q: no rule fits what a pull request has started", cut(event))}
	}
	return nil
}

// pullRequest is how the names of all GitHub's events of pull requests begin.
const pullRequest = "pull_request"

// maxShown is how much of a claim is shown and told on, in bytes.
const maxShown = 256

// cut is a claim's text, short enough to be shown.
func cut(text string) string {
	if len(text) > maxShown {
		return strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return text
}
