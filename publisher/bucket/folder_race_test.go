package bucket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

const (
	racerEnv   = "PORTOLAN_TEST_RACER" // the folder to race in
	racerIDEnv = "PORTOLAN_TEST_RACER_ID"
	raceKeys   = 2000
	raceHeads  = 300 // successful replacements of one object, by each process
)

func raceKey(i int) string { return fmt.Sprintf("charts/%d/file-%d", i%10, i) }

// raceContent is as long as its first line says and all made of that line.
func raceContent(id string, i int) []byte {
	line := fmt.Sprintf("%s %d\n", id, i)
	return []byte(strings.Repeat(line, 300+i%700))
}

// racerMain is one process of TestProcessesRace. It prints the keys it won.
func racerMain(dir string) int {
	id := os.Getenv(racerIDEnv)
	s, err := bucket.Open(context.Background(), dir)
	if err == nil {
		err = raceCreate(s, id)
	}
	if err == nil {
		err = raceReplace(s, id)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func raceCreate(s bucket.Store, id string) error {
	for i := range raceKeys {
		err := s.Create(context.Background(), bucket.Object{
			Key: raceKey(i), Body: bucket.Bytes(raceContent(id, i)), Deferred: i%2 == 0,
		})
		switch {
		case err == nil:
			fmt.Println(i)
		case !errors.Is(err, bucket.ErrConflict):
			return err
		}
	}
	return nil
}

// raceReplace counts, in one object, what all processes add to it: a lost
// update makes the sum too small.
func raceReplace(s bucket.Store, id string) error {
	ctx := context.Background()
	err := s.Create(ctx, bucket.Object{Key: "count", Body: bucket.Bytes([]byte("0"))})
	if err != nil && !errors.Is(err, bucket.ErrConflict) {
		return err
	}
	for won := 0; won < raceHeads; {
		b, e, err := bucket.ReadAll(ctx, s, "count", 100)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(strings.Fields(string(b))[0])
		if err != nil {
			return err
		}
		next := fmt.Sprintf("%d by %s, its %d", n+1, id, won)
		err = s.Replace(ctx, bucket.Object{Key: "count", Body: bucket.Bytes([]byte(next))}, e.Token)
		switch {
		case err == nil:
			won++
		case !errors.Is(err, bucket.ErrConflict):
			return err
		}
	}
	return nil
}

// TestProcessesRace has two processes create the same 2,000 keys with
// different bytes, while this one reads them.
func TestProcessesRace(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := t.TempDir()
	ids := []string{"left", "right"}
	out := make([]bytes.Buffer, len(ids))
	var cmds []*exec.Cmd
	for i, id := range ids {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), racerEnv+"="+dir, racerIDEnv+"="+id)
		cmd.Stdout, cmd.Stderr = &out[i], os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		cmds = append(cmds, cmd)
	}
	s := openStore(t, dir)
	stop, reader := make(chan struct{}), make(chan int)
	go func() { reader <- readRace(t, s, stop) }()
	for _, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	t.Logf("%d files read whole during the race", <-reader)

	winner := map[string]string{}
	for i, id := range ids {
		won := strings.Fields(out[i].String())
		t.Logf("%s won %d", id, len(won))
		for _, n := range won {
			if winner[n] != "" {
				t.Errorf("both won %s", n)
			}
			winner[n] = id
		}
	}
	for i := range raceKeys {
		want := raceContent(winner[strconv.Itoa(i)], i)
		got, _, err := bucket.ReadAll(t.Context(), s, raceKey(i), 1<<20)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v, %d bytes %.20q, want %d bytes %.20q", raceKey(i), err, len(got), got, len(want), want)
		}
	}
	count, _, err := bucket.ReadAll(t.Context(), s, "count", 100)
	if want := fmt.Sprint(len(ids) * raceHeads); err != nil || strings.Fields(string(count))[0] != want {
		t.Errorf("count is %q (%v), want %s: an update was lost", count, err, want)
	}
}

// readRace reads all there is, again and again, and returns how often.
func readRace(t *testing.T, s bucket.Store, stop <-chan struct{}) (n int) {
	for {
		for e, err := range s.List(t.Context(), "charts", bucket.Descendants) {
			select {
			case <-stop:
				return n
			default:
			}
			if err != nil {
				t.Error(err)
				return n
			}
			b, got, err := bucket.ReadAll(t.Context(), s, e.Key, 1<<20)
			if err != nil || got.Token != e.Token {
				t.Errorf("%s: %v; token %q became %q", e.Key, err, e.Token, got.Token)
				return n
			}
			id, rest, _ := strings.Cut(string(b[:bytes.IndexByte(b, '\n')]), " ")
			if i, err := strconv.Atoi(rest); err != nil || !bytes.Equal(b, raceContent(id, i)) {
				t.Errorf("%s: torn: %d bytes %.20q", e.Key, len(b), b)
			}
			n++
		}
		select {
		case <-stop:
			return n
		default:
		}
	}
}
