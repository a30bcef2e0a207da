// Command archives builds portolan for every platform that releases are for, and writes
// the archives and their SHA-256 sums into a folder, as GoReleaser does for a
// tag: see .goreleaser.yaml. Its arguments are the flags of go build, and the
// version is what portolan version will print.
//
//	CGO_ENABLED=0 go run ./ci/archives -o .build/release FLAGS
//
// The same commit gives the same bytes: the times are the commit's.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

var platforms = []string{"darwin/amd64", "darwin/arm64", "linux/amd64", "linux/arm64", "windows/amd64", "windows/arm64"}

func main() {
	if len(os.Args) < 3 || os.Args[1] != "-o" {
		fmt.Fprintln(os.Stderr, "usage: archives -o FOLDER [FLAG]...")
		os.Exit(2)
	}
	if err := run(os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "archives:", err)
		os.Exit(1)
	}
}

func run(folder string, flags []string) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "archives")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	sums := ""
	for _, platform := range platforms {
		name, b, err := archive(platform, work, flags)
		if err != nil {
			return fmt.Errorf("%s: %v", platform, err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o666); err != nil {
			return err
		}
		sums += fmt.Sprintf("%x  %s\n", sha256.Sum256(b), name)
		fmt.Printf("%s: %.1f MB\n", filepath.Join(folder, name), float64(len(b))/1e6)
	}
	return os.WriteFile(filepath.Join(folder, "SHA256SUMS"), []byte(sums), 0o666)
}

// archive returns the platform's archive, and its file name.
func archive(platform, work string, flags []string) (name string, b []byte, err error) {
	goos, goarch, _ := strings.Cut(platform, "/")
	binary := filepath.Join(work, "portolan-"+goos+"-"+goarch)
	args := append([]string{"build", "-buildvcs=true", "-o", binary}, flags...)
	c := exec.Command("go", append(args, "./cmd/portolan")...)
	c.Env, c.Stderr = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch), os.Stderr
	if err := c.Run(); err != nil {
		return "", nil, err
	}
	version, at, err := built(binary)
	if err != nil {
		return "", nil, err
	}
	files := []file{{"LICENSE", "LICENSE", 0o644}, {"README.md", "README.md", 0o644}, {"portolan", binary, 0o755}}
	name = fmt.Sprintf("portolan_%s_%s_%s", strings.TrimPrefix(version, "v"), goos, goarch)
	if goos == "windows" {
		files[2].name = "portolan.exe"
		b, err = zipped(files, at)
		return name + ".zip", b, err
	}
	b, err = tarred(files, at)
	return name + ".tar.gz", b, err
}

// built returns the version of a binary, and the time of the commit that it was
// built from.
func built(binary string) (version string, at time.Time, err error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return "", time.Time{}, err
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			at, err = time.Parse(time.RFC3339, s.Value)
			return info.Main.Version, at.UTC(), err
		}
	}
	return "", time.Time{}, errors.New("the binary does not say which commit it is of")
}
