package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"gocloud.dev/gcerrors"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// symptom is a text in an error, and what it means. The SDKs report codes, not all of
// which survive as types.
type symptom struct{ text, seen, fix string }

// symptoms are the known symptoms; the first that occurs in an error counts.
var symptoms = []symptom{
	{"NoSuchBucket", "there is no such bucket", fixBucket},
	{"ContainerNotFound", "there is no such container", fixBucket},
	{"bucket doesn't exist", "there is no such bucket", fixBucket},
	{"bucket does not exist", "there is no such bucket", fixBucket},
	{"PermanentRedirect", "the bucket is in another region", fixRegion},
	{"AuthorizationHeaderMalformed", "the bucket is in another region", fixRegion},
	{"IllegalLocationConstraint", "the bucket is in another region", fixRegion},
	{"Invalid region", "no region is set", fixRegion},
	{"Missing Region", "no region is set", fixRegion},
	{"an AWS region is required", "no region is set", fixRegion},
	{"InvalidAccessKeyId", "the server does not know this access key", fixCredentials},
	{"SignatureDoesNotMatch", "the secret key does not belong to the access key", fixCredentials},
	{"ExpiredToken", "the credentials have expired", fixCredentials},
	{"InvalidToken", "the session token is not valid", fixCredentials},
	{"RequestTimeTooSkewed", "this machine's clock differs too much from the server's", "set this machine's clock by NTP"},
	{"failed to refresh cached credentials", "no credentials were found", fixCredentials},
	{"get credentials", "no credentials were found", fixCredentials},
	{"could not find default credentials", "no credentials were found", fixCredentials},
	{"DefaultAzureCredential", "no credentials were found", fixCredentials},
	{"NoAuthenticationInformation", "no credentials were found", fixCredentials},
	{"AuthenticationFailed", "the server does not accept the credentials", fixCredentials},
	{"invalid_grant", "the server does not accept the credentials", fixCredentials},
	{"XAdminUserNotFound", "the server does not know this access key", fixCredentials},                          // versitygw
	{"Server failed to authenticate the request", "the server does not accept the credentials", fixCredentials}, // Azure, and azurite by another code
	{"AuthorizationPermissionMismatch", "permission denied", fixPermission},
	{"AuthorizationFailure", "permission denied", fixPermission},
	{"AccessDenied", "permission denied", fixPermission},
	{"permission denied", "permission denied", fixPermission},
	{"the store did not answer for", "the server does not answer in time", fixEndpoint},
	{"not found", "the server has nothing under this name", fixBucket},
}

const (
	fixBucket      = "check the bucket's name in the URL, and create the bucket if it is missing; portolan does not create buckets"
	fixRegion      = "give the bucket's region in the URL, as in s3://my-bucket?region=eu-central-1"
	fixCredentials = "give the credentials as the cloud's own tools take them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE; " +
		"GOOGLE_APPLICATION_CREDENTIALS; AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY"
	fixPermission = "grant the permission to these credentials; \"Permissions\" in publisher/README.md lists what each folder needs"
	fixEndpoint   = "check the endpoint in the URL, as in s3://my-bucket?endpoint=https://minio.example.com&use_path_style=true, and that it can be reached from this machine"
	fixFolder     = "let the user that portolan runs as read and write the folder"
)

// Explain returns what an error of a place means, and what to do about it.
func Explain(err error, p Place) (seen, fix string) {
	what, fix := meaning(err, p)
	if what == "" {
		return err.Error(), "fix what the server says, and run 'portolan doctor' again"
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
	_, fix := meaning(err, Place{})
	return fix
}

// meaning returns what kind of error this is and the fix, or "" if it is unknown.
func meaning(err error, p Place) (seen, fix string) {
	if p.Folder != "" {
		return folderMeaning(err)
	}
	if seen, fix := networkMeaning(err); seen != "" {
		return seen, fix
	}
	for _, s := range symptoms {
		if strings.Contains(err.Error(), s.text) {
			return s.seen, s.fix
		}
	}
	switch gcerrors.Code(err) {
	case gcerrors.PermissionDenied:
		return "permission denied", fixPermission
	case gcerrors.ResourceExhausted:
		return "there were too many requests, or a quota is used up", "wait, or ask the server's operator for a higher limit"
	case gcerrors.NotFound:
		return "the server has nothing under this name", fixBucket
	}
	return "", ""
}

// networkMeaning explains errors that happen before a server answers.
func networkMeaning(err error) (seen, fix string) {
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return "there is no host called " + dns.Name, fixEndpoint
	case errors.Is(err, syscall.ECONNREFUSED), strings.Contains(err.Error(), "connection refused"):
		return "nothing answers at this address", fixEndpoint
	case errors.As(err, &authority):
		return "the server's certificate is from an authority that this machine does not trust", "install the authority's certificate on this machine, or name its file in SSL_CERT_FILE"
	case errors.As(err, &host):
		return "the server's certificate is for another host name", fixEndpoint
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "the server does not speak HTTPS", "write http:// in the endpoint, or put TLS in front of the server"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "the server does not answer in time", fixEndpoint
	}
	return "", ""
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
