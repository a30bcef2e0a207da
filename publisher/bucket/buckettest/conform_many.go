package buckettest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// testDeleteAll removes more objects than one request can, those that do not exist and
// those with odd names among them.
func testDeleteAll(t *testing.T, s bucket.Store) {
	ctx := t.Context()
	keys := []string{"some/absent", "some/charts/a/1.0.0+b/x.tgz", "some/a b&c<d>/é.tgz", "some/100%25.tgz", "some/twice", "some/twice"}
	for i := range bucket.MaxMany + 10 {
		keys = append(keys, fmt.Sprintf("some/%d/deferred", i))
	}
	must(t, s.Create(ctx, object("some/kept", "1")))
	must(t, s.Create(ctx, object("somewhere", "1")))
	for i, key := range slices.Concat(keys[1:20], keys[len(keys)-10:]) {
		o := object(key, "1")
		o.Deferred = i > 10
		must(t, s.Create(ctx, o))
	}
	for i, err := range bucket.DeleteAll(ctx, s, 4, keys) {
		if err != nil {
			t.Errorf("%s: %v", keys[i], err)
		}
	}
	var left []string
	for e, err := range s.List(ctx, "", bucket.Descendants) {
		must(t, err)
		left = append(left, e.Key)
	}
	if slices.Sort(left); !slices.Equal(left, []string{"some/kept", "somewhere"}) {
		t.Errorf("what is left: %q", left)
	}
	if errs := bucket.DeleteAll(ctx, s, 4, []string{"some/../kept", "some/kept"}); errs[0] == nil || errs[1] != nil {
		t.Errorf("an invalid key and a valid one: %v", errors.Join(errs...))
	}
}

// testWriteAll writes objects of every kind together: what is new, what is there already,
// what has changed, and what is gone.
func testWriteAll(t *testing.T, s bucket.Store) {
	ctx := t.Context()
	must(t, s.Create(ctx, deferred("some/before", "1")))
	for _, key := range []string{"some/old", "some/same", "some/other", "some/lost", "some/changed", "some/repeated"} {
		must(t, s.Create(ctx, object(key, "1")))
	}
	tokens := map[string]string{}
	for e, err := range s.List(ctx, "some", bucket.Descendants) {
		must(t, err)
		tokens[e.Key] = e.Token
	}
	must(t, s.Replace(ctx, object("some/changed", "theirs"), tokens["some/changed"]))
	must(t, s.Replace(ctx, object("some/repeated", "2"), tokens["some/repeated"]))
	must(t, s.Delete(ctx, "some/lost", ""))

	var writes []bucket.Write
	wants, conflicts := map[string]string{}, map[int]bool{}
	write := func(o bucket.Object, token, want string) {
		conflicts[len(writes)] = want != "2"
		writes = append(writes, bucket.Write{Object: o, Token: token})
		wants[o.Key] = want
	}
	write(object("some/new/charts/a+b", "2"), "", "2")
	write(object("some/new/x", "2"), "", "2")
	write(deferred("some/deferred", "2"), "", "2")
	write(object("some/old", "2"), tokens["some/old"], "2")
	write(object("some/same", "1"), "", "1")
	conflicts[len(writes)-1] = false
	write(object("some/other", "2"), "", "1")
	write(object("some/lost", "2"), tokens["some/old"], "")
	write(object("some/changed", "2"), tokens["some/changed"], "theirs")
	write(object("some/repeated", "2"), tokens["some/repeated"], "2")
	from := object("some/linked", "2")
	from.From = "some/before"
	from.Body = bucket.Bytes([]byte("1"))
	write(from, "", "1")
	conflicts[len(writes)-1] = false
	for i, err := range bucket.WriteAll(ctx, s, 4, writes) {
		if conflicts[i] {
			wantErr(t, err, bucket.ErrConflict, writes[i].Key)
		} else {
			must(t, err)
		}
	}
	for key, want := range wants {
		if want == "" {
			wantAbsent(t, s, key)
		} else {
			wantBytes(t, bucket.Fresh(s), key, want)
		}
	}
	wantBytes(t, bucket.Fresh(s), "some/before", "1")
	if errs := bucket.WriteAll(ctx, s, 4, nil); len(errs) > 0 {
		t.Errorf("nothing was to be written: %v", errs)
	}
}

// testWriteAllRace has writers replace and create the same objects together: each of these
// has one winner.
func testWriteAllRace(t *testing.T, s bucket.Store) {
	const keys = 6
	for round := range 3 {
		var tokens []string
		for i := range keys {
			key := fmt.Sprintf("race/%d/%d", round, i)
			tokens = append(tokens, "")
			if i%2 == 0 {
				must(t, s.Create(t.Context(), object(key, "start")))
				tokens[i] = entry(t, s, key).Token
			}
		}
		results := make([][]error, racers)
		race(func(by int) error {
			var writes []bucket.Write
			for i, token := range tokens {
				writes = append(writes, bucket.Write{Object: object(fmt.Sprintf("race/%d/%d", round, i), fmt.Sprintf("by %d", by)), Token: token})
			}
			results[by] = bucket.WriteAll(t.Context(), s, 4, writes)
			return nil
		})
		for i := range keys {
			errs := make([]error, racers)
			for by := range errs {
				errs[by] = results[by][i]
			}
			wantBytes(t, s, fmt.Sprintf("race/%d/%d", round, i), fmt.Sprintf("by %d", oneWinner(t, errs)))
		}
	}
}

// testWriteAllFails: what fails for another reason than a conflict fails all that is not
// written, and nothing of it is there.
func testWriteAllFails(t *testing.T, s bucket.Store) {
	failure := errors.New("the source broke")
	writes := []bucket.Write{{Object: object("a/1", "1")}, {Object: object("a/2", "1")}, {Object: object("a/3", "1")}}
	writes[1].Body = func(io.Writer) error { return failure }
	for i, err := range bucket.WriteAll(t.Context(), s, 1, writes) {
		if err == nil {
			wantBytes(t, s, writes[i].Key, "1")
		} else {
			wantErr(t, err, failure, "a/2")
		}
	}
	wantAbsent(t, s, "a/2")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range bucket.WriteAll(ctx, s, 4, []bucket.Write{{Object: object("b/1", "1")}, {Object: object("b/2", "1")}}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v after it was canceled", err)
		}
	}
	wantAbsent(t, s, "b/1")
	for _, err := range bucket.WriteAll(t.Context(), s, 4, []bucket.Write{{Object: object("b/../1", "1")}, {Object: object("b/./2", "1")}}) {
		if err == nil {
			t.Error("wrote under an invalid key")
		}
	}
}
