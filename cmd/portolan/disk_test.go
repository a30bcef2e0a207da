package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// TestDiskAdvice: an error of a disk comes with what to do about it, however deep it is.
func TestDiskAdvice(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{
		syscall.ENOSPC: "free some space", syscall.EDQUOT: "quota", syscall.EROFS: "read-only", syscall.EACCES: "permissions",
		syscall.EPERM: "permissions", syscall.EMFILE: "ulimit", syscall.EIO: "verify --deep",
	} {
		err := errors.Join(errors.New("channel devel: another failure"),
			fmt.Errorf("channel stable: %w", bucket.About("stable/index.yaml", &fs.PathError{Op: "write", Path: "x", Err: errno})))
		if got := adviceOn(err); !strings.Contains(got, want) {
			t.Errorf("%v: %q, want %q", errno, got, want)
		}
	}
	if got := adviceOn(errors.New("else")); got != "" {
		t.Errorf("of another error: %q", got)
	}
	if got := adviceOn(hint(syscall.ENOSPC, "what is known better")); got != "what is known better" {
		t.Errorf("got %q", got)
	}
}
