package auth

import (
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// world is an auth file in a temporary folder, an authoriser that reads it, and a
// clock that the test moves.
type world struct {
	t   *testing.T
	dir string
	a   *Authoriser
	log *testenv.Log

	mu    sync.Mutex
	clock time.Time
}

// newWorld opens an auth.yaml with the text files[0]. If there is a files[1], it is
// the text of the htpasswd file beside it.
func newWorld(t *testing.T, files ...string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	for i, name := range []string{"auth.yaml", "htpasswd"}[:len(files)] {
		w.write(name, files[i])
	}
	return openWorld(t, w.dir)
}

// openWorld opens the auth.yaml of a folder.
func openWorld(t *testing.T, dir string) *world {
	t.Helper()
	w := &world{t: t, dir: dir, log: &testenv.Log{}, clock: time.Now()}
	a, err := Open(filepath.Join(w.dir, "auth.yaml"), slog.New(slog.NewTextHandler(w.log, nil)), nil)
	if err != nil {
		t.Fatal(err)
	}
	a.now = w.now
	w.a = a
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// write replaces a file by a new one, as an editor would.
func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		w.t.Fatal(err)
	}
}

// request returns a request from 192.0.2.1 with these Authorization headers.
func request(t testing.TB, headers ...string) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/", nil)
	for _, h := range headers {
		r.Header.Add("Authorization", h)
	}
	return r
}

func basic(user, password string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}

// hashed returns an htpasswd file from pairs of user and password.
func hashed(t testing.TB, pairs ...string) string {
	t.Helper()
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		hash, err := bcrypt.GenerateFromPassword([]byte(pairs[i+1]), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(pairs[i] + ":" + string(hash) + "\n")
	}
	return b.String()
}

// foreign is a token that portolan did not make, such as a deploy token.
const foreign = "gldt-3_Hq9XyTnW7bRkLzPd2v"

func TestIdentify(t *testing.T) {
	good, old, unknown := MakeToken(), MakeToken(), MakeToken()
	broken := good[:10] + strings.Map(func(r rune) rune {
		if r == 'x' {
			return 'y'
		}
		return 'x'
	}, good[10:11]) + good[11:]
	w := newWorld(t, strings.NewReplacer("GOOD", HashToken(good), "OLD", HashToken(old), "FOREIGN", HashToken(foreign)).Replace(`
tokens:
  - {id: ci, hash: "GOOD", scopes: ["write:team/**"], charts: ["web-*"], notAfter: 2999-01-01T00:00:00Z}
  - {id: old, hash: "OLD", scopes: ["write:**"], notAfter: 2020-01-01T00:00:00Z}
  - {id: deploy, hash: "FOREIGN", scopes: ["read:**"]}
htpasswd: htpasswd
users:
  - {name: alice, scopes: ["write:**"]}
anonymous: ["read:public"]
`), hashed(t, "alice", "correct horse", "bob", "no scopes"))
	long := strings.Repeat("x", 73)
	for name, c := range map[string]struct {
		headers []string
		want    string // what the identity is called; "" if the credentials are refused
		told    map[string]string
	}{
		"nothing":                        {nil, "anonymous", map[string]string{}},
		"bearer":                         {[]string{"Bearer " + good}, "token ci", map[string]string{"token": "ci"}},
		"bearer, lower case":             {[]string{"bearer  " + good + " "}, "token ci", map[string]string{"token": "ci"}},
		"basic with a token":             {[]string{basic("gitlab-ci-token", good)}, "token ci", map[string]string{"token": "ci", "as": "gitlab-ci-token"}},
		"basic with a token, no name":    {[]string{basic("", good)}, "token ci", map[string]string{"token": "ci"}},
		"basic with a token twice":       {[]string{basic(foreign, foreign)}, "token deploy", map[string]string{"token": "deploy"}},
		"a token as the name":            {[]string{basic(good, foreign)}, "token deploy", map[string]string{"token": "deploy"}},
		"a name with control characters": {[]string{basic("a\nb", foreign)}, "token deploy", map[string]string{"token": "deploy"}},
		"a long name":                    {[]string{basic(strings.Repeat("a b ", 26), foreign)}, "token deploy", map[string]string{"token": "deploy"}},
		"an address as the name":         {[]string{basic("ci.team-a+helm@example.com", foreign)}, "token deploy", map[string]string{"token": "deploy", "as": "ci.team-a+helm@example.com"}},
		"a foreign token as bearer":      {[]string{"Bearer " + foreign}, "token deploy", map[string]string{"token": "deploy"}},
		"a user's name with a token":     {[]string{basic("alice", foreign)}, "token deploy", map[string]string{"token": "deploy", "as": "alice"}},
		"user":                           {[]string{basic("alice", "correct horse")}, "user alice", map[string]string{"user": "alice"}},
		"user without scopes":            {[]string{basic("bob", "no scopes")}, "user bob", map[string]string{"user": "bob"}},
		"bearer, expired":                {[]string{"Bearer " + old}, "", nil},
		"basic, expired":                 {[]string{basic("x", old)}, "", nil},
		"bearer, unknown":                {[]string{"Bearer " + unknown}, "", nil},
		"basic, unknown":                 {[]string{basic("alice", unknown)}, "", nil},
		"bearer, mistyped":               {[]string{"Bearer " + broken}, "", nil},
		"basic, mistyped":                {[]string{basic("x", broken)}, "", nil},
		"bearer, cut off":                {[]string{"Bearer " + good[:40]}, "", nil},
		"bearer with a password":         {[]string{"Bearer correct horse"}, "", nil},
		"bearer with user and password":  {[]string{"Bearer alice:correct horse"}, "", nil},
		"bearer with a hash":             {[]string{"Bearer " + HashToken(good)}, "", nil},
		"bearer without a token":         {[]string{"Bearer "}, "", nil},
		"bearer alone":                   {[]string{"Bearer"}, "", nil},
		"wrong password":                 {[]string{basic("alice", "Correct horse")}, "", nil},
		"another's password":             {[]string{basic("bob", "correct horse")}, "", nil},
		"another name":                   {[]string{basic("Alice", "correct horse")}, "", nil},
		"unknown user":                   {[]string{basic("carol", "correct horse")}, "", nil},
		"no user":                        {[]string{basic("", "correct horse")}, "", nil},
		"no password":                    {[]string{basic("alice", "")}, "", nil},
		"a long password":                {[]string{basic("alice", long)}, "", nil},
		"no base64":                      {[]string{"Basic alice:correct horse"}, "", nil},
		"no colon":                       {[]string{"Basic YWxpY2U="}, "", nil},
		"empty":                          {[]string{""}, "", nil},
		"another scheme":                 {[]string{"Digest username=alice"}, "", nil},
		"a token alone":                  {[]string{good}, "", nil},
		"twice":                          {[]string{"Bearer " + good, "Bearer " + good}, "", nil},
		"good after bad":                 {[]string{"", "Bearer " + good}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w.pass(time.Minute) // the failures of others are forgiven
			id, err := w.a.Identify(request(t, c.headers...))
			if c.want == "" {
				if !errors.Is(err, ErrCredentials) || id != nil {
					t.Fatalf("got %v and error %v, want ErrCredentials", id, err)
				}
				return
			}
			if err != nil || id.String() != c.want || id.Anonymous() != (c.want == "anonymous") || !maps.Equal(id.Uploader(), c.told) {
				t.Errorf("got %v, error %v; want %s and %v", id, err, c.want, c.told)
			}
		})
	}
}

func TestAnyone(t *testing.T) {
	for _, header := range []string{"", "Bearer x", basic("alice", "x"), "nonsense"} {
		id, err := Anyone().Identify(request(t, header))
		if err != nil || !id.Anonymous() || !id.May(Force, "") || !id.MayChart(Write, "a/b", "c") || !id.May(Rollback, "a") || len(id.Uploader()) > 0 {
			t.Errorf("%s: got %v, error %v; want somebody who may do everything", header, id, err)
		}
	}
}

func TestMay(t *testing.T) {
	id := &Identity{grants: []grant{
		{scopes: []scope{{Read, "**"}, {Write, "team-a/**"}, {Force, "team-a/dev"}}, charts: []string{"team-a-*"}},
		{scopes: []scope{{Write, "*/shared"}, {Force, "x/**"}}},
		{scopes: []scope{{Yank, "team-b"}, {Promote, "team-b"}}, charts: []string{"web"}},
	}}
	for _, c := range []struct {
		action         Action
		channel, chart string
		may, mayChart  bool
	}{
		{Read, "stable", "web", true, true},
		{Read, "", "web", true, true},
		{Write, "", "team-a-web", false, false},
		{Write, "stable", "team-a-web", false, false},
		{Write, "team-a", "team-a-web", true, true},
		{Write, "team-a/dev", "team-a-web", true, true},
		{Write, "team-a/x/y", "team-a-web", true, true},
		{Write, "team-a/dev", "web", true, false},
		{Write, "team-ab", "team-a-web", false, false},
		{Write, "b/shared", "anything", true, true},
		{Write, "team-a/shared", "anything", true, true}, // by the second grant
		{Write, "b/c/shared", "anything", false, false},
		{Force, "team-a/dev", "team-a-web", true, true},
		{Force, "team-a/dev", "web", true, false},
		{Force, "team-a/prod", "team-a-web", false, false},
		{Write, "x/y", "web", false, false}, // force alone
		{Yank, "team-b", "web", true, true},
		{Yank, "team-b", "team-a-web", true, false},
		{Promote, "team-b", "team-a-web", true, false},
		{Rollback, "team-b", "web", false, false},
		{Yank, "b/shared", "anything", false, false}, // write alone
		{Action("delete"), "team-a", "team-a-web", false, false},
	} {
		if got := id.May(c.action, c.channel); got != c.may {
			t.Errorf("%s in %q: got %v", c.action, c.channel, got)
		}
		if got := id.MayChart(c.action, c.channel, c.chart); got != c.mayChart {
			t.Errorf("%s of %s in %q: got %v", c.action, c.chart, c.channel, got)
		}
	}
}
