package main

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// withRoot adds the flag of the commands that write the index in the site's root.
func (f *flags) withRoot(replace *bool) { f.BoolVar(replace, "replace-root", false, "") }

// checkRoot refuses --replace-root if no channel would take the place.
func (f *flags) checkRoot(replace bool) error {
	switch root := f.rootChannel(); {
	case !replace:
		return nil
	case root == "":
		return hint(usagef("%s: no channel is to be shown in the site's root", f.given["replace-root"]), "name it in portolan.yaml, for example: rootChannel: stable")
	case len(f.channels) > 0 && !slices.Contains(f.channels, root):
		return hint(usagef("%s: the command leaves out channel %s, which is to be shown in the site's root", f.given["replace-root"], root), "add --channel %s", root)
	}
	return nil
}

// rootChannel is the channel that portolan.yaml names for the site's root; "" if none.
func (f *flags) rootChannel() string {
	if f.config == nil {
		return ""
	}
	return f.config.RootChannel
}

// suggestRoot returns a note for those who import a repository that their users have
// added without a channel; "" if that is not so, or is seen to.
func (i *importFlags) suggestRoot() string {
	if i.rootChannel() != "" || !i.fromRoot() {
		return ""
	}
	return "users who have added the old repository can keep its URL: set 'rootChannel: " + i.Arg(0) +
		"' in portolan.yaml, and serve the site there; the site's root then shows the channel as well"
}

// fromRoot reports whether the repository may be where the site's root will be.
func (i *importFlags) fromRoot() bool {
	if !isWeb(i.from) {
		from, site := localFolder(i.from), localFolder(i.site)
		return from != "" && site != "" && sameFolder(from, site)
	}
	from := strings.TrimSuffix(i.from, "/")
	if i.config != nil && i.config.BaseURL != "" {
		return strings.EqualFold(from, strings.TrimSuffix(i.config.BaseURL, "/"))
	}
	u, err := url.Parse(from)
	return err == nil && !strings.HasSuffix(u.Path, "/"+i.Arg(0)) && !strings.Contains(u.Path, "/api/v4/projects/") // GitLab's
}

func sameFolder(a, b string) bool {
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	return errA == nil && errB == nil && a == b
}
