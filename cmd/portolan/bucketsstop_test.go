package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
)

// The tests in this file stop a generator that works on buckets, or let it wait
// for a server in vain. What it leaves, the next run brings to an end.

const (
	stopUploads = 20
	stopFirst   = 2  // the request at which the first run is stopped
	stopStep    = 41 // how many more the next one may make
)

// eachBackend runs a test on a harbor of each kind.
func eachBackend(t *testing.T, test func(h *harbor, server *servers.Server, bucket string)) {
	for _, scheme := range sortedKeys(backends) {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			bucket := newPlace(t, scheme)
			h := newHarbor(t, bucket.folder("drop"), bucket.folder("site"))
			test(h, backends[scheme](t), bucket.url)
		})
	}
}

// stock drops charts that were not there before, as many as the total lacks.
func (h *harbor) stock(before, total int) {
	h.t.Helper()
	archives := map[string][]byte{}
	for i := before; i < total; i++ {
		name := fmt.Sprintf("chart-%d", i)
		archives[name+"-1.0.0.tgz"] = charttest.Simple(name, "1.0.0")
	}
	h.town.drop("stable", archives)
}

// TestTerminated sends SIGTERM to one run after the other, to each after some
// more requests, until one is done before. Wherever a run stops, nothing is lost
// and nothing is published twice.
func TestTerminated(t *testing.T) {
	t.Parallel()
	eachBackend(t, func(h *harbor, server *servers.Server, bucket string) {
		h.stock(0, stopUploads)
		stopped := 0
		for at := stopFirst; h.terminateAt(server, bucket, at); at += stopStep {
			stopped++
		}
		server.Inject(bucket, nil)
		h.t.Logf("%d runs were stopped", stopped)
		if stopped < 3 {
			h.t.Errorf("only %d runs were stopped before one was done", stopped)
		}
		h.checkPublished(stopUploads)
	})
}

// terminateAt runs the generator, sends it SIGTERM while its n-th request is on
// its way, and reports whether that stopped it.
func (h *harbor) terminateAt(server *servers.Server, bucket string, n int) bool {
	h.t.Helper()
	reached, signalled := make(chan struct{}), make(chan struct{})
	server.Inject(bucket, func(r servers.Request) servers.Fault {
		if r.N == n {
			close(reached)
			<-signalled
		}
		return servers.None
	})
	var output bytes.Buffer
	c := exec.Command(portolanPath(h.t), "generate")
	c.Dir, c.Env, c.Stdout, c.Stderr = h.folder, plainEnv(), &output, &output
	if err := c.Start(); err != nil {
		h.t.Fatal(err)
	}
	hung := time.AfterFunc(time.Until(testenv.Deadline(h.t)), func() { c.Process.Kill() })
	defer hung.Stop()
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	release := sync.OnceFunc(func() { close(signalled) })
	defer release()
	select {
	case <-reached:
		c.Process.Signal(syscall.SIGTERM)
		release()
	case err := <-ended:
		ended <- err
	}
	switch err := <-ended; {
	case err == nil:
		return false
	case exitOf(err) != exitInterrupted || !strings.HasSuffix(output.String(), "portolan: error: interrupted\n"):
		h.t.Fatalf("after SIGTERM at request %d: %v\n%s", n, err, output.String())
	}
	return true
}

func exitOf(err error) int {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// checkPublished checks that this many uploads are published, each once, and
// that nothing is left to do.
func (h *harbor) checkPublished(uploads int) {
	h.t.Helper()
	if o := h.done("generate"); o.stdout != "nothing to do\n" {
		h.t.Errorf("there is something left to do: %s", o.stdout)
	}
	h.done("verify", "--deep")
	verdicts, archives := 0, 0
	for _, key := range h.list(h.drop) {
		if !strings.HasPrefix(key, "receipts/") {
			h.t.Errorf("left in the drop area: %s", key)
		}
		verdicts++
	}
	for _, key := range h.list(h.site) {
		if strings.HasSuffix(key, ".tgz") {
			archives++
		}
	}
	if verdicts != uploads || archives != uploads {
		h.t.Errorf("%d uploads made %d receipts and %d archives", uploads, verdicts, archives)
	}
}

// TestStalled lets the server stall at some request and ever after: --timeout
// ends the run all the same, and says so.
func TestStalled(t *testing.T) {
	t.Parallel()
	const want = "portolan: error: stopped after 1s (--timeout)\n" +
		"portolan: hint: nothing is lost, and what was published stands; run it again, with more time, and it goes on from there\n"
	eachBackend(t, func(h *harbor, server *servers.Server, bucket string) {
		h.stock(0, 1)
		h.done("generate")
		h.stock(1, stopUploads)
		for _, n := range []int{0, stopUploads, 5 * stopUploads} {
			server.Inject(bucket, func(r servers.Request) servers.Fault {
				if r.N >= n {
					return servers.Stalled
				}
				return servers.None
			})
			if o := h.run([]int{exitFailed}, "generate", "--timeout", "1s"); !strings.HasSuffix(o.stderr, want) {
				h.t.Errorf("stalled at request %d: it prints %s%s, want\n%s", n, o.stdout, o.stderr, want)
			}
		}
		server.Inject(bucket, nil)
		h.done("generate")
		h.checkPublished(stopUploads)
	})
}
