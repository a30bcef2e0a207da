package action_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/action"
)

var digest = strings.Repeat("0a", 32)

// TestParse: what is complete and says nothing else is taken; all else is refused with
// words that name what is wrong.
func TestParse(t *testing.T) {
	versions := fmt.Sprintf(`"versions":[{"chart":"alpha","version":"1.0.0","digest":"%s"}]`, digest)
	for _, tt := range []struct{ request, want string }{
		{`{"kind":"yank","reason":"broken",` + versions + `}`, ""},
		{`{"kind":"restore",` + versions + `}`, ""},
		{`{"kind":"deprecate","chart":"alpha"}`, ""},
		{`{"kind":"deprecate","chart":"alpha","reason":"use beta","successor":"beta"}`, ""},
		{`{"kind":"undeprecate","chart":"alpha"}`, ""},
		{`{"kind":"promote","from":"dev",` + versions + `}`, ""},
		{`{"kind":"rollback","generation":7,"requester":{"user":"ann"},"requestID":"r"}`, ""},

		{`{"kind":"yank",` + versions + `}`, `needs "reason"`},
		{`{"kind":"yank","reason":"broken"}`, `needs "versions"`},
		{`{"kind":"restore","reason":"fine",` + versions + `}`, `takes no "reason"`},
		{`{"kind":"rollback","generation":7,"chart":"alpha"}`, `takes no "chart"`},
		{`{"kind":"rollback","generation":-7}`, `-7 is not a generation`},
		{`{"kind":"takedown","reason":"secret",` + versions + `}`, `"takedown" is not an action that can be asked for`},
		{`{"kind":"free",` + versions + `}`, `"free" is not`},
		{`{}`, `"" is not an action`},
		{`{"kind":"undeprecate","chart":"alpha","force":true}`, `unknown field "force"`},
		{`{"kind":"undeprecate","chart":"alpha"}{}`, `something follows it`},
		{`[]`, `not an action: it must be an object, in { and }`},
		{`{"kind":"rollback","generation":"7"}`, `not an action: "generation" must be a whole number`},
		{`{"kind":"rollback","generation":7.5}`, `"generation" must be a whole number`},
		{`{"kind":7}`, `"kind" must be text`},
		{`{"kind":"restore","versions":"1.0.0"}`, `"versions" must be a list`},
		{`{"kind":"restore","versions":["1.0.0"]}`, `"versions" must be an object, in { and }`},
		{`{"kind":"restore","versions":[{"chart":"alpha","version":1.0}]}`, `"versions.version" must be text`},
		{`{"kind":"yank","reason":5,` + versions + `}`, `"reason" must be text`},
		{``, `not an action: the file is empty`},
		{`{"kind":"rollback"`, `not an action: unexpected EOF`},
		{`{"kind":"restore","versions":[{"chart":"alpha","version":"1.0.0","digest":"ab"}]}`, `digest "ab" of alpha 1.0.0`},
		{`{"kind":"restore","versions":[{"chart":"alpha","digest":"` + digest + `"}]}`, `no chart, or no number`},
		{`{"kind":"restore",` + strings.Replace(versions, "}]", "},{"+versions[len(`"versions":[{`):], 1) + `}`, `alpha 1.0.0 twice`},
		{`{"kind":"promote","from":"` + strings.Repeat("d", 256) + `",` + versions + `}`, `something with 256 bytes; 255 are allowed`},
		{`{"kind":"restore",` + strings.Replace(versions, "1.0.0", strings.Repeat("1", 256), 1) + `}`, `something with 256 bytes`},
		{`{"kind":"undeprecate","chart":"` + strings.Repeat("a", 256) + `"}`, `something with 256 bytes`},
		{`{"kind":"yank","reason":"two\nlines",` + versions + `}`, `the text has a line break`},
		{`{"kind":"yank","reason":"two\twords",` + versions + `}`, `the text has a tab`},
		{`{"kind":"yank","reason":"a \u202e b",` + versions + `}`, `the character U+202E after 2 others, which cannot be printed`},
		{`{"kind":"yank","reason":" broken",` + versions + `}`, `begins or ends with a space`},
		{`{"kind":"yank","reason":"` + strings.Repeat("é", 251) + `",` + versions + `}`, `502 bytes; 500 are allowed`},
	} {
		_, err := action.Parse([]byte(tt.request))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want %q", tt.request, err, tt.want)
		}
	}
}

// TestTooManyVersions: an action that names too many versions says to divide it.
func TestTooManyVersions(t *testing.T) {
	r := action.Request{Kind: action.Restore}
	for i := range action.MaxVersions + 1 {
		r.Versions = append(r.Versions, action.Pin{Chart: "alpha", Version: fmt.Sprint(i), Digest: digest})
	}
	if err := r.Check(); err == nil || !strings.Contains(err.Error(), "divide it") {
		t.Errorf("got %v", err)
	}
	r.Versions = r.Versions[1:]
	b, err := json.Marshal(r)
	if err != nil || r.Check() != nil || len(b) > action.MaxRequest {
		t.Errorf("as many as are allowed have %d bytes, %v, %v", len(b), r.Check(), err)
	}
}

// TestState: edits do what they say, the result does not depend on their order where that
// says nothing, and it survives being stored.
func TestState(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	yanked := func(chart, version, reason string) action.Yanked {
		return action.Yanked{Chart: chart, Version: version, Reason: reason, Time: at, Action: "a"}
	}
	var none *action.State
	c := none.Begin()
	c.Yank(yanked("beta", "1.0.0", "first"))
	c.Yank(yanked("alpha", "2.0.0", "bad"))
	c.Yank(yanked("alpha", "1.0.0", "bad"))
	c.Yank(yanked("beta", "1.0.0", "second"))
	c.Deprecate(action.Deprecation{Chart: "beta", Time: at, Own: []string{"1.0.0"}})
	c.Owns("beta", "2.0.0", true)
	c.Owns("beta", "1.0.0", false)
	c.Owns("gamma", "1.0.0", true)
	c.Deprecate(action.Deprecation{Chart: "beta", Message: "again", Time: at})
	c.Bury(action.Tombstone{Chart: "alpha", Version: "2.0.0", Digest: digest, Fingerprint: "f", Kind: action.TakeDown, Time: at})
	c.Bury(action.Tombstone{Chart: "alpha", Version: "2.0.0", Digest: digest, Kind: action.Free, Time: at.Add(1)})
	s := c.State()
	want := &action.State{
		Yanked:     []action.Yanked{yanked("alpha", "1.0.0", "bad"), yanked("beta", "1.0.0", "first")},
		Deprecated: []action.Deprecation{{Chart: "beta", Message: "again", Time: at, Own: []string{"2.0.0"}}},
		Gone:       []action.Tombstone{{Chart: "alpha", Version: "2.0.0", Digest: digest, Fingerprint: "f", Kind: action.TakeDown, Time: at}},
	}
	if !reflect.DeepEqual(s, want) {
		t.Fatalf("got %+v, want %+v", s, want)
	}
	b, err := s.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := action.ParseState(b); err != nil || !reflect.DeepEqual(again, s) {
		t.Errorf("stored as %s, read as %+v, %v", b, again, err)
	}

	c = s.Begin()
	c.Restore("alpha", "1.0.0")
	c.Undeprecate("beta")
	if next := c.State(); len(next.Yanked) != 1 || next.Deprecated != nil || len(next.Gone) != 1 || len(s.Yanked) != 2 || len(s.Deprecated) != 1 {
		t.Errorf("a change made %+v of %+v", next, s)
	}
}

// TestFind: a state finds what it has, and a channel without one has nothing.
func TestFind(t *testing.T) {
	s := &action.State{
		Yanked:     []action.Yanked{{Chart: "alpha", Version: "1.0.0"}, {Chart: "alpha", Version: "1.0.0-rc"}, {Chart: "alphabet", Version: "1.0.0"}},
		Deprecated: []action.Deprecation{{Chart: "alpha"}},
		Gone: []action.Tombstone{
			{Chart: "alpha", Version: "2.0.0", Digest: "d", Fingerprint: "f", Time: time.Unix(1, 0)},
			{Chart: "alpha", Version: "2.0.0", Digest: "e", Time: time.Unix(2, 0)},
		},
	}
	if got := s.YankedOf("alpha"); len(got) != 2 || !got["1.0.0"] || !got["1.0.0-rc"] {
		t.Errorf("yanked of alpha: %v", got)
	}
	for _, tt := range []struct {
		state *action.State
		want  bool
	}{{s, true}, {nil, false}, {&action.State{}, false}} {
		_, yanked := tt.state.FindYanked("alphabet", "1.0.0")
		_, deprecated := tt.state.FindDeprecated("alpha")
		_, byDigest := tt.state.FindGone("d", "")
		_, byFingerprint := tt.state.FindGone("x", "f")
		newest, version := tt.state.FindGoneVersion("alpha", "2.0.0")
		for what, got := range map[string]bool{
			"yanked": yanked, "deprecated": deprecated, "digest": byDigest, "fingerprint": byFingerprint,
			"version": version, "newest": newest.Digest == "e",
		} {
			if got != tt.want {
				t.Errorf("%+v: %s: %t", tt.state, what, got)
			}
		}
	}
	if first, ok := s.FindGone("e", "f"); !ok || first.Digest != "d" {
		t.Errorf("of two tombstones, it finds %+v, %t", first, ok)
	}
	if _, ok := s.FindGone("", ""); ok {
		t.Error("content that is not known is gone")
	}
	if _, ok := s.FindYanked("alpha", "3.0.0"); ok {
		t.Error("a version is yanked that is not")
	}
}
