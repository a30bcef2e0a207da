package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// part is one or more rows that are measured together.
type part struct {
	name    string
	share   time.Duration // of the time for all parts
	rounds  int           // at most
	prepare func(*bench, context.Context, *series) (*trial, error)
}

// trial is a part whose data is there. A round runs each program once, right after
// the one that it is compared with, so that both have the same machine. Rounds are
// repeated while there is time; the rows show medians of them.
type trial struct {
	round func(context.Context) error
	rows  func() []row
}

// measure measures the parts, and returns their rows in the same order. It begins with
// those that take longest. The others share the time that is left then, so that the
// whole takes about as long as it may.
func (b *bench) measure(ctx context.Context, parts []part, end time.Time) ([]row, error) {
	order := make([]int, len(parts))
	var shares time.Duration
	for i, p := range parts {
		order[i] = i
		shares += p.share
	}
	slices.SortStableFunc(order, func(i, j int) int { return int(parts[j].share - parts[i].share) })
	rows := make([][]row, len(parts))
	var err error
	for _, i := range order {
		p := parts[i]
		share := float64(p.share) / float64(shares) * float64(time.Until(end))
		if rows[i], err = b.measurePart(ctx, p, time.Now().Add(time.Duration(share))); err != nil {
			err = fmt.Errorf("%s: %w", p.name, err)
			break
		}
		shares -= p.share
	}
	return slices.Concat(rows...), err
}

// measurePart measures as many rounds as fit in before a time, but at least one.
func (b *bench) measurePart(ctx context.Context, p part, until time.Time) ([]row, error) {
	begin := time.Now()
	s := &series{folder: filepath.Join(b.folder, p.name), costs: map[string][]cost{}}
	if err := os.Mkdir(s.folder, 0o777); err != nil {
		return nil, err
	}
	t, err := p.prepare(b, ctx, s)
	if err != nil {
		return nil, err
	}
	prepared := time.Now()
	rounds := 0
	for more := true; more; {
		started := time.Now()
		if err := t.round(ctx); err != nil {
			return nil, err
		}
		rounds++
		more = !b.quick && rounds < p.rounds && time.Now().Add(time.Since(started)).Before(until)
	}
	rows := t.rows()
	for i := range rows {
		rows[i].rounds = rounds
	}
	say("%s: %d rounds; %v to prepare, %v to measure", p.name, rounds,
		prepared.Sub(begin).Round(time.Second), time.Since(prepared).Round(time.Second))
	return rows, nil
}

// series are the costs of each program in a part, one a round.
type series struct {
	folder string // of the part
	costs  map[string][]cost
}

// fresh returns a new folder. It stays until all is measured: some file systems make files
// more slowly for minutes after many were removed.
func (s *series) fresh() (string, error) { return os.MkdirTemp(s.folder, "*") }

// add adds what a program has cost in this round.
func (s *series) add(program string, of cost) { s.costs[program] = append(s.costs[program], of) }

// run runs a program, and adds its cost.
func (s *series) run(ctx context.Context, program string, c *command) error {
	of, err := c.run(ctx)
	if err == nil {
		s.add(program, of)
	}
	return err
}

func (s *series) median(program string) cost {
	all := s.costs[program]
	return cost{Wall: middle(all, wall), CPU: middle(all, cpu), Peak: middle(all, func(c cost) int64 { return c.Peak })}
}

// ratio returns the median of what a program costs in each round, divided by what
// another costs in the same.
func (s *series) ratio(program, peer string, of func(cost) time.Duration) float64 {
	ours, theirs := s.costs[program], s.costs[peer]
	var each []float64
	for i := range ours {
		each = append(each, float64(of(ours[i]))/float64(of(theirs[i])))
	}
	return middle(each, func(f float64) float64 { return f })
}

func middle[T any, V int64 | float64 | time.Duration](all []T, of func(T) V) V {
	values := make([]V, len(all))
	for i, t := range all {
		values[i] = of(t)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
