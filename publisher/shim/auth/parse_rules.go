package auth

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

func (p *parser) issuer(f *file, n *yaml.Node, at string) {
	i := &issuer{line: n.Line, maxAge: defaultAge}
	p.mapping(n, at, map[string]func(*yaml.Node, string){
		"issuer":   func(n *yaml.Node, at string) { i.url = p.server(n, at) },
		"audience": func(n *yaml.Node, at string) { i.audience = p.text(n, at) },
		"jwks":     func(n *yaml.Node, at string) { i.jwks = p.server(n, at) },
		"maxAge":   func(n *yaml.Node, at string) { i.maxAge = p.maxAge(n, at) },
		"rules":    func(n *yaml.Node, at string) { i.rules = p.rules(n, at, p.oidcClaims) },
	}, "issuer", "audience", "rules")
	for _, other := range f.issuers {
		if i.url != "" && i.url == other.url {
			p.problem(n, at, "is the issuer of line %d again; write its rules there", other.line)
		}
	}
	f.issuers = append(f.issuers, i)
}

func (p *parser) server(n *yaml.Node, at string) string {
	text := p.text(n, at)
	if err := checkServer(text); text != "" && err != nil {
		p.problem(n, at, "%v", err)
		return ""
	}
	return text
}

func (p *parser) maxAge(n *yaml.Node, at string) time.Duration {
	age, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || age < time.Minute || age > 24*time.Hour {
		p.problem(n, at, "must be a time between 1m and 24h, such as 1h")
	}
	return age
}

// rules reads a list of rules. What check says of their claims depends on what
// tokens they are for.
func (p *parser) rules(n *yaml.Node, at string, check func(*rule, *yaml.Node, string)) (rules []*rule) {
	p.list(n, at, func(n *yaml.Node, at string) {
		r := &rule{line: n.Line, name: strconv.Itoa(len(rules) + 1)}
		p.mapping(n, at, map[string]func(*yaml.Node, string){
			"name":      func(n *yaml.Node, at string) { r.name = p.ruleName(n, at) },
			"claims":    func(n *yaml.Node, at string) { r.claims = p.claims(n, at) },
			"scopes":    func(n *yaml.Node, at string) { r.grant.scopes = p.someScopes(n, at) },
			"charts":    func(n *yaml.Node, at string) { r.grant.charts = p.charts(n, at) },
			"protected": func(n *yaml.Node, at string) { r.unprotected = !p.yes(n, at) },
		}, "claims", "scopes")
		if len(r.claims) > 0 {
			check(r, n, at)
		}
		for _, other := range rules {
			if r.name != "" && r.name == other.name {
				p.problem(n, at, "has the name of the rule in line %d; names must differ", other.line)
			}
		}
		rules = append(rules, r)
	})
	if n.Kind == yaml.SequenceNode && len(rules) == 0 {
		p.problem(n, at, "is empty, so no token would be of any use; add a rule with claims and scopes")
	}
	return rules
}

func (p *parser) ruleName(n *yaml.Node, at string) string {
	name := p.text(n, at)
	if name != "" && (!tokenIDRE.MatchString(name) || numberRE.MatchString(name)) {
		p.problem(n, at, "must be 1 to 64 letters, digits, '.', '_' or '-', and not a number alone")
	}
	return name
}

// numberRE fits the numbers of GitLab's projects, and those of rules.
var numberRE = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)

func (p *parser) yes(n *yaml.Node, at string) bool {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		p.problem(n, at, "must be true or false")
	}
	return n.Value != "false"
}

// claims reads what the claims must be, word for word.
func (p *parser) claims(n *yaml.Node, at string) map[string]string {
	all := map[string]string{}
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		p.problem(n, at, "must be claims and their exact values, such as {project_id: \"42\", ref: main}")
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := p.text(key, at)
		if _, twice := all[name]; twice {
			p.problem(key, at, "has a claim twice")
		}
		if all[name] = value.Value; value.Kind != yaml.ScalarNode || value.ShortTag() != "!!str" {
			p.problem(value, at, "has a value that is no text; put numbers, true and false in quotes")
		}
	}
	return all
}

var (
	// checkedClaims are those that the file says elsewhere, or that change.
	checkedClaims = []string{"iss", "aud", "exp", "iat", "nbf", "jti"}

	// commonClaims are those that a stranger's job can have as well: on a public
	// service, everybody has a branch called main, and may call anybody's
	// reusable workflow.
	commonClaims = []string{
		"ref", "ref_type", "ref_path", "ref_protected", "pipeline_source", "job_source", "environment", "environment_protected",
		"deployment_tier", "deployment_action", "environment_action", "runner_environment", "event_name", "base_ref", "head_ref",
		"workflow", "job_workflow_ref", "repository_visibility", "project_visibility", "user_access_level", "run_number", "run_attempt",
	}

	// nameClaims are the claims that hold names, which somebody else may get
	// later, with those that do not change.
	nameClaims = map[string][]string{
		"project_path": {"project_id"}, "namespace_path": {"namespace_id", "project_id"},
		"repository": {"repository_id"}, "repository_owner": {"repository_owner_id", "repository_id"},
	}
)

// oidcClaims checks the claims that a rule for OIDC tokens is about.
func (p *parser) oidcClaims(r *rule, n *yaml.Node, at string) {
	names := sorted(r.claims)
	for _, name := range names {
		if slices.Contains(checkedClaims, name) {
			p.problem(n, at, "names the claim %s, which is always checked and is no rule's; remove it", name)
		}
		if better := nameClaims[name]; better != nil && !slices.ContainsFunc(better, func(b string) bool { return r.claims[b] != "" }) {
			p.warn(n, at, "somebody else may get this %s one day; say %s as well, which never changes", name, better[0])
		}
	}
	if !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(commonClaims, name) }) {
		p.problem(n, at, "says nothing about whose job it is, so that anybody's would fit; add project_id (GitLab), repository_id (GitHub) or sub")
	}
	if event := r.claims["event_name"]; strings.HasPrefix(event, pullRequest) {
		p.problem(n, at, "cannot fit: what pull requests start is always refused; use another event_name, such as push")
	}
	if protected := r.claims["ref_protected"]; protected != "" && protected != "true" && !r.unprotected {
		p.problem(n, at, "cannot fit: without 'protected: false' it takes a ref_protected of \"true\"; remove the claim, or say so")
	}
	if r.unprotected && r.claims["ref"] != "" && r.claims["ref_type"] == "" && r.claims["project_id"] != "" {
		p.warn(n, at, "a tag that is called like the branch fits, too; add 'ref_type: branch'")
	}
}

func (p *parser) gitlab(f *file, n *yaml.Node, at string) {
	g := newGitLab(nil)
	p.mapping(n, at, map[string]func(*yaml.Node, string){
		"url":         func(n *yaml.Node, at string) { g.url = strings.TrimRight(p.server(n, at), "/") },
		"tokenPrefix": func(n *yaml.Node, at string) { g.prefix = p.tokenPrefix(n, at) },
		"rules":       func(n *yaml.Node, at string) { g.rules = p.rules(n, at, p.gitlabClaims) },
	}, "url", "rules")
	for _, r := range g.rules {
		if id := r.claims["project_id"]; !slices.Contains(g.projects, id) {
			g.projects = append(g.projects, id)
		}
	}
	if len(g.projects) > maxProjects {
		p.problem(n, at, "names %d projects, and for each access token GitLab is asked about all of them; %d are the most: use oidc, or tokens of your own", len(g.projects), maxProjects)
	}
	f.gitlab = g
}

func (p *parser) tokenPrefix(n *yaml.Node, at string) string {
	prefix := p.text(n, at)
	if prefix != "" && (len(prefix) < 3 || len(prefix) > 20 || looksMade(prefix) || strings.HasPrefix(prefix, "eyJ")) {
		p.problem(n, at, "must be what this GitLab's personal access tokens begin with, 3 to 20 characters, such as glpat-")
	}
	return prefix
}

// gitlabNames are the claims that GitLab's API tells. Those of a job only are
// jobNames.
var (
	jobNames    = []string{"ref", "ref_type", "pipeline_source", "user_login"}
	gitlabNames = append([]string{"token", "project_id", "user_id"}, jobNames...)
)

// gitlabClaims checks the claims that a rule for GitLab's own tokens is about.
func (p *parser) gitlabClaims(r *rule, n *yaml.Node, at string) {
	job := r.claims["token"] == "job"
	for _, name := range sorted(r.claims) {
		if !slices.Contains(gitlabNames, name) {
			p.problem(n, at, "has an unknown claim; of its own tokens GitLab tells %s", strings.Join(gitlabNames, ", "))
		}
		job = job || slices.Contains(jobNames, name)
	}
	if !numberRE.MatchString(r.claims["project_id"]) {
		p.problem(n, at, "must have the claim project_id, which is the project's number in quotes, such as \"42\"")
	}
	if kind := r.claims["token"]; kind != "" && kind != "job" && kind != "access" {
		p.problem(n, at, "has a claim token that is neither job nor access")
	}
	switch {
	case r.unprotected && job && r.claims["ref"] != "" && r.claims["ref_type"] == "":
		p.warn(n, at, "a tag that is called like the branch fits, too; add 'ref_type: branch'")
	case !r.unprotected && job:
		p.problem(n, at, "fits no job token: GitLab does not tell of those whether their ref is protected; say 'protected: false', or use id_tokens and oidc")
	case !r.unprotected && r.claims["token"] == "":
		p.warn(n, at, "fits access tokens of maintainers, but no job token: of those GitLab does not tell whether their ref is protected; say 'protected: false', or 'token: access'")
	}
}

// warn notes what is allowed, but perhaps not meant.
func (p *parser) warn(n *yaml.Node, at, format string, args ...any) {
	p.warnings = append(p.warnings, fmt.Sprintf("%s:%d: %s: %s", p.name, n.Line, at, fmt.Sprintf(format, args...)))
}
