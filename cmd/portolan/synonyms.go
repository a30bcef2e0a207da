package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher/spelling"
)

// synonym is what other tools call something, and how it is done here.
type synonym struct {
	words  []string
	advice string
}

// synonyms are words that people bring from Helm, ChartMuseum, helm-s3, package
// registries and shells.
var synonyms = []synonym{
	{[]string{"push", "upload", "add", "put", "send", "submit", "cm-push", "store", "insert"},
		"did you mean 'portolan drop'? It uploads charts: portolan drop stable mychart-0.1.0.tgz"},
	{[]string{"publish", "gen", "release", "deploy", "index", "reindex", "build", "run", "render", "process", "update", "apply", "commit", "cr"},
		"did you mean 'portolan generate'? It publishes what was uploaded with 'portolan drop'"},
	{[]string{"serve", "server", "daemon", "listen", "start", "http", "web", "up", "registry", "chartmuseum"},
		"did you mean 'portolan shim'? It takes uploads over HTTP and serves the channels; 'portolan preview' serves a site on this machine, to try it"},
	{[]string{"view", "open", "browse", "show-site", "dev"},
		"did you mean 'portolan preview'? It serves a site on this machine"},
	{[]string{"ls", "ll", "channels", "charts", "versions", "show", "get"},
		"did you mean 'portolan list'? It lists channels, charts and versions"},
	{[]string{"info", "describe", "stat", "stats", "receipt"},
		"did you mean 'portolan status'? It shows the channels, or the verdict on an upload"},
	{[]string{"history", "logs", "generations", "changelog"},
		"did you mean 'portolan log'? It shows what each generation of a channel changed"},
	{[]string{"receipts", "verdicts", "rejected", "refused", "audit-log"},
		"did you mean 'portolan uploads'? It shows how uploads were decided"},
	{[]string{"search", "find"},
		"did you mean 'portolan list'? It lists charts; to search for them, use 'helm search repo', or the site's pages"},
	{[]string{"take-down", "destroy", "shred", "burn", "scrub-secret", "leak"},
		"did you mean 'portolan takedown'? It removes a version and all its files, for good; 'portolan yank' hides one, and can be undone"},
	{[]string{"delete", "del", "rm", "remove", "unpublish", "hide", "withdraw", "retract", "unlist", "erase", "uninstall"},
		"did you mean 'portolan yank'? It hides versions from all lists, and can be undone: portolan yank stable mychart 1.2.3 --reason TEXT; to remove a leaked secret for good, use 'portolan takedown'"},
	{[]string{"unyank", "undelete", "unhide", "relist", "republish", "undo"},
		"did you mean 'portolan restore'? It lists yanked versions again"},
	{[]string{"revert", "reset", "downgrade"},
		"did you mean 'portolan rollback'? It makes a channel list what an earlier generation listed"},
	{[]string{"switch"},
		"did you mean 'portolan promote'? It publishes versions of one channel in another; 'portolan rollback' makes a channel list what an earlier generation listed"},
	{[]string{"move", "mv", "copy", "cp", "transfer", "graduate", "ship", "stage"},
		"did you mean 'portolan promote'? It publishes versions of one channel in another: portolan promote dev stable mychart 1.2.3"},
	{[]string{"obsolete", "sunset", "abandon", "archive", "retire"},
		"did you mean 'portolan deprecate'? It marks all versions of a chart; 'portolan yank' hides versions"},
	{[]string{"gc", "clean", "cleanup", "tidy", "purge", "expire", "retention", "vacuum"},
		"did you mean 'portolan prune'? It removes old snapshots, charts and receipts; 'portolan yank' hides versions"},
	{[]string{"init", "setup", "create", "mb", "mkdir", "bootstrap", "new"},
		"nothing needs to be made first: 'portolan drop' and 'portolan generate' make local folders, and a channel is made by its first chart; 'portolan doctor' checks the set-up"},
	{[]string{"package", "pack"},
		"'helm package' makes an archive of a chart; then upload it: portolan drop stable mychart-0.1.0.tgz"},
	{[]string{"lint", "template", "install", "upgrade", "repo", "dependency", "dep", "pull", "download", "fetch", "show-chart"},
		"that is Helm's part: a channel is a Helm repository, for 'helm repo add', 'helm pull' and 'helm install'"},
	{[]string{"check", "fsck", "audit", "scrub", "validate", "test", "integrity"},
		"did you mean 'portolan verify'? It checks a site against its log; 'portolan doctor' checks the set-up, and 'portolan drop' a chart"},
	{[]string{"diagnose", "diagnostics", "probe", "health", "ping", "debug", "config", "configure"},
		"did you mean 'portolan doctor'? It checks the set-up"},
	{[]string{"migrate", "mirror", "sync", "clone", "convert", "take-over"},
		"did you mean 'portolan import'? It takes over the charts of another Helm repository"},
	{[]string{"repair", "fix", "recover", "heal", "regenerate", "rerender"},
		"did you mean 'portolan rebuild'? It restores a channel's index and pages from its log"},
	{[]string{"login", "logout", "user", "users", "password", "passwd", "key", "secret", "tokens"},
		"did you mean 'portolan token'? It makes, lists and revokes tokens for uploads"},
	{[]string{"whoami", "can-i", "explain", "permissions"},
		"did you mean 'portolan auth check'? It explains what a token may do, and why"},
}

// insteadOf says what to do instead of a command that does not exist.
func insteadOf(name string) string {
	name = strings.ToLower(name)
	if advice := adviceFor(name); advice != "" {
		return advice
	}
	// A slip in a command or in one of these words.
	known := commandNames()
	for _, s := range synonyms {
		known = append(known, s.words...)
	}
	switch near := spelling.Nearest(name, known); {
	case slices.Contains(commandNames(), near):
		return fmt.Sprintf("did you mean 'portolan %s'?", near)
	case near != "" && len(name) > 3: // three letters are near to many words
		return adviceFor(near)
	}
	return "see 'portolan help'"
}

func adviceFor(word string) string {
	for _, s := range synonyms {
		if slices.Contains(s.words, word) {
			return s.advice
		}
	}
	return ""
}
