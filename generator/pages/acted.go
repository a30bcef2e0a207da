package pages

import (
	"path"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/templates"
)

// describeActions fills in what actions say of a release, for the page with that name.
func (c *chartPages) describeActions(p *templates.Release, r *release, name string) {
	if d := r.deprecation; d != nil {
		p.Deprecated = true
		p.Deprecation = &templates.Notice{Text: d.Message, Time: d.Time, Successor: templates.Link{Text: d.Successor}}
		if d.There {
			p.Deprecation.Successor.URL = relative(name, path.Join(chartDir(d.Successor), indexPage))
		}
	}
	if r.yanked != nil {
		p.Yanked = &templates.Notice{Text: r.yanked.Reason, Time: r.yanked.Time, Rollback: r.yanked.Rollback}
		if p.Yanked.Text == action.RolledBack(r.yanked.Rollback) {
			p.Yanked.Text = "" // the page says that already
		}
		p.AllYanked = name == path.Join(chartDir(c.name), indexPage) // which is that of another version otherwise
		p.InAll = c.head.All
		p.Alone = templates.Repository{} // which does not list it
	}
}
