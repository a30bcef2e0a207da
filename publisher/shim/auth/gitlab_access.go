package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// GitLab's roles, as its API numbers them.
const (
	developer  = 30 // may upload packages in GitLab
	maintainer = 40 // may push to protected branches
)

// access is what a GitLab access token may do in GitLab.
type access struct {
	levels   map[string]int // role in each project
	readOnly bool
}

// misfits returns the reasons why the rule does not match an access token. The token
// belongs to no job, so only its role shows whether its owner could have pushed the
// chart to a protected branch.
func (a *access) misfits(r *rule, c claims) (why []string) {
	with := claims{}
	for name, value := range c {
		with[name] = value
	}
	project := r.Claims["project_id"]
	needed, role := maintainer, "Maintainer"
	if r.unprotected {
		needed, role = developer, "Developer"
	}
	if level := a.levels[project]; level < needed {
		why = append(why, fmt.Sprintf("the rule needs the role %s (%d) in project %s, and the token has %d", role, needed, cut(project), level))
	}
	with["project_id"], with["ref_protected"] = project, "true"
	return append(why, r.misfits(with)...)
}

// askAccess asks what a personal, project or group access token is, and which
// role it has in the projects that the rules name.
func (g *gitlab) askAccess(ctx context.Context, header http.Header, now time.Time) (*vouched, error) {
	var token struct {
		ID      int64    `json:"id"`
		User    int64    `json:"user_id"`
		Scopes  []string `json:"scopes"`
		Revoked bool     `json:"revoked"`
		Active  bool     `json:"active"`
		Expires string   `json:"expires_at"` // the day at whose start it expires
	}
	if err := g.get(ctx, "personal_access_tokens/self", header, &token); err != nil {
		return nil, refusedBy(err, "GitLab does not know the access token, or it has expired")
	}
	if token.ID <= 0 || token.User <= 0 {
		return nil, &Unavailable{g.url, errors.New("its answer about an access token does not name the token and its user")}
	}
	expires, err := time.Parse(time.DateOnly, token.Expires)
	switch {
	case token.Revoked || !token.Active:
		return nil, refuse("the access token is not active in GitLab: it was revoked or has expired")
	case token.Expires != "" && (err != nil || !now.Before(expires)):
		return nil, refuse("the access token has expired")
	case !slices.Contains(token.Scopes, "api") && !slices.Contains(token.Scopes, "read_api"):
		return nil, refuse("the access token has neither GitLab's scope api, to upload, nor read_api, to read")
	}
	levels, err := g.levels(ctx, header)
	if err != nil {
		return nil, err
	}
	return &vouched{
		kind: "gitlab", by: g.url, subject: "access token " + number(token.ID), rules: g.rules,
		claims: claims{"token": "access", "user_id": number(token.User)},
		access: &access{levels: levels, readOnly: !slices.Contains(token.Scopes, "api")},
	}, nil
}

// levels returns the token's role in each project that the rules name, 0 for none.
func (g *gitlab) levels(ctx context.Context, header http.Header) (map[string]int, error) {
	levels := map[string]int{}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for _, project := range g.projects {
		group.Go(func() error {
			level, err := g.level(ctx, header, project)
			mu.Lock()
			defer mu.Unlock()
			levels[project] = level
			return err
		})
	}
	return levels, group.Wait()
}

// level returns the role in a project: the higher of those in the project itself and
// in its groups.
func (g *gitlab) level(ctx context.Context, header http.Header, project string) (int, error) {
	type role struct {
		Level int `json:"access_level"`
	}
	var answer struct {
		ID          int64 `json:"id"`
		Permissions struct {
			Project *role `json:"project_access"`
			Group   *role `json:"group_access"`
		} `json:"permissions"`
	}
	err := g.get(ctx, "projects/"+project, header, &answer)
	if answered, ok := err.(status); ok && answered != http.StatusUnauthorized {
		return 0, nil // a project that the token cannot see
	}
	if err != nil {
		return 0, refusedBy(err, "GitLab does not know the access token any more")
	}
	level := 0
	for _, r := range []*role{answer.Permissions.Project, answer.Permissions.Group} {
		if r != nil && number(answer.ID) == project {
			level = max(level, r.Level)
		}
	}
	return level, nil
}
