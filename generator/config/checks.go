package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/lazyregexp"
	"github.com/portolan-charts/portolan/publisher/pattern"
	"github.com/portolan-charts/portolan/publisher/spelling"
	"github.com/portolan-charts/portolan/templates"
)

// textChecks are what check tags name.
var textChecks = map[string]func(string) error{
	"action":         checkAction,
	"baseURL":        CheckBaseURL,
	"channel":        checkChannel,
	"channelPattern": pattern.CheckChannels,
	"chartField":     checkChartField,
	"chartPattern":   pattern.CheckCharts,
	"color":          templates.CheckColor,
	"given":          checkGiven,
	"link":           checkLink,
	"repoPrefix":     checkRepoPrefix,
}

func checkAction(s string) error {
	if !slices.Contains(action.Asked, action.Kind(s)) {
		return fmt.Errorf("is not an action that can be asked for: these are %s", strings.Trim(fmt.Sprint(action.Asked), "[]"))
	}
	return nil
}

func checkChannel(s string) error {
	if err := channelname.Check(s); err != nil {
		return fmt.Errorf("cannot be a channel's name: %w", err)
	}
	return nil
}

func checkGiven(s string) error {
	if s == "" {
		return errors.New("is empty")
	}
	return nil
}

func checkChartField(s string) error {
	known := check.Fields()
	if !slices.Contains(known, s) {
		return fmt.Errorf("is not a field of Chart.yaml%s", spelling.DidYouMean(s, known))
	}
	return nil
}

var validPrefix = lazyregexp.New(`^([a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?)?$`)

// checkRepoPrefix says why s cannot begin the name of a repository, which Helm and
// Kubernetes have to accept.
func checkRepoPrefix(s string) error {
	if !validPrefix.MatchString(s) {
		return errors.New("must be at most 63 small letters, digits, dashes and dots, such as acme; it begins and ends with a letter or a digit")
	}
	return nil
}

// checkLink says why s cannot be the address of a link.
func checkLink(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return errors.New("is not a URL")
	case u.Scheme == "mailto" && u.Opaque != "", (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
		return nil
	}
	return errors.New("must begin with mailto:, http:// or https://")
}

// CheckBaseURL says why s cannot be where a site is served.
func CheckBaseURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return errors.New("is not a URL")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("must begin with https:// (or http://) and a host")
	case u.User != nil:
		return errors.New("must not hold a user or a password")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("must have no query and no fragment")
	}
	segments := strings.Split(strings.TrimSuffix(strings.TrimPrefix(u.Path, "/"), "/"), "/")
	for _, segment := range segments {
		if segment == "." || segment == ".." || segment == "" && len(segments) > 1 {
			return errors.New("must have a path without empty or dot segments")
		}
	}
	return nil
}
