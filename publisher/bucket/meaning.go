package bucket

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"syscall"
	"unicode/utf8"

	"gocloud.dev/gcerrors"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
)

// symptom is a text in an error, and what it means. The SDKs report codes, not all of
// which survive as types.
type symptom struct{ text, seen, fix string }

// withoutCredentials are the symptoms of credentials that were looked for in vain, perhaps
// on a network that is not there.
var withoutCredentials = []string{
	"failed to refresh cached credentials", "get credentials", "could not find default credentials", "Anonymous caller", "DefaultAzureCredential",
	"computeMetadata", "metadata.google.internal",
}

// symptoms are the known symptoms; the first that occurs in an error counts.
var symptoms = []symptom{
	{"NoSuchBucket", "there is no such bucket", fixBucket},
	{"ContainerNotFound", "there is no such container", fixBucket},
	{"bucket doesn't exist", "there is no such bucket", fixBucket},
	{"bucket does not exist", "there is no such bucket", fixBucket},
	{"InvalidBucketName", "the name cannot be that of a bucket", fixBucket},
	{"InvalidResourceName", "the name cannot be that of a container", fixBucket},
	{"RequestTimeTooSkewed", "this machine's clock differs too much from the server's", fixClock},
	{"RequestExpired", "this machine's clock differs too much from the server's", fixClock},
	{"Request date header too old", "this machine's clock differs too much from the server's", fixClock},
	{"must be a short-lived token", "this machine's clock differs too much from the server's", fixClock},
	{"not yet valid", "this machine's clock differs too much from the server's", fixClock},
	{"PermanentRedirect", "the bucket is in another region", fixRegion},
	{"MovedPermanently", "the bucket is in another region", fixRegion},
	{"StatusCode: 301", "the bucket is in another region", fixRegion},
	{"AuthorizationHeaderMalformed", "the bucket is in another region", fixRegion},
	{"IllegalLocationConstraint", "the bucket is in another region", fixRegion},
	{"invalid input region", "the region cannot be one", fixRegion},
	{"Invalid region", "no region is set", fixRegion},
	{"Missing Region", "no region is set", fixRegion},
	{"an AWS region is required", "no region is set", fixRegion},
	{"Invalid Configuration: Missing", "no region is set", fixRegion},
	{"InvalidAccessKeyId", "the server does not know this access key", fixCredentials},
	{"SignatureDoesNotMatch", "the secret key does not belong to the access key", fixCredentials},
	{"ExpiredToken", "the credentials have expired", fixCredentials},
	{"TokenRefreshRequired", "the credentials have expired", fixCredentials},
	{"error getting credentials", "the credentials cannot be read", fixCredentials},
	{"InvalidToken", "the session token is not valid", fixCredentials},
	{"failed to get shared config profile", "there is no such profile", "check the profile in the URL or AWS_PROFILE, and the file ~/.aws/config"},
	{"NoAuthenticationInformation", "no credentials were found", fixCredentials},
	{"Options.AccountName is required", "no storage account is named", "write it into the URL, as in azblob://charts?storage_account=acme, or set AZURE_STORAGE_ACCOUNT"},
	{"decode account key", "AZURE_STORAGE_KEY is not the key of a storage account", "copy the key from the storage account's access keys"},
	{"AuthenticationFailed", "the server does not accept the credentials", fixCredentials},
	{"invalid_grant", "the server does not accept the credentials", fixCredentials},
	{"cannot fetch token", "the server does not accept the credentials", fixCredentials},
	{"XAdminUserNotFound", "the server does not know this access key", fixCredentials},                          // versitygw
	{"Server failed to authenticate the request", "the server does not accept the credentials", fixCredentials}, // Azure, and azurite by another code
	{"Error 401", "the server does not accept the credentials", fixCredentials},
	{"RESPONSE 401", "the server does not accept the credentials", fixCredentials},
	{"AuthorizationPermissionMismatch", "permission denied", fixPermission},
	{"AuthorizationFailure", "permission denied", fixPermission},
	{"AccessDenied", "permission denied", fixPermission},
	{"permission denied", "permission denied", fixPermission},
	{"deserialization failed", "the server does not speak this protocol", fixEndpoint},
	{"the store did not answer for", "the server does not answer in time", fixEndpoint},
	{"not found", "the server has nothing under this name", fixBucket},
}

// What to do about the errors of a server. Some fixes depend on the provider; see fixOf.
const (
	fixBucket      = "check the bucket's name in the URL, and create the bucket if it is missing; portolan does not create buckets"
	fixClock       = "set this machine's clock by NTP"
	fixRegion      = "give the bucket's region in the URL, as in s3://my-bucket?region=eu-central-1, or in AWS_REGION"
	fixCredentials = "give the credentials as the cloud's own tools take them: "
	fixPermission  = "grant the permission to these credentials; \"Permissions\" in publisher/README.md lists what each folder needs"
	fixEndpoint    = "check "
	fixTLS         = "write http:// in the endpoint, or put TLS in front of the server"
	fixFailing     = "try again; if it goes on, ask the server's operator"
)

// credentialsOf are where each provider's tools find credentials, by the URL's scheme.
var credentialsOf = map[string]string{
	"s3":     "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE",
	"gs":     "GOOGLE_APPLICATION_CREDENTIALS, or 'gcloud auth application-default login'",
	"azblob": "AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY, or 'az login'",
}

// endpointOf is what may be wrong if a provider's server cannot be reached.
var endpointOf = map[string]string{
	"s3":     "the endpoint in the URL, as in s3://my-bucket?endpoint=https://minio.example.com&use_path_style=true, and that it can be reached from this machine",
	"gs":     "that this machine can reach storage.googleapis.com, or the host that STORAGE_EMULATOR_HOST names",
	"azblob": "the storage account and the domain in the URL, as in azblob://my-container?storage_account=acme, and that they can be reached from this machine",
}

// Meaning returns what the error means and what to do about it, or "" if that is not
// known.
func (e *ServerError) Meaning() (seen, fix string) {
	scheme, _, _ := strings.Cut(e.Bucket, "://")
	return Meaning(e.Err, scheme)
}

// Meaning returns what an error of a provider's server means and what to do about it, or
// "" if that is not known. The scheme of the bucket's URL names the provider.
func Meaning(err error, scheme string) (seen, fix string) {
	seen, fix = meaningOf(err)
	switch region := regionRE.FindStringSubmatch(said(err)); {
	case fix == fixRegion && region != nil:
		return seen, "write region=" + region[1] + " into the bucket's URL"
	case fix == fixCredentials:
		return seen, fix + cmp.Or(credentialsOf[scheme], "in its environment or configuration")
	case fix == fixEndpoint:
		return seen, fix + cmp.Or(endpointOf[scheme], "the address of the server, and that it can be reached from this machine")
	}
	return seen, fix
}

func meaningOf(err error) (seen, fix string) {
	text := said(err)
	for _, symptom := range withoutCredentials {
		if strings.Contains(text, symptom) {
			return "no credentials were found", fixCredentials
		}
	}
	if seen, fix := networkMeaning(err, text); seen != "" {
		return seen, fix
	}
	for _, s := range symptoms {
		if strings.Contains(text, s.text) {
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
	if status := failingRE.FindStringSubmatch(text); status != nil {
		return "the server fails with status " + status[1], fixFailing
	}
	return "", ""
}

// networkMeaning explains errors that happen before a server answers.
func networkMeaning(err error, text string) (seen, fix string) {
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var certificate x509.CertificateInvalidError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return "there is no host called " + dns.Name, fixEndpoint
	case errors.Is(err, syscall.ECONNREFUSED), strings.Contains(text, "connection refused"):
		return "nothing answers at this address", fixEndpoint
	case errors.As(err, &authority):
		return "the server's certificate is from an authority that this machine does not trust", "install the authority's certificate on this machine, or name its file in SSL_CERT_FILE"
	case errors.As(err, &host):
		return "the server's certificate is for another host name", fixEndpoint
	case errors.As(err, &certificate) && certificate.Reason == x509.Expired && !strings.Contains(text, "is before"):
		return "the server's certificate has expired", "renew it; if it has not, set this machine's clock by NTP"
	case errors.As(err, &certificate) && certificate.Reason == x509.Expired:
		return "the server's certificate is not valid yet by this machine's clock", fixClock
	case errors.As(err, &certificate), strings.Contains(text, "failed to verify certificate"):
		return "the server's certificate is not valid", "give the server a certificate for its name, from an authority that this machine trusts"
	case strings.Contains(text, "server gave HTTP response to HTTPS client"), strings.Contains(text, "does not look like a TLS handshake"):
		return "the server does not speak HTTPS", fixTLS
	case strings.Contains(text, "HTTP request to an HTTPS server"), strings.Contains(text, "malformed HTTP response"):
		return "the server speaks HTTPS only", "write https:// in the endpoint"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "the server does not answer in time", fixEndpoint
	}
	return "", ""
}

var (
	codeRE      = lazyregexp.New(`(?:api error |ERROR CODE: |HostID: [^,]*, )([A-Z][A-Za-z]+)\b|googleapi: Error ([0-9]{3})`)
	regionRE    = lazyregexp.New(`expecting '([a-z0-9-]+)'`)
	failingRE   = lazyregexp.New(`(?:StatusCode: |RESPONSE |googleapi: Error )(5[0-9]{2})`)
	signatureRE = lazyregexp.New(`(?i)\b(sig|x-amz-signature|x-amz-credential|x-amz-security-token|x-goog-signature|x-goog-credential)=[^&"'\s]+`)

	// What the SDKs put before the reason.
	beforeRE = lazyregexp.New(`^(?:blob \(code=\w+\): |operation error \w+: \w+, |exceeded maximum number of attempts, \d+, |https response error StatusCode: \d+, RequestID: [^,]*, HostID: [^,]*, |request send failed, |api error )+`)
)

// codeIn returns the server's own code for an error, which people look for in its
// documentation, or "".
func codeIn(chain string) string {
	m := codeRE.FindStringSubmatch(chain)
	if m == nil {
		return ""
	}
	return m[1] + m[2]
}

// maxReason is the longest text, in bytes, of an error whose meaning is not known.
const maxReason = 200

// shortest returns the reason in what a client says.
func shortest(chain string) string {
	reason := beforeRE.ReplaceAllString(chain, "")
	if len(reason) <= maxReason {
		return reason
	}
	cut := maxReason
	for !utf8.RuneStart(reason[cut]) {
		cut--
	}
	return reason[:cut] + "…"
}
