package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// workshop is where what ci/ has for pipelines is run, as a CI service runs it:
// a shim that knows the tokens of a forge's jobs, a checkout with charts, and
// the programs that a job's image has.
type workshop struct {
	*town
	forge    *forge
	shim     *shimProcess
	checkout string // the job's working directory
	home     string
	bin      string          // what is found first
	curls    string          // the file that has the command lines of all curls
	checked  map[string]bool // the lines that shellcheck has read
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	return newWorkshopWith(t, (*town).writeForgeAuth)
}

// newWorkshopWith is a workshop whose shim has another auth file, and these flags.
func newWorkshopWith(t *testing.T, writeAuth func(*town, *forge), flags ...string) *workshop {
	t.Helper()
	f, w := newForge(t), newTown(t)
	// Jobs ask for tokens for the shim's URL, which its auth file must know before it is there.
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	f.audience = "http://" + free.Addr().String()
	writeAuth(w, f)
	flags = append([]string{"--auth", "auth.yaml", "--listen", free.Addr().String()}, flags...)
	s := &workshop{town: w, forge: f, shim: w.shim(flags...), checkout: t.TempDir(), home: t.TempDir(), bin: t.TempDir(), checked: map[string]bool{}}
	s.curls = filepath.Join(t.TempDir(), "curls")
	s.program("helm", testenv.Tool(t, "helm4"), "")
	s.program("curl", testenv.Program(t, "curl"), `printf '%s\n' "$*" >>'`+s.curls+"'")
	return s
}

// program puts a program into the PATH that runs a line first.
func (s *workshop) program(name, path, line string) {
	s.t.Helper()
	file := filepath.Join(s.bin, name)
	// A process that another test starts meanwhile would have it open, too, and
	// what somebody may write to cannot be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	write(s.t, file, []byte("#!/bin/sh\n"+line+"\nexec '"+path+"' \"$@\"\n"))
	if err := os.Chmod(file, 0o777); err != nil {
		s.t.Fatal(err)
	}
}

// chart writes a chart's folder into the checkout.
func (s *workshop) chart(folder, name, version string, more ...string) {
	s.t.Helper()
	for file, text := range charttest.Chart(name, version, more...) {
		write(s.t, filepath.Join(s.checkout, filepath.FromSlash(folder), filepath.FromSlash(file)), []byte(text))
	}
}

// env is the environment of a job, without that of the person who runs the tests.
func (s *workshop) env(more ...string) []string {
	return append([]string{
		"PATH=" + s.bin + ":" + os.Getenv("PATH"), "HOME=" + s.home, "TMPDIR=" + os.TempDir(), "CI=true",
		"GOCACHE=" + goEnv(s.t, "GOCACHE"), "GOMODCACHE=" + goEnv(s.t, "GOMODCACHE"), "GOFLAGS=-mod=mod", "GOPROXY=off",
	}, more...)
}

// goEnv is a setting of Go's.
func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// waiting are the file names of the charts in the drop area, by channel.
func (s *workshop) waiting() map[string]int {
	s.t.Helper()
	all := map[string]int{}
	inbox := filepath.Join(s.folder, "drop", "inbox")
	for _, file := range filesIn(s.t, inbox) {
		if strings.HasSuffix(file, ".tgz") {
			all[filepath.ToSlash(filepath.Dir(file))]++
		}
	}
	return all
}

// published are the charts of a channel, as name and version.
func (s *workshop) published(channel string) []string {
	s.t.Helper()
	var all []string
	for _, r := range s.readHead(channel) {
		all = append(all, r.Name+" "+r.Version)
	}
	return all
}

// installs renders a chart of a channel with both Helms, from the site.
func (s *workshop) installs(channel, chart string) {
	s.t.Helper()
	url := s.preview()
	for _, client := range clients {
		if out := newHelm(s.t, client).run("template", "release", chart, "--repo", url+"/"+channel); !strings.Contains(out, chart) {
			s.t.Errorf("helm renders of %s in %s: %s", chart, channel, out)
		}
	}
}

// hides looks for secrets in what was printed and in the command lines of curl.
func (s *workshop) hides(what string, texts []string, secrets ...string) {
	s.t.Helper()
	if _, err := os.Stat(s.curls); err == nil {
		texts = append(texts, string(read(s.t, s.curls)))
	}
	for _, text := range texts {
		for _, secret := range secrets {
			if strings.Contains(text, secret[:20]) || strings.Contains(text, secret[len(secret)-20:]) {
				s.t.Errorf("%s shows a secret: %s", what, text)
			}
		}
	}
}
