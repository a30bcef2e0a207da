package config

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/spelling"
	"github.com/portolan-charts/portolan/templates"
)

// textChecks are what check tags name.
var textChecks = map[string]func(string) error{
	"baseURL":        CheckBaseURL,
	"channelPattern": checkChannelPattern,
	"chartField":     checkChartField,
	"chartPattern":   checkChartPattern,
	"color":          templates.CheckColor,
	"link":           checkLink,
}

func checkChartPattern(s string) error {
	if _, err := path.Match(s, ""); err != nil || s == "" {
		return errors.New("is not a pattern of chart names")
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

// checkChannelPattern refuses what is not a pattern, and patterns that can never
// fit: a policy that silently applies to nothing is worse than a missing one.
func checkChannelPattern(s string) error {
	switch {
	case !doublestar.ValidatePattern(s):
		return errors.New("is not a pattern of channel names")
	case strings.HasPrefix(s, "/"), strings.HasSuffix(s, "/"), strings.Contains(s, "//"), s == "":
		return errors.New("fits no channel: their names neither begin nor end with a slash, nor have empty segments")
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
