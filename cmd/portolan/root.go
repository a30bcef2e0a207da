package main

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/spelling"
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

// noteRoot says so if portolan.yaml names a channel for the site's root that the site does
// not have, though it has others: most likely it is misspelt.
func (p *program) noteRoot(ctx context.Context, f *generateFlags, site bucket.Store, r *generator.Report) {
	root := f.rootChannel()
	if root == "" || f.replaceRoot || slices.Contains(f.channels, root) || // which noteUnknown sees to
		slices.ContainsFunc(r.Channels, func(c generator.ChannelReport) bool { return c.Channel == root }) {
		return
	}
	limited, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	if there, err := publisher.HasChannel(limited, site, root); there || err != nil {
		return // a site that is not found, or may not be read, is told of elsewhere
	}
	known, err := publisher.Channels(limited, site)
	if err == nil && len(known) > 0 {
		p.say("note", fmt.Sprintf("rootChannel names %s, which is not a channel in %s yet%s", root, f.site, spelling.DidYouMean(root, known)))
	}
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
