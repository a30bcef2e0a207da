package main

import (
	"errors"
	"runtime"
	"syscall"
)

// diskAdvice is what to do about an error of this machine's disks; "" if there is nothing
// to say.
func diskAdvice(err error) string {
	switch {
	case isErrno(err, syscall.ENOSPC, 39, 112), isErrno(err, syscall.EDQUOT, 1295):
		return "free some space there, or raise the quota, and run it again: it goes on from there, and what was acknowledged is not lost"
	case isErrno(err, syscall.EROFS, 19):
		return "the file system is read-only: mount it for writing, or name a folder on another one"
	case isErrno(err, syscall.EMFILE), isErrno(err, syscall.ENFILE):
		return "let the process open more files ('ulimit -n'), or have it do less at the same time, with --workers"
	case isErrno(err, syscall.EIO):
		return "the disk fails: look into the system's log, and restore what is lost from a copy; 'portolan verify --deep' says what that is"
	case isErrno(err, syscall.EACCES), isErrno(err, syscall.EPERM):
		return "run it as a user who may do that, or change the permissions there"
	}
	return ""
}

// isErrno reports whether the reason is the error number, or on Windows one of its own.
func isErrno(err error, posix syscall.Errno, windows ...syscall.Errno) bool {
	if errors.Is(err, posix) {
		return true
	}
	for _, number := range windows {
		if runtime.GOOS == "windows" && errors.Is(err, number) {
			return true
		}
	}
	return false
}
