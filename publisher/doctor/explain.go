package doctor

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

const fixFolder = "let the user that portolan runs as read and write the folder"

// Explain returns what an error of a place means, and what to do about it.
func Explain(err error, p Place) (seen, fix string) {
	what, fix := meaning(err, p)
	switch {
	case what == "":
		return err.Error(), "fix what the server says, and run 'portolan doctor' again"
	case strings.Contains(err.Error(), what): // the error of a server, which has it
		return err.Error(), fix
	}
	for _, doing := range []string{"creating", "reading", "replacing", "deleting"} {
		if strings.Contains(err.Error(), doing+" an object: ") {
			what = doing + " an object: " + what
		}
	}
	return what + " (" + err.Error() + ")", fix
}

// Advice returns what to do about an error of a bucket, or "" if that is not known.
func Advice(err *bucket.ServerError) string {
	_, fix := err.Meaning()
	return fix
}

// meaning returns what kind of error this is and the fix, or "" if it is unknown.
func meaning(err error, p Place) (seen, fix string) {
	if p.Folder != "" {
		return folderMeaning(err)
	}
	scheme, _, _ := strings.Cut(p.URL, "://")
	return bucket.Meaning(err, scheme)
}

// folderMeaning explains errors of a local folder.
func folderMeaning(err error) (seen, fix string) {
	text := err.Error()
	switch {
	case strings.Contains(text, "link") && (errors.Is(err, syscall.EPERM) || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL)):
		return "this file system has no hard links, which are needed to keep two writers apart",
			"use a file system that has them (ext4, xfs, zfs, APFS, NTFS, NFS; not FAT or some network shares), or a bucket"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied", fixFolder
	case errors.Is(err, syscall.EROFS):
		return "the file system is read-only", "mount it writable"
	case errors.Is(err, syscall.ENOSPC):
		return "the file system is full", "free some space on it"
	}
	return "", ""
}
