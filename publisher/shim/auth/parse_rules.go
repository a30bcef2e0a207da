package auth

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
	"github.com/portolan-charts/portolan/publisher/strictyaml"
)

// issuers are those of an auth file.
type issuers []*issuer

// Validate implements [strictyaml.Validator].
func (all issuers) Validate(at strictyaml.Place) {
	for _, i := range all {
		if i.MaxAge == 0 {
			i.MaxAge = defaultAge
		}
	}
	distinct(at, all, func(i *issuer) string { return i.URL }, "is the issuer of line %d again; write its rules there")
}

type (
	rulesOfOIDC   []*rule // for OIDC tokens
	rulesOfGitLab []*rule // for GitLab's own tokens
)

// Validate implements [strictyaml.Validator].
func (rules rulesOfOIDC) Validate(at strictyaml.Place) { validateRules(at, rules, oidcClaims) }

// Validate implements [strictyaml.Validator].
func (rules rulesOfGitLab) Validate(at strictyaml.Place) { validateRules(at, rules, gitlabClaims) }

// validateRules checks a list of rules. check checks their claims, according to the
// kind of tokens that they are for.
func validateRules(at strictyaml.Place, rules []*rule, check func(*rule, strictyaml.Place)) {
	if len(rules) == 0 {
		at.Problem("is empty, so every token would be refused; add a rule with claims and scopes")
	}
	for i, r := range rules {
		if r.Name == "" {
			r.Name = strconv.Itoa(i + 1)
		}
		r.line = at.Item(i).Line()
		r.unprotected = r.Protected != nil && !*r.Protected
		r.grant = grantOf(at.Item(i), r.Scopes, r.Charts)
		if len(r.Claims) > 0 {
			check(r, at.Item(i))
		}
	}
	distinct(at, rules, func(r *rule) string { return r.Name }, "has the same name as the rule in line %d; names must differ")
}

func checkRuleName(name string) error {
	if !tokenIDRE.MatchString(name) || numberRE.MatchString(name) {
		return errors.New("must be 1 to 64 letters, digits, '.', '_' or '-', and not just a number")
	}
	return nil
}

// numberRE matches the numbers of GitLab's projects, and those of rules.
var numberRE = lazyregexp.New(`^[1-9][0-9]{0,18}$`)

// ruleClaims are the claims that a token must have, with their exact values.
type ruleClaims map[string]string

// Validate implements [strictyaml.Validator].
func (c ruleClaims) Validate(at strictyaml.Place) {
	if _, unnamed := c[""]; unnamed || len(c) == 0 {
		at.Problem("must be claims and their exact values, such as {project_id: \"42\", ref: main}")
	}
}

var (
	// checkedClaims are those that are set elsewhere in the file, or that differ
	// in every token.
	checkedClaims = []string{"iss", "aud", "exp", "iat", "nbf", "jti"}

	// commonClaims are those that a stranger's job can have too: on a public
	// service, everybody has a branch called main, and may call anybody's
	// reusable workflow.
	commonClaims = []string{
		"ref", "ref_type", "ref_path", "ref_protected", "pipeline_source", "job_source", "environment", "environment_protected",
		"deployment_tier", "deployment_action", "environment_action", "runner_environment", "event_name", "base_ref", "head_ref",
		"workflow", "job_workflow_ref", "repository_visibility", "project_visibility", "user_access_level", "run_number", "run_attempt",
	}

	// nameClaims maps the claims with names, which somebody else may get later,
	// to claims that never change.
	nameClaims = map[string][]string{
		"project_path": {"project_id"}, "namespace_path": {"namespace_id", "project_id"},
		"repository": {"repository_id"}, "repository_owner": {"repository_owner_id", "repository_id"},
	}
)

// oidcClaims checks the claims of a rule for OIDC tokens.
func oidcClaims(r *rule, at strictyaml.Place) {
	names := sorted(r.Claims)
	for _, name := range names {
		if slices.Contains(checkedClaims, name) {
			at.Problem("names the claim %s, which rules cannot use; remove it", name)
		}
		if better := nameClaims[name]; better != nil && !slices.ContainsFunc(better, func(b string) bool { return r.Claims[b] != "" }) {
			at.Warn("somebody else may get this %s one day; add %s, which never changes", name, better[0])
		}
	}
	if !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(commonClaims, name) }) {
		at.Problem("does not say whose job it is, so anybody's would match; add project_id (GitLab), repository_id (GitHub) or sub")
	}
	if event := r.Claims["event_name"]; strings.HasPrefix(event, pullRequest) {
		at.Problem("can never match: jobs that pull requests start are always refused; use another event_name, such as push")
	}
	if protected := r.Claims["ref_protected"]; protected != "" && protected != "true" && !r.unprotected {
		at.Problem("can never match: without 'protected: false', ref_protected must be \"true\"; remove the claim, or add 'protected: false'")
	}
	if r.unprotected && r.Claims["ref"] != "" && r.Claims["ref_type"] == "" && r.Claims["project_id"] != "" {
		at.Warn("a tag with the same name as the branch matches too; add 'ref_type: branch'")
	}
}

// gitlabEntry is the entry of GitLab in the auth file.
type gitlabEntry struct {
	URL         string        `yaml:"url" jsonschema:"required" check:"server"`
	TokenPrefix string        `yaml:"tokenPrefix" check:"tokenPrefix"`
	Rules       rulesOfGitLab `yaml:"rules" jsonschema:"required"`
}

// Validate implements [strictyaml.Validator].
func (e *gitlabEntry) Validate(at strictyaml.Place) {
	if n := len(e.projects()); n > maxProjects {
		at.Problem("names %d projects, all of which GitLab is asked about for each access token; at most %d are allowed: use oidc, or tokens of your own", n, maxProjects)
	}
}

// projects returns the projects that the rules name.
func (e *gitlabEntry) projects() (all []string) {
	for _, r := range e.Rules {
		all = append(all, r.Claims["project_id"])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func checkTokenPrefix(prefix string) error {
	if len(prefix) < 3 || len(prefix) > 20 || looksMade(prefix) || strings.HasPrefix(prefix, "eyJ") {
		return errors.New("must be what this GitLab's personal access tokens begin with, 3 to 20 characters, such as glpat-")
	}
	return nil
}

// gitlabNames are the claims that GitLab's API provides. Only job tokens have those
// in jobNames.
var (
	jobNames    = []string{"ref", "ref_type", "pipeline_source", "user_login"}
	gitlabNames = append([]string{"token", "project_id", "user_id"}, jobNames...)
)

// gitlabClaims checks the claims of a rule for GitLab's own tokens.
func gitlabClaims(r *rule, at strictyaml.Place) {
	job := r.Claims["token"] == "job"
	for _, name := range sorted(r.Claims) {
		if !slices.Contains(gitlabNames, name) {
			at.Problem("has an unknown claim; GitLab's own tokens have only %s", strings.Join(gitlabNames, ", "))
		}
		job = job || slices.Contains(jobNames, name)
	}
	if !numberRE.MatchString(r.Claims["project_id"]) {
		at.Problem("must have the claim project_id, which is the project's number in quotes, such as \"42\"")
	}
	if kind := r.Claims["token"]; kind != "" && kind != "job" && kind != "access" {
		at.Problem("has a claim token that is neither job nor access")
	}
	switch {
	case r.unprotected && job && r.Claims["ref"] != "" && r.Claims["ref_type"] == "":
		at.Warn("a tag with the same name as the branch matches too; add 'ref_type: branch'")
	case !r.unprotected && job:
		at.Problem("matches no job token: GitLab does not say whether the ref of a job token is protected; add 'protected: false', or use id_tokens and oidc")
	case !r.unprotected && r.Claims["token"] == "":
		at.Warn("matches access tokens of maintainers, but no job token: GitLab does not say whether the ref of a job token is protected; add 'protected: false' or 'token: access'")
	}
}
