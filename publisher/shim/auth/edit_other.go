//go:build !unix

package auth

import "os"

// giveTo does nothing on systems where a new file inherits the rights of its folder.
func giveTo(*os.File, os.FileInfo) error { return nil }
