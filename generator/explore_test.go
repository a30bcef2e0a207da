package generator_test

import (
	"fmt"
	"path"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// The exploration runs two generators and an uploader on the real code, one
// operation at a time, in every order that takes few preemptions: an actor runs
// until it ends or until the schedule takes the turn from it. Bugs of
// concurrent protocols need few. A schedule with a fault also lets one
// operation fail, or its answer be lost, or its write come late.

// preemption gives the turn to an actor just before operation n.
type preemption struct {
	n     int
	actor int
}

// schedule is one way in which things can happen.
type schedule struct {
	first       int // the actor that begins; who comes next when one ends goes by number
	preemptions []preemption
	faultAt     int // operation; -1 for none
	fault       buckettest.Fault
}

// turns lets exactly one of several actors run at a time.
type turns struct {
	mu      sync.Mutex
	waiting *sync.Cond
	alive   []bool
	current int
	n       int // operations so far
	plan    schedule
	trace   []int // who did operation n
	mayTake [][]int
}

func newTurns(actors int, plan schedule) *turns {
	t := &turns{alive: make([]bool, actors), current: plan.first, plan: plan}
	for i := range t.alive {
		t.alive[i] = true
	}
	t.waiting = sync.NewCond(&t.mu)
	return t
}

// operation blocks actor until it is its turn, and says what goes wrong.
func (t *turns) operation(actor int) buckettest.Fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.await(actor)
	for _, p := range t.plan.preemptions {
		if p.n == t.n && p.actor != actor && t.alive[p.actor] {
			t.current = p.actor
			t.plan.preemptions = slices.DeleteFunc(slices.Clone(t.plan.preemptions), func(q preemption) bool { return q == p })
			t.waiting.Broadcast()
			t.await(actor)
			break
		}
	}
	n := t.n
	t.n++
	t.trace = append(t.trace, actor)
	var others []int
	for other, alive := range t.alive {
		if alive && other != actor {
			others = append(others, other)
		}
	}
	t.mayTake = append(t.mayTake, others)
	if n == t.plan.faultAt {
		return t.plan.fault
	}
	return buckettest.None
}

// begin blocks actor until it is its turn for the first time.
func (t *turns) begin(actor int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.await(actor)
}

func (t *turns) await(actor int) {
	for t.current != actor {
		t.waiting.Wait()
	}
}

// end gives the turn to the next actor that has not ended.
func (t *turns) end(actor int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.alive[actor] = false
	if next := slices.Index(t.alive, true); next >= 0 {
		t.current = next
	}
	t.waiting.Broadcast()
}

// exploredWorld is a channel with a published chart and two uploads, one of
// which is a file under a name of its owner's. The uploader adds a third, and
// then overwrites that file.
func exploredWorld(t testing.TB) *world { return exploredIn(t, "") }

// exploredIn is exploredWorld with a configuration.
func exploredIn(t testing.TB, config string) *world {
	w := newWorld(t)
	w.configure(config)
	w.publish("stable", 1, alphaOld)
	w.mustUpload("stable", id(3), alphaNew, nil)
	w.put("stable", "foreign-2.0.0.tgz", foreign)
	w.clock = w.clock.Add(time.Minute)
	return w
}

// explore lets things happen as planned, then checks that nothing was lost and
// that one clean run makes everything well. It returns who did what, and who
// could have.
func explore(t testing.TB, plan schedule) (*turns, error) { return exploredWorld(t).explore(plan) }

func (w *world) explore(plan schedule) (*turns, error) {
	turns := w.explores(plan)
	return turns, w.settle()
}

// explores is explore without the end.
func (w *world) explores(plan schedule) *turns {
	w.inject(nil)
	return w.takeTurns(plan, w.generates("generator 0"), w.generates("generator 1"), actor{"uploader", func(turn func()) {
		_ = w.upload("uploader", "stable", id(4), gamma, gammaSig) // if it fails, nothing was promised
		turn()
		w.overwrite("stable", "foreign-2.0.0.tgz", foreignNew)
	}})
}

// actor is somebody whose operations take turns with those of others.
type actor struct {
	name string // of the handles of stores
	act  func(turn func())
}

// generates is an actor that runs the generator.
func (w *world) generates(name string) actor {
	return actor{name, func(func()) {
		_, _ = w.start(generator.Options{
			Drop: w.drop.Handle(name), Site: w.site.Handle(name), Nonce: func() string { return name },
		}, name)
	}}
}

// takeTurns lets the actors do what they do, as planned. What they do to no
// store waits for its turn by calling turn.
func (w *world) takeTurns(plan schedule, actors ...actor) *turns {
	turns := newTurns(len(actors), plan)
	hook := func(op buckettest.Op) buckettest.Fault {
		return turns.operation(slices.IndexFunc(actors, func(a actor) bool { return a.name == op.Actor }))
	}
	w.drop.Hook, w.site.Hook = hook, hook
	var all sync.WaitGroup
	for i, a := range actors {
		all.Go(func() {
			turns.begin(i)
			defer turns.end(i)
			a.act(func() { turns.operation(i) })
		})
	}
	all.Wait()
	w.inject(nil)
	return turns
}

// overwrite puts a file in the place of one of the same name. What nobody had
// adopted by then its owner has taken back.
func (w *world) overwrite(channel, name string, data []byte) {
	key := path.Join("inbox", channel, name)
	objects := w.drop.Snapshot()
	if old, ok := objects[key]; ok {
		delete(objects, key)
		s := &state{drop: objects, decided: map[string]decided{}}
		w.promises = slices.DeleteFunc(w.promises, func(p promise) bool {
			_, adopted := s.find(w.judge, p)
			return p.digest == digest(old) && !adopted
		})
	}
	w.put(channel, name, data)
}

// settle lets late writes land, before a clean run and after it, and checks
// that everything is well in the end.
func (w *world) settle() error {
	if err := w.settleWrites(); err != nil {
		return err
	}
	return w.checkEnd()
}

func (w *world) settleWrites() error {
	w.clock = w.clock.Add(time.Minute)
	if _, err := w.run("clean"); err != nil {
		return fmt.Errorf("clean run: %w", err)
	}
	for _, m := range []*buckettest.Mem{w.drop, w.site} {
		for len(m.Pending()) > 0 {
			_ = m.Land(0) // its writer has been told that it failed
		}
	}
	for range 2 { // the first may find what landed late
		if _, err := w.run("clean"); err != nil {
			return fmt.Errorf("clean run after late writes: %w", err)
		}
	}
	if w.failed != nil {
		return w.failed
	}
	if err := w.check(); err != nil {
		return err
	}
	w.mustShowNewest()
	return nil
}

// checkEnd checks that what was uploaded last is what is published.
func (w *world) checkEnd() error {
	x, err := w.judge.index(w.site.Snapshot()["stable/index.yaml"])
	if err != nil {
		return err
	}
	want := map[string]string{"alpha": digest(alphaNew), "foreign": digest(foreignNew)}
	for _, p := range w.promises {
		if p.id == id(4) {
			want["gamma"] = digest(gamma)
		}
	}
	for name, digest := range want {
		if entries := x.Entries[name]; len(entries) != 1 || entries[0].Digest != digest {
			return fmt.Errorf("the index has %v for %s, not the newest upload", entries, name)
		}
	}
	return nil
}

func (s schedule) String() string {
	return fmt.Sprintf("first %d, preemptions (operation, actor) %v, fault %d at operation %d", s.first, s.preemptions, s.fault, s.faultAt)
}

// children are the schedules with one preemption more than s, after its last.
func (s schedule) children(ran *turns) []schedule {
	var all []schedule
	from := 0
	if n := len(s.preemptions); n > 0 {
		from = s.preemptions[n-1].n + 1
	}
	for n := from; n < len(ran.trace); n++ {
		for _, other := range ran.mayTake[n] {
			child := s
			child.preemptions = append(slices.Clone(s.preemptions), preemption{n, other})
			all = append(all, child)
		}
	}
	return all
}

// TestEveryOrder runs every schedule with at most two preemptions (one with
// -short), without faults.
func TestEveryOrder(t *testing.T) {
	depth := 2
	if testing.Short() {
		depth = 1
	}
	eachSchedule(t, explore, depth, func(s schedule, explore func(schedule) *turns) { explore(s) })
}

// TestEveryOrderWithAFault runs every schedule with at most one preemption
// (none with -short), and in each lets every operation go wrong in every way.
func TestEveryOrderWithAFault(t *testing.T) {
	depth := 1
	if testing.Short() {
		depth = 0
	}
	eachSchedule(t, explore, depth, withFaults(depth, 1))
}

// withFaults runs a schedule, and then once more for each operation, in which
// that goes wrong; without preemptions, in every way. Of those with preemptions
// only every step-th operation goes wrong, another one in each schedule.
func withFaults(depth, step int) func(schedule, func(schedule) *turns) {
	faults := []buckettest.Fault{buckettest.Unacked, buckettest.Delayed, buckettest.DieAfter}
	return func(s schedule, explore func(schedule) *turns) {
		clean := explore(s)
		for n := range clean.trace {
			if len(s.preemptions) > 0 && (n+s.preemptions[0].n)%step != 0 {
				continue
			}
			s.faultAt, s.fault = n, faults[(n+len(s.preemptions))%len(faults)]
			explore(s)
			if depth == 0 || len(s.preemptions) == 0 {
				for _, s.fault = range faults {
					explore(s)
				}
			}
		}
	}
}

// eachScheduleAndFault runs every schedule with at most one preemption, and those
// without any also with an operation that goes wrong.
func eachScheduleAndFault(t *testing.T, explore func(testing.TB, schedule) (*turns, error)) {
	t.Helper()
	depth := 1
	if testing.Short() {
		depth = 0
	}
	faults := []buckettest.Fault{buckettest.Unacked, buckettest.Delayed, buckettest.DieAfter}
	eachSchedule(t, explore, depth, func(s schedule, run func(schedule) *turns) {
		clean := run(s)
		for n := range clean.trace {
			if len(s.preemptions) == 0 {
				s.faultAt, s.fault = n, faults[(n+s.first)%len(faults)]
				run(s)
			}
		}
	})
}

// eachSchedule visits the schedules with at most depth preemptions of three
// actors, some at a time.
func eachSchedule(t *testing.T, explore func(testing.TB, schedule) (*turns, error), depth int, visit func(schedule, func(schedule) *turns)) {
	t.Helper()
	var mu sync.Mutex
	count := 0
	run := func(s schedule) *turns {
		ran, err := explore(t, s)
		mu.Lock()
		defer mu.Unlock()
		count++
		if err != nil && !t.Failed() {
			t.Errorf("%v\nschedule: %v\norder: %v", err, s, ran.trace)
		}
		return ran
	}
	var level []schedule
	for first := range 3 {
		level = append(level, schedule{first: first, faultAt: -1})
	}
	for d := 0; d <= depth && !t.Failed(); d++ {
		var next []schedule
		forEach(level, func(s schedule) {
			if t.Failed() {
				return
			}
			visit(s, run)
			if d < depth {
				ran, _ := explore(t, s)
				mu.Lock()
				next = append(next, s.children(ran)...)
				mu.Unlock()
			}
		})
		level = next
	}
	t.Logf("%d schedules", count)
}

// forEach calls f for every schedule, on all processors.
func forEach(all []schedule, f func(schedule)) {
	var group sync.WaitGroup
	work := make(chan schedule)
	for range 4 {
		group.Go(func() {
			for s := range work {
				f(s)
			}
		})
	}
	for _, s := range all {
		work <- s
	}
	close(work)
	group.Wait()
}
