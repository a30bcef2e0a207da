package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
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

// TestFullOutput writes a result to a device that is always full.
func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full:", err)
	}
	defer full.Close()
	var stderr bytes.Buffer
	if code := run(context.Background(), []string{"version"}, nil, full, &stderr); code != exitFailed || !strings.Contains(stderr.String(), "hint: free some space") {
		t.Errorf("exit code %d, %s", code, &stderr)
	}
}
