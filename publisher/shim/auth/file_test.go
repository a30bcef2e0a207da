package auth

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	hash1 = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	hash2 = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	// bcryptHash is of some password, at cost 4.
	bcryptHash = "$2y$04$abcdefghijklmnopqrstuu5sYp9ZwC1xZ9F3vVgDdhpZ4H1tqGbeC"
)

// Every mistake in an auth file is reported with the file, the line and the fix.
func TestFileErrors(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string // a part of the error
	}{
		"empty":                {"", "auth.yaml: is empty; it must hold tokens, users, oidc, gitlab or anonymous"},
		"comments only":        {"# nothing\n", "is empty"},
		"null":                 {"null\n", "auth.yaml:1: must be a mapping of keys to values"},
		"no mapping":           {"- tokens\n", "auth.yaml:1: must be a mapping of keys to values"},
		"no YAML":              {"tokens: [\n", "auth.yaml:1: did not find"},
		"bad second":           {"tokens: []\n---\n]\n", "auth.yaml:2: did not find"},
		"two documents":        {"tokens: []\n---\ntokens: []\n", "auth.yaml:2: a second YAML document begins here; there may be only one"},
		"unknown key":          {"tokens: []\ntoken: []\n", `auth.yaml:2: unknown key; did you mean "tokens"?`},
		"merge key":            {"tokens:\n- &a {id: x, hash: " + hash1 + ", scopes: [read:a]}\n- {<<: *a, id: y}\n", ":3: tokens[1]: unknown key; the keys are id, hash, scopes, charts, notAfter"},
		"key twice":            {"tokens: []\ntokens: []\n", `auth.yaml:2: key "tokens" occurs twice`},
		"no list":              {"tokens: {}\n", "auth.yaml:1: tokens: must be a list"},
		"no value":             {"tokens:\n", "auth.yaml:1: tokens: has no value; give it one, or remove the key"},
		"no token":             {"tokens: [x]\n", "auth.yaml:1: tokens[0]: must be a mapping"},
		"no id":                {"tokens:\n- hash: " + hash1 + "\n  scopes: [read:a]\n", `auth.yaml:2: tokens[0]: the key "id" is missing`},
		"no hash":              {"tokens: [{id: a, scopes: [read:a]}]\n", `tokens[0]: the key "hash" is missing`},
		"no scopes":            {"tokens: [{id: a, hash: " + hash1 + "}]\n", `tokens[0]: the key "scopes" is missing`},
		"empty scopes":         {"tokens: [{id: a, hash: " + hash1 + ", scopes: []}]\n", "tokens[0].scopes: is empty, so nothing would be allowed"},
		"scopes no list":       {"tokens: [{id: a, hash: " + hash1 + ", scopes: read:a}]\n", "tokens[0].scopes: must be a list"},
		"scope a mapping":      {"anonymous:\n- read: a\n", "auth.yaml:2: anonymous[0]: must be a single value"},
		"scope without action": {"anonymous: [stable]\n", "anonymous[0]: must be read:, write:, force:, yank:, promote: or rollback: and a pattern"},
		"scope of another":     {"anonymous: [\"delete:stable\"]\n", "must be read:, write:, force:, yank:, promote: or rollback:"},
		"rollback of charts":   {"tokens: [{id: a, hash: " + hash1 + ", scopes: [\"read:a\", \"rollback:a\"], charts: [b]}]\n", "tokens[0].scopes: has rollback:, which takes all charts of a channel back, so it cannot be limited to some"},
		"scope in capitals":    {"anonymous: [\"Read:stable\"]\n", "must be read:, write:, force:, yank:, promote: or rollback:"},
		"scope of nothing":     {"anonymous: [\"read:\"]\n", `has text after "read:" that is not a valid pattern of channels`},
		"bad pattern":          {"anonymous: [\"read:[\"]\n", `has text after "read:" that is not a valid pattern of channels`},
		"pattern with slash":   {"anonymous: [read:stable/]\n", "matches no channel"},
		"pattern from slash":   {"anonymous: [read:/stable]\n", "matches no channel"},
		"pattern with slashes": {"anonymous: [read:a//b]\n", "matches no channel"},
		"id a number":          {"tokens: [{id: 42, hash: " + hash1 + ", scopes: [read:a]}]\n", "tokens[0].id: must be text; put it in quotes"},
		"id an alias":          {"htpasswd: &h x\ntokens: [{id: *h, hash: " + hash1 + ", scopes: [read:a]}]\n", "auth.yaml:2: tokens[0].id: aliases are not supported; write the value out"},
		"id with blank":        {"tokens: [{id: a b, hash: " + hash1 + ", scopes: [read:a]}]\n", "tokens[0].id: must be 1 to 64 letters, digits, '.', '_' or '-'"},
		"id too long":          {"tokens: [{id: " + strings.Repeat("a", 65) + ", hash: " + hash1 + ", scopes: [read:a]}]\n", "tokens[0].id: must be 1 to 64"},
		"id twice":             {"tokens:\n- {id: a, hash: " + hash1 + ", scopes: [read:a]}\n- {id: a, hash: " + hash2 + ", scopes: [read:a]}\n", "auth.yaml:3: tokens[1]: has the same id as the token in line 2"},
		"hash twice":           {"tokens:\n- {id: a, hash: " + hash1 + ", scopes: [read:a]}\n- {id: b, hash: " + hash1 + ", scopes: [read:a]}\n", "auth.yaml:3: tokens[1]: has the same hash as the token in line 2"},
		"hash of other kind":   {"tokens: [{id: a, hash: \"md5:00\", scopes: [read:a]}]\n", "tokens[0].hash: must be sha256: and 64 hex digits, as 'portolan token hash' prints them"},
		"hash short":           {"tokens: [{id: a, hash: \"sha256:00\", scopes: [read:a]}]\n", "tokens[0].hash: must be sha256: and 64"},
		"charts empty":         {"tokens: [{id: a, hash: " + hash1 + ", scopes: [read:a], charts: []}]\n", "tokens[0].charts: is empty; remove the key to allow all charts"},
		"charts bad":           {"tokens: [{id: a, hash: " + hash1 + ", scopes: [read:a], charts: [\"[\"]}]\n", "tokens[0].charts[0]: is not a valid pattern of chart names"},
		"charts text":          {"tokens: [{id: a, hash: " + hash1 + ", scopes: [read:a], charts: a}]\n", "tokens[0].charts: must be a list"},
		"date alone":           {"tokens: [{id: a, hash: " + hash1 + ", scopes: [read:a], notAfter: 2027-01-01}]\n", "tokens[0].notAfter: must be a time such as 2027-01-01T00:00:00Z"},
		"no date":              {"tokens: [{id: a, hash: " + hash1 + ", scopes: [read:a], notAfter: }]\n", "tokens[0].notAfter: has no value"},
		"users alone":          {"users: [{name: a, scopes: [read:a]}]\n", "auth.yaml:1: users: have no passwords; name the file"},
		"no name":              {"htpasswd: htpasswd\nusers: [{scopes: [read:a]}]\n", `auth.yaml:2: users[0]: the key "name" is missing`},
		"name with colon":      {"htpasswd: htpasswd\nusers: [{name: \"a:b\", scopes: [read:a]}]\n", "users[0].name: must be 1 to 255 printable characters, without a colon"},
		"user twice":           {"htpasswd: htpasswd\nusers:\n- {name: a, scopes: [read:a]}\n- {name: a, scopes: [read:b]}\n", "auth.yaml:4: users[1]: repeats the user in line 3"},
		"password of a user":   {"htpasswd: htpasswd\nusers: [{name: a, password: b, scopes: [read:a]}]\n", "users[0]: unknown key; the keys are name, scopes, charts"},
		"htpasswd missing":     {"htpasswd: missing\n", "missing"},
		"htpasswd a list":      {"htpasswd: [x]\n", "htpasswd: must be a single value"},
		"too large":            {"# " + strings.Repeat("x", maxFile) + "\n", "auth.yaml: larger than 1.0 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "auth.yaml")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "htpasswd"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			a, err := Open(path, nil, nil)
			if err == nil || a != nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), path) && name != "htpasswd missing" {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// All mistakes are reported at once.
func TestFileErrorsTogether(t *testing.T) {
	_, err := parseFile([]byte("tokens:\n- {id: 1}\nanonymous: [x]\n"), "f")
	if got := strings.Count(err.Error(), "\n") + 1; got != 4 {
		t.Errorf("got %d problems, want 4:\n%v", got, err)
	}
}

func TestHtpasswdErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no colon":    {"alice\n", "htpasswd:1: must be a user name, a colon and a bcrypt hash"},
		"no name":     {"# users\n\n:" + bcryptHash + "\n", "htpasswd:3: must be a user name"},
		"plain":       {"alice:hunter2\n", `htpasswd:1: user "alice" has a hash that is not from bcrypt; make it with 'htpasswd -B'`},
		"md5":         {"a:" + bcryptHash + "\nalice:$apr1$x$y\n", `htpasswd:2: user "alice" has a hash that is not from bcrypt; make it with 'htpasswd -B'`},
		"sha":         {"alice:{SHA}fEqNCco3Yq9h5ZUglD3CZJT4lBs=\n", "not from bcrypt"},
		"crypt":       {"alice:$2x$" + bcryptHash[4:] + "\n", "not from bcrypt"},
		"cut off":     {"alice:" + bcryptHash[:50] + "\n", "not from bcrypt"},
		"more":        {"alice:" + bcryptHash + ":x\n", "not from bcrypt"},
		"costly":      {"alice:$2y$15$" + bcryptHash[7:] + "\n", "whose cost is not between 4 and 14; make it with 'htpasswd -B -C 10'"},
		"cheap":       {"alice:$2y$03$" + bcryptHash[7:] + "\n", "whose cost is not between 4 and 14"},
		"twice":       {"alice:" + bcryptHash + "\nbob:" + bcryptHash + "\nalice:" + bcryptHash + "\n", `htpasswd:3: user "alice" occurs twice, first in line 1`},
		"too large":   {strings.Repeat("#\n", maxFile/2+1), "htpasswd: larger than 1.0 MiB"},
		"unprintable": {"al\x1bice:" + bcryptHash + "\n", "htpasswd:1: must be a user name"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{"auth.yaml": "htpasswd: htpasswd\n", "htpasswd": c.text} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Open(filepath.Join(dir, "auth.yaml"), nil, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// Oddities are logged as warnings, with the file and the line.
func TestFileWarnings(t *testing.T) {
	w := newWorld(t, "htpasswd: htpasswd\nusers: [{name: carol, scopes: [read:a]}]\n", "# ours\r\nalice:"+bcryptHash+" \r\n\r\n")
	for _, want := range []string{"auth.yaml:2: user \\\"carol\\\" is not in ", "htpasswd:2: user \\\"alice\\\" has no scopes; list them under users"} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, w.log)
		}
	}
	if strings.Contains(w.log.String(), "chmod") {
		t.Errorf("a warning of files that nobody else can read:\n%s", w.log)
	}
}

func TestCostWarning(t *testing.T) {
	w := newWorld(t, "htpasswd: htpasswd\n", "alice:"+bcryptHash+"\nbob:"+bcryptHash+"\n")
	if strings.Contains(w.log.String(), "differ in cost") {
		t.Errorf("a warning of equal costs:\n%s", w.log)
	}
	w = newWorld(t, "htpasswd: htpasswd\n", "alice:"+bcryptHash+"\nbob:$2y$10$"+bcryptHash[7:]+"\n")
	if !strings.Contains(w.log.String(), "htpasswd: the hashes differ in cost") || !strings.Contains(w.log.String(), "htpasswd -B -C 10") {
		t.Errorf("no warning of different costs:\n%s", w.log)
	}
}

// An htpasswd file may be anywhere.
func TestHtpasswdPath(t *testing.T) {
	other := filepath.Join(t.TempDir(), "passwords")
	if err := os.WriteFile(other, []byte(hashed(t, "alice", "correct horse")), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, "htpasswd: '"+other+"'\nusers: [{name: alice, scopes: [read:a]}]\n")
	if id, err := w.a.Identify(request(t, basic("alice", "correct horse"))); err != nil || !id.May(Read, "a") {
		t.Errorf("got %v, error %v", id, err)
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add("tokens:\n- {id: a, hash: " + hash1 + ", scopes: [\"read:**\"], charts: [a], notAfter: 2027-01-01T00:00:00Z}\n")
	f.Add("htpasswd: x\nusers: [{name: a, scopes: [write:a]}]\nanonymous: [read:a]\n")
	f.Add("tokens: &a [*a]\n")
	f.Add("---\n...\n---\n")
	f.Add("# x\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := parseFile([]byte(text), "f")
		if err != nil {
			return
		}
		for _, token := range file.Tokens {
			if err := token.Check(); err != nil {
				t.Errorf("a file that was accepted is refused: %v", err)
			}
		}
		added, err := addedTo([]byte(text), "f", &Token{ID: "fuzz-added", Hash: hash2, Scopes: []string{"read:**"}})
		if err != nil {
			return // its id or hash may be there already
		}
		again, err := parseFile(added, "f")
		if err != nil || len(again.Tokens) != len(file.Tokens)+1 || len(again.Users) != len(file.Users) || len(again.Anonymous) != len(file.Anonymous) {
			t.Errorf("adding a token changed something else: %v\n%s", err, added)
		}
	})
}

func FuzzHtpasswd(f *testing.F) {
	f.Add("alice:" + bcryptHash + "\n#x\nbob:" + bcryptHash)
	f.Fuzz(func(t *testing.T, text string) {
		p := (&file{}).policy()
		if err := p.addUsers([]byte(text), "f", nil, "auth"); err != nil {
			return
		}
		for name, u := range p.users {
			if checkUserName(name) != nil || len(u.hash) != 60 || len(u.grants) > 0 || p.costliest == nil {
				t.Errorf("user %q was accepted", name)
			}
		}
	})
}
