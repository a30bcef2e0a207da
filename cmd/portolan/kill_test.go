package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

const (
	killRounds      = 40
	killRoundsShort = 8
	killStart       = 30 // uploads that wait in the first round
	killEach        = 10 // uploads that come in during each round
)

var killChannels = []string{"stable", "42/devel"}

// TestKill kills the generator at random moments, sometimes two that run at
// once, while uploads come in and a reader looks at the heads all the time.
// After one run that nobody kills, all must be as if nobody ever had.
func TestKill(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	k := &killing{town: newTown(t), random: rand.New(rand.NewPCG(seed, 0)), signer: charttest.NewSigner(), want: map[string]expected{}, ended: map[string]bool{}}
	rounds := killRounds
	if testing.Short() {
		rounds = killRoundsShort
	}
	k.publishBase((killStart+rounds*killEach)/3 + 1)
	k.upload(killStart)
	k.uploadForeign()
	time.Sleep(droparea.Settle + 100*time.Millisecond)
	full := k.undisturbed()

	stop, checked := k.read()
	killed := 0
	span := full
	for range rounds {
		before := k.runs
		n := k.killSome(span)
		// A run takes as long as there is left to do. Now one comes to its
		// end and now none, so that the kills hit every part of it.
		if n == k.runs-before {
			span += span / 4
		} else {
			span -= span / 4
		}
		killed += n
		k.between()
	}
	k.run([]int{exitDone, exitRejected}, "generate")
	stop()
	t.Logf("an undisturbed run takes %v; %d of %d runs were killed; %d looks at a head", full, killed, k.runs, checked())
	if killed < rounds/4 {
		t.Errorf("only %d of %d runs were killed before they were done", killed, k.runs)
	}
	k.check()
}

// killing is a town whose generator is killed again and again.
type killing struct {
	*town
	random *rand.Rand
	signer *charttest.Signer
	next   int // the number of the next upload
	base   int // of the next published chart that nothing was uploaded for since
	runs   int
	want   map[string]expected // by upload id, or by the name of a foreign file
	ended  map[string]bool     // those of which between has seen the end
}

// expected is what must become of an upload.
type expected struct {
	channel, chart string
	verdict        verdict.Verdict
	digest         string // of what is published then; "" if the upload is rejected
	foreign        bool
	provenance     bool
}

const baseVersion = "1.0.0"

// publishBase publishes charts, so that there is something to be replaced and
// to stay unchanged.
func (k *killing) publishBase(n int) {
	k.t.Helper()
	for i := range n {
		chart := fmt.Sprintf("base-%d", i)
		archive := charttest.Simple(chart, baseVersion)
		id := k.submit(killChannels[i%len(killChannels)], archive, nil)
		k.ended[id] = true // well before anything is killed
		k.want[id] = expected{channel: killChannels[i%len(killChannels)], chart: chart, verdict: verdict.Accepted, digest: digest(archive)}
	}
	k.done("generate")
}

// submit uploads as portolan drop does, but without a process for each.
func (k *killing) submit(channel string, archive, prov []byte) string {
	k.t.Helper()
	drop, err := bucket.Open(k.t.Context(), filepath.Join(k.folder, "drop"))
	if err != nil {
		k.t.Fatal(err)
	}
	id, err := droparea.NewID()
	if err != nil {
		k.t.Fatal(err)
	}
	s := droparea.Submission{Chart: bucket.Bytes(archive), Request: droparea.Request{File: "any.tgz"}}
	if prov != nil {
		s.Prov = bucket.Bytes(prov)
	}
	if err := droparea.Submit(k.t.Context(), drop, channel, id, s); err != nil {
		k.t.Fatal(err)
	}
	return id
}

// upload uploads n charts of every kind. No two are the same version, so what
// must become of each does not depend on the moment when it is decided.
func (k *killing) upload(n int) {
	k.t.Helper()
	for range n {
		k.next++
		chart := fmt.Sprintf("new-%d", k.next)
		base := fmt.Sprintf("base-%d", k.base)
		e := expected{channel: killChannels[k.random.IntN(len(killChannels))], chart: chart, verdict: verdict.Accepted}
		var archive, prov []byte
		switch kind := k.next % 6; kind {
		case 0, 1: // new
			archive = charttest.Simple(chart, baseVersion)
			e.digest = digest(archive)
		case 2: // new and signed
			archive = charttest.Simple(chart, baseVersion)
			e.digest, e.provenance = digest(archive), true
			prov = k.signer.Sign(chart+"-"+baseVersion+".tgz", archive)
		case 3: // replaced
			e.channel, e.chart, e.verdict = killChannels[k.base%len(killChannels)], base, verdict.Replaced
			archive = charttest.Simple(base, baseVersion, "README.md", "# Another\n")
			e.digest = digest(archive)
			k.base++
		case 4: // unchanged: packed in another way
			e.channel, e.chart, e.verdict = killChannels[k.base%len(killChannels)], base, verdict.Unchanged
			e.digest = digest(charttest.Simple(base, baseVersion))
			archive = charttest.Pack(base, charttest.Chart(base, baseVersion), &charttest.Options{Level: 1, Reverse: true})
			k.base++
		case 5: // rejected
			e.verdict = verdict.Rejected
			archive = charttest.Pack("other", charttest.Chart(chart, baseVersion), nil)
		}
		k.want[k.submit(e.channel, archive, prov)] = e
	}
}

// uploadForeign copies files into the inboxes under names of their own.
func (k *killing) uploadForeign() {
	k.t.Helper()
	for i, channel := range slices.Repeat(killChannels, 3) {
		chart := fmt.Sprintf("foreign-%d", i)
		file := chart + "-" + baseVersion + ".tgz"
		archive := charttest.Simple(chart, baseVersion)
		e := expected{channel: channel, chart: chart, verdict: verdict.Accepted, digest: digest(archive), foreign: true}
		inbox := filepath.Join(k.folder, "drop", "inbox", filepath.FromSlash(channel))
		switch i % 3 {
		case 1:
			e.provenance = true
			write(k.t, filepath.Join(inbox, file+".prov"), k.signer.Sign(file, archive))
		case 2:
			archive = archive[:len(archive)-4] // torn off
			e.verdict, e.digest = verdict.Rejected, ""
		}
		write(k.t, filepath.Join(inbox, file), archive)
		k.want[file] = e
	}
}

// undisturbed measures a run that nobody kills, on a copy of all there is.
func (k *killing) undisturbed() time.Duration {
	k.t.Helper()
	c := newTown(k.t)
	if err := os.CopyFS(c.folder, os.DirFS(k.folder)); err != nil {
		k.t.Fatal(err)
	}
	time.Sleep(droparea.Settle + 100*time.Millisecond) // the copies are new files
	began := time.Now()
	c.run([]int{exitRejected}, "generate")
	return time.Since(began)
}

// killSome starts a generator, or two, and kills each after a while that is at
// most span; meanwhile more uploads come in. It returns how many were killed before
// they were done.
func (k *killing) killSome(span time.Duration) int {
	k.t.Helper()
	n := 1 + k.random.IntN(3)/2
	ended := make(chan error, n)
	delays := make([]time.Duration, n)
	for i := range delays {
		delays[i] = time.Duration(k.random.Int64N(int64(span)))
	}
	program := portolanPath(k.t)
	for _, delay := range delays {
		go func() { ended <- k.runFor(program, delay) }()
	}
	k.upload(killEach)
	killed := 0
	for range n {
		k.runs++
		switch err := <-ended; {
		case errors.Is(err, errKilled):
			killed++
		case err != nil:
			k.t.Errorf("a run ended before it was killed: %v", err)
		}
	}
	return killed
}

var errKilled = errors.New("killed")

// runFor runs the generator and kills it after a while, if it still runs.
func (k *killing) runFor(program string, delay time.Duration) error {
	var output strings.Builder
	c := exec.Command(program, "generate")
	c.Dir, c.Env, c.Stdout, c.Stderr = k.folder, plainEnv(), &output, &output
	if err := c.Start(); err != nil {
		return err
	}
	killer := time.AfterFunc(delay, func() { c.Process.Kill() })
	err := c.Wait()
	killer.Stop()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		switch {
		case !exit.Exited():
			return errKilled
		case exit.ExitCode() == exitRejected:
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("%v: %s", err, output.String())
	}
	return nil
}

// read looks at the heads until it is stopped: whatever they name must be
// there at any moment.
func (k *killing) read() (stop func(), looks func() int) {
	quit := make(chan struct{})
	var group sync.WaitGroup
	n := 0
	group.Go(func() {
		for {
			for _, channel := range killChannels {
				if err := k.look(channel); err != nil {
					k.t.Errorf("a reader finds in %s: %v", channel, err)
					return
				}
				n++
			}
			select {
			case <-quit:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	stop = sync.OnceFunc(func() { close(quit); group.Wait() })
	k.t.Cleanup(stop)
	return stop, func() int { return n }
}

// look checks that all that the head names is there, byte for byte.
func (k *killing) look(channel string) error {
	folder := filepath.Join(k.folder, "site", filepath.FromSlash(channel))
	index, err := os.ReadFile(filepath.Join(folder, "index.yaml"))
	if err != nil {
		return err
	}
	releases, err := parseIndex(index)
	if err != nil {
		return err
	}
	for _, r := range releases {
		b, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(r.URLs[0])))
		if err != nil {
			return err
		}
		if got := digest(b); got != r.Digest {
			return fmt.Errorf("%s %s has the digest %s, and the head says %s", r.Name, r.Version, got, r.Digest)
		}
	}
	return nil
}

// between checks, while no generator runs, that no upload has gone from the
// inbox without a receipt, nor has one before the head shows what it says.
func (k *killing) between() {
	k.t.Helper()
	heads := map[string]string{}
	for _, channel := range killChannels {
		for _, r := range k.readHead(channel) {
			heads[path.Join(channel, r.Name)] = r.Digest
		}
	}
	for id, e := range k.want {
		if e.foreign || k.ended[id] {
			continue
		}
		_, waits := os.Stat(filepath.Join(k.folder, "drop", "inbox", filepath.FromSlash(e.channel), id+".tgz"))
		_, told := os.Stat(filepath.Join(k.folder, "drop", "receipts", id+".json"))
		k.ended[id] = waits != nil
		switch {
		case waits != nil && told != nil:
			k.t.Errorf("the upload %s of %s is neither in the inbox nor has it a receipt", id, e.chart)
		case told == nil && e.digest != "" && heads[path.Join(e.channel, e.chart)] != e.digest:
			k.t.Errorf("the upload %s of %s has its receipt, and the head does not show it", id, e.chart)
		}
	}
}

// check checks what all the runs together have done.
func (k *killing) check() {
	k.t.Helper()
	k.t.Log(k.done("verify", "--deep").stdout)
	if o := k.done("generate"); o.stdout != "nothing to do\n" {
		k.t.Errorf("after a clean run there is something left to do: %s", o.stdout)
	}
	// A deletion that was killed half way leaves a file that listings do not show.
	for _, file := range filesIn(k.t, filepath.Join(k.folder, "drop", "inbox")) {
		if !strings.HasPrefix(path.Base(file), ".deleting-") {
			k.t.Errorf("left in the inbox: %s", file)
		}
	}
	k.checkReceipts()
	k.checkHeads()
}

// filesIn returns the files below a folder, by their slash-separated paths.
func filesIn(t *testing.T, folder string) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, name)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return files
}

// checkReceipts checks that every upload has one receipt, and the right one.
func (k *killing) checkReceipts() {
	k.t.Helper()
	missing := maps.Clone(k.want)
	folder := filepath.Join(k.folder, "drop", "receipts")
	for _, file := range filesIn(k.t, folder) {
		var r droparea.Receipt
		decode(k.t, string(read(k.t, filepath.Join(folder, file))), &r)
		key := r.ID
		if _, ok := k.want[key]; !ok && r.Request != nil {
			key = r.Request.File // an id that adopting made
		}
		if w := k.want[key]; w.foreign && w.provenance && r.Verdict == verdict.Unchanged {
			continue // its provenance file alone: a run was killed, or listed the inbox, before that was discarded, too
		}
		e, ok := missing[key]
		if !ok || file != r.ID+".json" {
			k.t.Errorf("the receipt %s is for no upload, or the second for one: %+v", file, r)
			continue
		}
		delete(missing, key)
		if r.Verdict != e.verdict || r.Channel != e.channel || e.verdict != verdict.Rejected && r.Chart != e.chart {
			k.t.Errorf("%s: the receipt says %s %s in %s, want %s %s in %s", key, r.Verdict, r.Chart, r.Channel, e.verdict, e.chart, e.channel)
		}
		if e.verdict == verdict.Rejected {
			k.checkKept(r)
		}
	}
	for key, e := range missing {
		k.t.Errorf("no receipt for the upload %s of %s, which must be %s", key, e.chart, e.verdict)
	}
}

// checkKept checks that a rejected upload is kept, with its receipt.
func (k *killing) checkKept(r droparea.Receipt) {
	k.t.Helper()
	kept := filepath.Join(k.folder, "drop", "rejected", filepath.FromSlash(r.Channel), r.ID)
	for _, ext := range []string{".tgz", ".json"} {
		if _, err := os.Stat(kept + ext); err != nil {
			k.t.Errorf("a rejected upload is not kept: %v", err)
		}
	}
}

// checkHeads checks that the heads name what must be published, and no more.
func (k *killing) checkHeads() {
	k.t.Helper()
	want, signed := map[string]string{}, map[string]bool{}
	for _, e := range k.want {
		// Of a replaced chart both contents are expected; the later one counts.
		key := path.Join(e.channel, e.chart)
		if e.digest != "" && (want[key] == "" || e.verdict == verdict.Replaced) {
			want[key] = e.digest
		}
		if e.provenance {
			signed[key] = true
		}
	}
	got := map[string]string{}
	for _, channel := range killChannels {
		for _, r := range k.readHead(channel) {
			key := path.Join(channel, r.Name)
			got[key] = r.Digest
			prov := filepath.Join(k.folder, "site", filepath.FromSlash(path.Join(channel, r.URLs[0]+".prov")))
			if _, err := os.Stat(prov); (err == nil) != signed[key] {
				k.t.Errorf("%s: signed %v, and its provenance file: %v", key, signed[key], err)
			}
		}
	}
	if !maps.Equal(got, want) {
		k.t.Errorf("the heads are not as they must be: %d releases, want %d", len(got), len(want))
		for key := range want {
			if got[key] != want[key] {
				k.t.Errorf("%s: digest %q, want %q", key, got[key], want[key])
			}
		}
	}
}
