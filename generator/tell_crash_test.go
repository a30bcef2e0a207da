package generator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// TestEveryCrashTells breaks every operation of a run in four ways. One clean run later,
// the receiver has been told of the newest generation of each channel.
func TestEveryCrashTells(t *testing.T) {
	r := newReceiver(t)
	make := func(t testing.TB) *world {
		w := fullWorld(t)
		w.notify(r)
		return w
	}
	crashEverywhere(t, make)
	ops, _, _ := undisturbed(t, make)
	want := r.newest()
	if len(want) != 2 {
		t.Fatalf("told of %v", want)
	}
	for k := range ops {
		for fault, name := range faults {
			w := make(t)
			w.quiet = true
			w.inject(dying(k, fault))
			_, _ = w.run("victim")
			w.inject(nil)
			w.mustRunQuiet()
			told := r.newest()
			for channel := range want {
				if newest := w.newest(channel); told[channel] != newest {
					t.Errorf("operation %d %s: told of generation %d of %s, not of %d", k, name, told[channel], channel, newest)
				}
			}
			w.mustHaveNoOutbox("stable")
			w.mustHaveNoOutbox("42/devel")
		}
	}
}

// newest is the newest generation that changed the channel's index.
func (w *world) newest(channel string) int {
	s := &state{drop: w.drop.Snapshot(), site: w.site.Snapshot(), channels: map[string]*channelState{}, decided: map[string]decided{}}
	if err := s.readLogs(w.judge); err != nil {
		w.t.Fatal(err)
	}
	records := s.channels[channel].records
	return records[len(records)-1].IndexGeneration()
}

// TestEveryCrashOfSettings: the same for a run whose generation no upload made. Nothing but
// the outbox brings the next run there.
func TestEveryCrashOfSettings(t *testing.T) {
	r := newReceiver(t)
	make := func(t testing.TB) *world {
		w := newWorld(t)
		w.publish("stable", 1, alphaOld, alphaAt("1.1.0"))
		w.configure(fmt.Sprintf("channels: [{match: stable, keep: 1, notify: [{url: '%s', secretEnv: RECEIVER_SECRET}]}]", r.URL))
		return w
	}
	run := func(w *world, actor string) error {
		_, err := w.start(generator.Options{Drop: w.drop.Handle(actor), Site: w.site.Handle(actor), Channels: []string{"stable"}}, actor)
		return err
	}
	w := make(t)
	w.inject(nil)
	if err := run(w, "undisturbed"); err != nil || r.newest()["stable"] != 2 {
		t.Fatal(err, "or nobody was told")
	}
	for k := range w.n {
		for fault, name := range faults {
			w := make(t)
			w.inject(dying(k, fault))
			_ = run(w, "victim")
			s := w.site.Snapshot()
			shows := strings.Contains(string(s["stable/index.yaml"]), `"portolan/generation":"2"`)
			w.inject(func(int, string, buckettest.Op) buckettest.Fault { return buckettest.None })
			w.mustRunQuiet() // of no channel in particular
			if told := r.newest()["stable"]; shows && told != 2 {
				t.Errorf("operation %d %s: head shows generation 2, and %d is told", k, name, told)
			}
		}
	}
}

// TestEveryOrderTells runs two generators and an uploader in every order with one
// preemption, and lets operations go wrong. Whatever became of them, head shows no
// generation that nobody is told of and that the outbox does not have.
func TestEveryOrderTells(t *testing.T) {
	t.Setenv("RECEIVER_SECRET", receiverSecret)
	depth := 1
	if testing.Short() {
		depth = 0
	}
	eachSchedule(t, exploreTold, depth, withFaults(depth, 25))
}

func exploreTold(t testing.TB, plan schedule) (*turns, error) {
	r := startReceiver()
	defer r.Close()
	w := exploredWorld(t)
	w.notify(r)
	turns := w.explores(plan)
	told := r.newest()["stable"]
	x, err := w.judge.index(w.site.Snapshot()["stable/index.yaml"])
	if err != nil {
		return turns, err
	}
	shown := 0
	fmt.Sscan(x.Annotations["portolan/generation"], &shown)
	if shown > 1 && told < shown && len(w.outbox("stable")) == 0 {
		return turns, fmt.Errorf("head shows generation %d, and %d is told", shown, told)
	}
	if err := w.settle(); err != nil {
		return turns, err
	}
	if told, newest := max(told, r.newest()["stable"]), w.newest("stable"); told != newest || len(w.outbox("stable")) > 0 {
		return turns, fmt.Errorf("generation %d is told, not %d; in the outbox there is %q", told, newest, w.outbox("stable"))
	}
	return turns, nil
}
