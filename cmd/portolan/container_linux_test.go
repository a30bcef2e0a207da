package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestContainerfile builds portolan as ci/Containerfile does, and runs it as it
// is run there: as nobody, with nothing around it.
func TestContainerfile(t *testing.T) {
	t.Parallel()
	testenv.Complete(t, "a build of portolan")
	b, err := os.ReadFile("../../ci/Containerfile")
	if err != nil {
		t.Fatal(err)
	}
	build := regexp.MustCompile(`(?m)^RUN GOOS=\$TARGETOS GOARCH=\$TARGETARCH (CGO_ENABLED=0 go build .*) -o (/image/portolan) \./cmd/portolan$`).FindStringSubmatch(string(b))
	if build == nil || !strings.Contains(string(b), "\nUSER 65532:65532\n") || !strings.Contains(string(b), `ENTRYPOINT ["/portolan"]`) {
		t.Fatal("ci/Containerfile does not build, or run, what this test looks for")
	}
	root := t.TempDir()
	binary := filepath.Join(root, "portolan")
	if o := process(t, "../..", os.Environ(), "sh", "-c", build[1]+" -o "+binary+" ./cmd/portolan"); o.code != 0 {
		t.Fatalf("%s: %s", build[1], o.stderr)
	}
	program, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the binary is not static")
		}
	}
	if err := os.Mkdir(filepath.Join(root, "tmp"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(root, "tmp"), 0o777); err != nil { // whatever the umask
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "web.tgz"), charttest.Simple("web", "1.0.0"))
	contained := func(args ...string) {
		t.Helper()
		c := exec.Command("/portolan", args...)
		c.Dir, c.Env = "/tmp", []string{}
		c.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
		if os.Getuid() == 0 {
			c.SysProcAttr.Credential = &syscall.Credential{Uid: 65532, Gid: 65532}
		} else { // who may not change the root, but in a world of their own
			c.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
			c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
			c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
		}
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("portolan %q: %v: %s", args, err, out)
		}
	}
	contained("version")
	contained("drop", "stable", "/web.tgz")
	contained("generate")
	contained("verify", "--deep")
}

// The Go version of the image is the one that the module asks for, or newer.
func TestContainerfileGo(t *testing.T) {
	t.Parallel()
	o := process(t, "../..", os.Environ(), "go", "list", "-m", "-f", "{{.GoVersion}}")
	minor := regexp.MustCompile(`^[0-9]+\.[0-9]+`).FindString(o.stdout)
	b, err := os.ReadFile("../../ci/Containerfile")
	if err != nil || !strings.Contains(string(b), " golang:"+minor+".") {
		t.Errorf("%v; go.mod says Go %s, and ci/Containerfile another", err, minor)
	}
}
