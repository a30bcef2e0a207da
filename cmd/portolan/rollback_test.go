package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestRollback rolls a channel back and forth, with an upload between. Both Helms find and
// pull what the generation had, in the repository and in the registry; log, diff and list
// tell what happened; and the site is what its logs say after each step.
func TestRollback(t *testing.T) {
	t.Parallel()
	w := newRollbackTown(t)
	old, other := charttest.Simple("web", "1.0.0"), charttest.Simple("web", "1.0.0", "README.md", "other content")
	next, later := charttest.Simple("web", "1.1.0"), charttest.Simple("web", "1.2.0")
	w.publish(map[string][]byte{"web-1.0.0.tgz": old})
	w.publish(map[string][]byte{"web-1.0.0.tgz": other, "web-1.1.0.tgz": next})
	w.publish(map[string][]byte{"api-0.1.0.tgz": charttest.Simple("api", "0.1.0")})
	w.shows(map[string][]string{"web": {"1.1.0", "1.0.0"}, "api": {"0.1.0"}}, map[string][]byte{"web-1.1.0.tgz": next, "web-1.0.0.tgz": other})

	w.rollBack("1")
	w.shows(map[string][]string{"web": {"1.0.0"}}, map[string][]byte{"web-1.0.0.tgz": old})
	w.says("log stable -n 1", "4  ", "roll back to generation 1")
	w.says("diff stable 3 4", "~ web 1.1.0  yanked: rolled back to generation 1", "~ web 1.0.0  ")
	w.says("diff stable 1 4", "~ web 1.1.0  ", "!web 1.0.0")
	w.says("list stable --yanked", "web    1.1.0", "api    0.1.0", "!web    1.0.0", "rolled back to generation 1")

	w.publish(map[string][]byte{"web-1.2.0.tgz": later})
	w.shows(map[string][]string{"web": {"1.2.0", "1.0.0"}}, map[string][]byte{"web-1.2.0.tgz": later, "web-1.0.0.tgz": old})
	w.says("log stable -n 1", "5  ", "+web 1.2.0")
	write(t, filepath.Join(w.folder, "web-1.1.0.tgz"), next)
	if o := w.done("drop", "stable", "web-1.1.0.tgz"); !strings.Contains(o.stderr, "(rolled back to generation 1), and lists go on hiding it: 'portolan restore stable web 1.1.0' lists it again") {
		t.Errorf("of what the rollback has hidden, drop prints\n%s%s", o.stdout, o.stderr)
	}
	w.done("generate")
	equal(t, "what stable lists", w.versions("stable"), []string{"1.2.0", "1.0.0"})

	w.rollBack("3")
	w.shows(map[string][]string{"web": {"1.1.0", "1.0.0"}, "api": {"0.1.0"}}, map[string][]byte{"web-1.1.0.tgz": next, "web-1.0.0.tgz": other})
	w.says("list stable --yanked", "web    1.2.0", "rolled back to generation 3", "!1.1.0")
	w.done("restore", "stable", "web", "1.2.0")
	w.done("generate")
	w.shows(map[string][]string{"web": {"1.2.0", "1.1.0", "1.0.0"}, "api": {"0.1.0"}}, map[string][]byte{"web-1.2.0.tgz": later})

	w.done("rollback", "stable", "1") // waits while a prune removes that generation
	w.done("prune", "--keep-snapshots", "1", "--keep-days", "0", "--grace", "0s")
	if o := w.run([]int{exitRejected}, "generate"); !strings.Contains(o.stdout, "rejected    roll back to generation 1") || !strings.Contains(o.stdout, "not kept any more") {
		t.Errorf("generate prints\n%s%s", o.stdout, o.stderr)
	}
	if o := w.run([]int{exitFailed}, "rollback", "stable", "1"); !strings.Contains(o.stderr, "generation 1 of channel stable is not kept any more: the last prune kept those from 8 on") {
		t.Errorf("rollback prints\n%s%s", o.stdout, o.stderr)
	}
	w.shows(map[string][]string{"web": {"1.2.0", "1.1.0", "1.0.0"}, "api": {"0.1.0"}}, map[string][]byte{"web-1.2.0.tgz": later})
}

// rollbackTown is a town whose site is served to both Helms.
type rollbackTown struct {
	*town
	server string
	helms  []*helm
}

func newRollbackTown(t *testing.T) *rollbackTown {
	t.Helper()
	w := &rollbackTown{town: newTown(t)}
	for _, client := range clients {
		testenv.Tool(t, client)
		w.helms = append(w.helms, newHelm(t, client))
	}
	write(t, filepath.Join(w.folder, "portolan.yaml"), []byte("channels: [{match: '**', oci: true}]\n"))
	write(t, filepath.Join(w.folder, "site", "robots.txt"), nil) // a site that can be served
	w.server = nginx(t, "folder.conf", map[string]string{"/srv/charts": filepath.Join(w.folder, "site")})
	return w
}

// publish uploads to stable, and runs.
func (w *rollbackTown) publish(archives map[string][]byte) {
	w.t.Helper()
	w.drop("stable", archives)
	w.done("generate")
}

// rollBack rolls stable back.
func (w *rollbackTown) rollBack(generation string) {
	w.t.Helper()
	w.done("rollback", "stable", generation)
	w.done("generate")
}

// shows makes sure that both Helms find these charts in stable, and pull these archives of
// the chart web, the newest first, by both protocols; and that the site is in order.
func (w *rollbackTown) shows(charts map[string][]string, archives map[string][]byte) {
	w.t.Helper()
	w.done("verify", "--deep")
	host := strings.TrimPrefix(w.server, "http://")
	for _, h := range w.helms {
		h.run("repo", "add", "--force-update", "stable", w.server+"/stable")
		h.run("repo", "update")
		equal(w.t, "what helm"+h.major+" finds", h.search("stable"), charts)
		for _, file := range sortedKeys(archives) {
			version := strings.TrimSuffix(strings.TrimPrefix(file, "web-"), ".tgz")
			want := only(archives, file)
			sameFiles(w.t, h.pull("stable/web", "--version", version), want)
			sameFiles(w.t, h.pull("oci://"+host+"/stable/web", "--plain-http", "--version", version), want)
		}
		newest := "web-" + charts["web"][0] + ".tgz"
		sameFiles(w.t, h.pull("oci://"+host+"/stable/web", "--plain-http"), only(archives, newest))
	}
}

// says runs a command, which must print these texts, and none that begins with "!".
func (w *rollbackTown) says(command string, texts ...string) {
	w.t.Helper()
	out := w.done(strings.Fields(command)...).stdout
	for _, text := range texts {
		text, not := strings.CutPrefix(text, "!")
		if strings.Contains(out, text) == not {
			w.t.Errorf("%s prints %q: %t\n%s", command, text, !not, out)
		}
	}
}
