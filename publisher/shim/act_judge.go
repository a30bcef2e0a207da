package shim

import (
	"context"
	"errors"
	"net/http"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// consider returns an error if the caller may not ask for an action, or if it cannot
// succeed, whatever waits in the inbox.
func (s *Shim) consider(ctx context.Context, channel string, who *auth.Identity, request *action.Request) ([]verdict.Warning, error) {
	if err := allowAction(who, channel, request); err != nil {
		return nil, err
	}
	var refusal *Refusal
	if err := s.CheckAction(channel, request); errors.As(err, &refusal) {
		return nil, refused(http.StatusUnprocessableEntity, refusal)
	} else if err != nil {
		return nil, err
	}
	v, exists, err := s.look(ctx, channel)
	if err != nil {
		return nil, err
	}
	warnings, err := s.judgeAction(ctx, v, request)
	if errors.As(err, &refusal) {
		return nil, refused(http.StatusConflict, refusal)
	} else if err != nil {
		return nil, err
	}
	return warnings, s.invent(who, scopeOf(request.Kind), channel, exists)
}

// judgeAction asks the judge of the channel, of which v is a view, and that of the channel
// which is promoted from. A channel that cannot be read has nothing against an action: the
// run that decides it reads it again.
func (s *Shim) judgeAction(ctx context.Context, v *view, request *action.Request) (all []verdict.Warning, err error) {
	if v != nil && v.judge.Action != nil {
		if all, err = v.judge.Action(request); err != nil {
			return nil, err
		}
	}
	if s.Site == nil || request.From == "" {
		return all, nil
	}
	from, err := s.views.get(ctx, request.From)
	if err != nil || from.judge.Source == nil {
		return all, nil
	}
	more, err := from.judge.Source(request)
	return append(all, more...), err
}
