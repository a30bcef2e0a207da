package bucket

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
	"github.com/portolan-charts/portolan/publisher/spelling"
)

// checkParameters returns an error if the URL of a bucket has parameters that its
// provider does not know, or not with these values. gocloud would refuse them, too, but
// not say what was meant.
func (p *provider) checkParameters(q url.Values) error {
	known := append(slices.Sorted(maps.Keys(p.parameters)), "prefix")
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if !slices.Contains(known, name) {
			return fmt.Errorf("unknown query parameter %q%s", name, cmp.Or(spelling.DidYouMean(name, known), "; there are "+strings.Join(known, ", ")))
		}
		check := p.parameters[name]
		if len(q[name]) > 1 {
			return fmt.Errorf("query parameter %q is given twice", name)
		}
		if value := q.Get(name); check != nil && value != "" {
			if err := check(value); err != nil {
				return fmt.Errorf("query parameter %q: %q %w", name, withoutUser(value), err)
			}
		}
	}
	return nil
}

var regionNameRE = lazyregexp.New(`^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$`)

// regionName is for the name of a region, which becomes part of a host's.
func regionName(s string) error {
	if !regionNameRE.MatchString(s) {
		return errors.New("is not a region such as eu-central-1")
	}
	return nil
}

// anyText lets a parameter have any value.
func anyText(string) error { return nil }

func trueOrFalse(s string) error {
	if _, err := strconv.ParseBool(s); err != nil {
		return errors.New("is neither true nor false")
	}
	return nil
}

func wholeNumber(s string) error {
	if _, err := strconv.ParseInt(s, 10, 32); err != nil {
		return errors.New("is not a whole number")
	}
	return nil
}

// serverURL is for the address of a server. Without a scheme, the SDK would look for the
// server in the path.
func serverURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("is not a URL such as https://minio.example.com")
	}
	return nil
}

func oneOf(words ...string) func(string) error {
	return func(s string) error {
		if !slices.Contains(words, s) {
			return fmt.Errorf("is not one of %v", words)
		}
		return nil
	}
}
