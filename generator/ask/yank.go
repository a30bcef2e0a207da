package ask

import (
	"context"
	"fmt"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Yank plans to hide versions of a chart, for a reason. Those that are yanked already are
// left out. The plan also says which other channels have the same archives. What is wrong
// with what is asked is an [*Error]; any other error is the site's.
func Yank(ctx context.Context, site bucket.Store, channel, chart string, texts []string, reason string) (*Plan, error) {
	s, err := openChart(ctx, site, channel, chart)
	if err != nil {
		return nil, err
	}
	p, err := s.yank(texts, reason)
	if err != nil {
		return nil, err
	}
	return p, p.findCopies(ctx, site)
}

// Restore plans to list yanked versions of a chart again. Those that are not yanked are
// left out. Errors are as those of [Yank].
func Restore(ctx context.Context, site bucket.Store, channel, chart string, texts []string) (*Plan, error) {
	s, err := openChart(ctx, site, channel, chart)
	if err != nil {
		return nil, err
	}
	p, err := s.restore(texts)
	if err != nil {
		return nil, err
	}
	return p, p.findCopies(ctx, site)
}

func (s *shelf) yank(texts []string, reason string) (*Plan, error) {
	chosen, err := s.resolve(texts)
	if err != nil {
		return nil, err
	}
	p := newPlan(s.channel, action.Request{Kind: action.Yank, Reason: reason})
	var left []string
	for _, v := range chosen {
		p.about = append(p.about, v.Pin)
		if v.yanked == nil {
			p.Steps = append(p.Steps, Step{Pin: v.Pin, Effect: Hidden})
		} else {
			left = append(left, v.Version)
		}
	}
	p.leave("yanked already", s, left)
	if len(p.Steps) > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("the repository %[1]s does not find what is yanked any more, not even by its number; "+
			"the repository %[1]s/all does, and so does oci://, if the channel has that", s.channel))
	}
	return p.ofVersions()
}

func (s *shelf) restore(texts []string) (*Plan, error) {
	chosen, err := s.resolve(texts)
	if err != nil {
		return nil, err
	}
	p := newPlan(s.channel, action.Request{Kind: action.Restore})
	var left []string
	for _, v := range chosen {
		p.about = append(p.about, v.Pin)
		if v.yanked != nil {
			p.Steps = append(p.Steps, Step{Pin: v.Pin, Effect: Listed})
		} else {
			left = append(left, v.Version)
		}
	}
	p.leave("not yanked", s, left)
	return p.ofVersions()
}
