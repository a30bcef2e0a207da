package ask

import (
	"context"
	"fmt"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Deprecate plans to mark all versions of a chart as deprecated, with a message and the
// name of a chart to use instead, both of which may be "". Errors are as those of [Yank].
func Deprecate(ctx context.Context, site bucket.Store, channel, chart, message, successor string) (*Plan, error) {
	c, err := open(ctx, site, channel)
	if err != nil {
		return nil, err
	}
	s, err := take(c, chart)
	if err != nil {
		return nil, err
	}
	p, err := s.deprecate(message, successor)
	if err != nil || successor == "" || len(c.Index.Lines(successor)) > 0 {
		return p, err
	}
	note := fmt.Sprintf("channel %s has no chart %s", channel, successor)
	if near := c.Near(successor, chart); near != "" {
		note += fmt.Sprintf("; did you mean %s?", near)
	}
	p.Notes = append(p.Notes, note)
	return p, nil
}

// Undeprecate plans to take the mark from a chart. Errors are as those of [Yank].
func Undeprecate(ctx context.Context, site bucket.Store, channel, chart string) (*Plan, error) {
	s, err := openChart(ctx, site, channel, chart)
	if err != nil {
		return nil, err
	}
	return s.undeprecate(), nil
}

func (s *shelf) deprecate(message, successor string) (*Plan, error) {
	if successor == s.chart {
		return nil, wrong(fmt.Sprintf("%s cannot be its own successor", s.chart), "name the chart that is to be used instead, or leave out the successor")
	}
	p := newPlan(s.channel, action.Request{Kind: action.Deprecate, Chart: s.chart, Reason: message, Successor: successor})
	before, is := s.state.FindDeprecated(s.chart)
	if p.Idle = is && before.Message == message && before.Successor == successor; p.Idle {
		p.Notes = append(p.Notes, fmt.Sprintf("%s is deprecated already, with the same words", s.chart))
		return p, nil
	}
	for _, v := range s.versions {
		p.Steps = append(p.Steps, Step{Pin: v.Pin, Effect: Deprecated})
	}
	return p, nil
}

func (s *shelf) undeprecate() *Plan {
	p := newPlan(s.channel, action.Request{Kind: action.Undeprecate, Chart: s.chart})
	before, is := s.state.FindDeprecated(s.chart)
	own := map[string]bool{}
	for _, v := range before.Own {
		own[v] = true
	}
	var stay []string
	for _, v := range s.versions {
		switch {
		case own[v.Version] || !is && v.deprecated:
			stay = append(stay, v.Version)
		case is:
			p.Steps = append(p.Steps, Step{Pin: v.Pin, Effect: Undeprecated})
		}
	}
	p.leave("their own Chart.yaml says so", s, stay)
	if p.Idle = !is; p.Idle {
		p.Notes = append(p.Notes, fmt.Sprintf("no action has deprecated %s", s.chart))
	}
	return p
}
