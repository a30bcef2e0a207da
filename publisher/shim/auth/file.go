package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"time"
	"unicode"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
	"github.com/portolan-charts/portolan/publisher/shim/reread"
	"github.com/portolan-charts/portolan/publisher/smallfile"
)

// maxFile is the largest auth file, and the largest htpasswd file, in bytes.
const maxFile = 1 << 20

// policy is the contents of the files, ready for use.
type policy struct {
	tokens     map[digest]*Token
	users      map[string]*user // of the htpasswd file
	costliest  []byte           // the bcrypt hash with the highest cost; nil if there are no users
	anonymous  []grant
	remembered memory // of right passwords; goes with the policy, so a change forgets them
	refused    refusals
	issuers    []*issuer
	gitlab     *gitlab // nil if GitLab's own tokens are not accepted
	warnings   []string
}

// Token is the entry of a token in the auth file.
type Token struct {
	ID       string    `yaml:"id" jsonschema:"required" check:"tokenID"`
	Hash     string    `yaml:"hash" jsonschema:"required" check:"tokenHash"` // see HashToken
	Scopes   []string  `yaml:"scopes" jsonschema:"required" check:"scope"`
	Charts   []string  `yaml:"charts" check:"chartPattern"`
	NotAfter time.Time `yaml:"notAfter"` // zero if it does not expire

	grant grant
}

type user struct {
	hash   []byte
	grants []grant
}

// file is the contents of the auth file, checked, but without the htpasswd file.
type file struct {
	Tokens    tokens       `yaml:"tokens"`
	Htpasswd  string       `yaml:"htpasswd" check:"anyText"`
	Users     users        `yaml:"users"`
	Anonymous []string     `yaml:"anonymous" check:"scope"`
	Issuers   issuers      `yaml:"oidc"`
	GitLab    *gitlabEntry `yaml:"gitlab"`

	warnings []string
}

type fileUser struct {
	Name   string   `yaml:"name" jsonschema:"required" check:"userName"`
	Scopes []string `yaml:"scopes" jsonschema:"required" check:"scope"`
	Charts []string `yaml:"charts" check:"chartPattern"`

	line  int
	grant grant
}

// readPolicy reads the auth file and the htpasswd file that it names. It returns
// stamps of both, even if it fails. They are taken before the files are read, so
// that no later change is missed.
func readPolicy(path string) (*policy, []reread.Stamp, error) {
	stamps := []reread.Stamp{reread.StampOf(path)}
	b, err := smallfile.Read(path, maxFile)
	if err != nil {
		return nil, stamps, err
	}
	f, err := parseFile(b, path)
	if err != nil {
		return nil, stamps, err
	}
	p := f.policy()
	if f.Htpasswd != "" {
		name := f.Htpasswd
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		stamps = append(stamps, reread.StampOf(name))
		if b, err = smallfile.Read(name, maxFile); errors.Is(err, fs.ErrNotExist) { // it is not the auth file that is missing
			err = fmt.Errorf("%s: no such file; made by 'htpasswd -B -c %[1]s alice'", name)
		}
		if err != nil {
			return nil, stamps, err
		}
		if err := p.addUsers(b, name, f.Users, path); err != nil {
			return nil, stamps, err
		}
	}
	for _, s := range stamps {
		if openToAll(s) {
			p.warnings = append(p.warnings, fmt.Sprintf("%s can be read by every user of this machine; chmod o-r it", s.Path))
		}
	}
	return p, stamps, nil
}

// openToAll reports whether every user of the machine may read the file.
func openToAll(s reread.Stamp) bool {
	return runtime.GOOS != "windows" && s.Info != nil && s.Info.Mode().Perm()&0o004 != 0
}

func (f *file) policy() *policy {
	p := &policy{
		tokens:     map[digest]*Token{},
		users:      map[string]*user{},
		anonymous:  []grant{{scopes: scopesOf(f.Anonymous)}},
		remembered: newMemory(),
		refused:    newRefusals(),
		issuers:    f.Issuers,
		warnings:   f.warnings,
	}
	for _, t := range f.Tokens {
		p.tokens[t.digest()] = t
	}
	if f.GitLab != nil {
		p.gitlab = newGitLab(f.GitLab)
	}
	return p
}

// bcryptRE matches a bcrypt hash: version, cost, 22 digits of salt and 31 of hash.
var bcryptRE = lazyregexp.New(`^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$`)

// addUsers reads an htpasswd file. A user in only one of the files is a warning and
// not an error: removing somebody from the htpasswd file must take effect, and not
// leave the last good files in force.
func (p *policy) addUsers(b []byte, name string, users []*fileUser, path string) error {
	var problems []error
	lines := map[string]int{}
	lowest, highest := maxCost, 0
	for i, line := range strings.Split(string(b), "\n") {
		line = strings.TrimRight(line, " \t\r")
		if line == "" || line[0] == '#' {
			continue
		}
		n := i + 1
		who, hash, ok := strings.Cut(line, ":")
		if err := checkUserName(who); err != nil || !ok {
			problems = append(problems, fmt.Errorf("%s:%d: must be a user name, a colon and a bcrypt hash, as 'htpasswd -B' writes it", name, n))
			continue
		}
		if first, twice := lines[who]; twice {
			problems = append(problems, fmt.Errorf("%s:%d: user %q occurs twice, first in line %d", name, n, who, first))
		}
		lines[who] = n
		cost, err := checkHash(hash)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: user %q %v", name, n, who, err))
		}
		if lowest = min(lowest, cost); cost > highest {
			highest, p.costliest = cost, []byte(hash)
		}
		p.users[who] = &user{hash: []byte(hash)}
	}
	if lowest < highest {
		p.warnings = append(p.warnings, fmt.Sprintf("%s: the hashes differ in cost, so the time that a wrong password takes can reveal whether the user exists; make all of them with 'htpasswd -B -C %d'", name, highest))
	}
	for _, u := range users {
		if _, ok := lines[u.Name]; !ok {
			p.warnings = append(p.warnings, fmt.Sprintf("%s:%d: user %q is not in %s, and so cannot log in", path, u.line, u.Name, name))
			continue
		}
		p.users[u.Name].grants = []grant{u.grant}
		delete(lines, u.Name)
	}
	for _, who := range sorted(lines) {
		p.warnings = append(p.warnings, fmt.Sprintf("%s:%d: user %q has no scopes; list them under users in %s", name, lines[who], who, path))
	}
	return errors.Join(problems...)
}

func checkUserName(name string) error {
	if name == "" || len(name) > 255 || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == ':' }) {
		return errors.New("must be 1 to 255 printable characters, without a colon")
	}
	return nil
}
