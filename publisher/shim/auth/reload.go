package auth

import (
	"os"
	"runtime"
	"slices"
	"time"
)

// lookEvery is how often, at most, the files are looked at.
const lookEvery = time.Second

// stamp tells whether a file has changed. It is of the file that symbolic links
// lead to, so it changes with them, as when Kubernetes updates a secret.
type stamp struct {
	path string
	info os.FileInfo // nil if there is none
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{path: path}
	}
	return stamp{path, info}
}

func (s stamp) changed() bool {
	now := stampOf(s.path)
	if s.info == nil || now.info == nil {
		return s.info != now.info
	}
	return !os.SameFile(s.info, now.info) || !s.info.ModTime().Equal(now.info.ModTime()) || s.info.Size() != now.info.Size()
}

// open reports whether every user of the machine may read the file.
func (s stamp) open() bool {
	return runtime.GOOS != "windows" && s.info != nil && s.info.Mode().Perm()&0o004 != 0
}

// current is the policy in force: the files' if they are good. It is called for
// every request, and looks at them once a second at most.
func (a *Authoriser) current() *policy {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := a.now(); now.Sub(a.looked) >= lookEvery || now.Before(a.looked) {
		a.looked = now
		if slices.ContainsFunc(a.files, stamp.changed) {
			if err := a.load(); err != nil {
				a.log.Error("the auth file has changed, but cannot be used; going on with what it said before", "error", err)
			} else {
				a.log.Info("read the changed auth file", "file", a.path, "tokens", len(a.policy.tokens), "users", len(a.policy.users), "issuers", len(a.policy.issuers))
			}
		}
	}
	return a.policy
}

// load reads the files. A failure leaves the policy as it is, and is not
// repeated until a file changes again.
func (a *Authoriser) load() error {
	p, files, err := readPolicy(a.path)
	a.files = files
	if err != nil {
		return err
	}
	for _, warning := range p.warnings {
		a.log.Warn(warning)
	}
	a.keysOf(p)
	if p.gitlab != nil {
		p.gitlab.client = a.client
	}
	a.policy = p
	return nil
}
