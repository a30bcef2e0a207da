package bucket_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// maxLine is the longest text of an error, in bytes: what fits two lines of a terminal,
// with the name of a command before it.
const maxLine = 160

// credentials are some for every provider, which no server accepts.
func credentials(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "", "AWS_REGION": "eu-central-1", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": "none", "AWS_SHARED_CREDENTIALS_FILE": "none", "AWS_EC2_METADATA_DISABLED": "true",
		"AZURE_STORAGE_ACCOUNT": "account", "AZURE_STORAGE_KEY": "a2V5", "STORAGE_EMULATOR_HOST": "", "GOOGLE_APPLICATION_CREDENTIALS": "",
	} {
		t.Setenv(name, value)
	}
}

// bucketAt is a bucket of a provider on a server.
func bucketAt(t *testing.T, scheme, server string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	switch scheme {
	case "s3":
		return "s3://charts?region=eu-central-1&use_path_style=true&endpoint=" + server
	case "azblob":
		return "azblob://charts?localemu=true&protocol=" + u.Scheme + "&domain=" + u.Host
	}
	t.Setenv("STORAGE_EMULATOR_HOST", u.Host)
	if u.Scheme == "https" {
		t.Setenv("STORAGE_EMULATOR_HOST", server)
	}
	return "gs://charts"
}

// complaint is the error of listing a bucket.
func complaint(t *testing.T, bucketURL string) error {
	t.Helper()
	s, err := bucket.Open(t.Context(), bucketURL)
	if err != nil {
		return err
	}
	for _, err := range s.List(t.Context(), "", bucket.Children) {
		return err
	}
	return nil
}

// wantMeaning checks that an error is one short line with the bucket and its cause, and
// that a fix and the whole chain are there for those who ask.
func wantMeaning(t *testing.T, err error, seen, fix string) {
	t.Helper()
	server := (*bucket.ServerError)(nil)
	if !errors.As(err, &server) || errors.Is(err, bucket.ErrNotFound) {
		t.Fatalf("got %v, want an error of the bucket", err)
	}
	text := err.Error()
	if len(text) > maxLine || strings.Contains(text, "\n") || !strings.Contains(text, "://charts") || !strings.Contains(text, seen) {
		t.Errorf("got %q, want one line with %q", text, seen)
	}
	if _, got := server.Meaning(); got == "" || !strings.Contains(got, fix) {
		t.Errorf("%s: the fix is %q, want %q in it", text, got, fix)
	}
	if chains := bucket.Chains(fmt.Errorf("listing: %w", errors.Join(err))); len(chains) != 1 || len(chains[0]) < 20 || strings.Contains(chains[0], "\n") {
		t.Errorf("%s: the chain is %q", text, chains)
	}
}

// TestAnswers has what the clouds' servers say, read by their real clients.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		scheme    string
		status    int
		code      string
		seen, fix string
	}{
		{"s3", 403, "AccessDenied", "permission denied (AccessDenied)", "Permissions"},
		{"s3", 404, "NoSuchBucket", "there is no such bucket (NoSuchBucket)", "create the bucket"},
		{"s3", 403, "InvalidAccessKeyId", "does not know this access key", "AWS_ACCESS_KEY_ID"},
		{"s3", 403, "SignatureDoesNotMatch", "the secret key does not belong", "AWS_SECRET_ACCESS_KEY"},
		{"s3", 403, "RequestTimeTooSkewed", "clock", "NTP"},
		{"s3", 301, "PermanentRedirect", "another region", "region="},
		{"s3", 400, "AuthorizationHeaderMalformed: the region 'eu-central-1' is wrong; expecting 'us-west-2'", "another region", "region=us-west-2"},
		{"s3", 400, "ExpiredToken", "have expired", "AWS_"},
		{"s3", 400, "SomethingNew", "SomethingNew", ""},
		{"gs", 403, "caller does not have storage.objects.list access", "permission denied (403)", "Permissions"},
		{"gs", 404, "The specified bucket does not exist.", "there is no such bucket", "create the bucket"},
		{"gs", 401, "Invalid Credentials", "does not accept the credentials", "GOOGLE_APPLICATION_CREDENTIALS"},
		{"gs", 401, "Anonymous caller does not have storage.objects.list access", "no credentials were found", "gcloud auth"},
		{"azblob", 404, "ContainerNotFound", "there is no such bucket (ContainerNotFound)", "create the bucket"},
		{"azblob", 403, "AuthenticationFailed", "does not accept the credentials", "AZURE_STORAGE_KEY"},
		{"azblob", 403, "AuthorizationPermissionMismatch", "permission denied (AuthorizationPermissionMismatch)", "Permissions"},
		{"azblob", 401, "NoAuthenticationInformation", "no credentials were found", "AZURE_STORAGE_KEY"},
	} {
		t.Run(c.scheme+" "+c.code, func(t *testing.T) {
			credentials(t)
			err := complaint(t, bucketAt(t, c.scheme, answering(t, c.status, c.code).URL))
			if c.fix == "" { // nobody knows it yet
				if server := (*bucket.ServerError)(nil); !errors.As(err, &server) || len(err.Error()) > 300 || !strings.Contains(err.Error(), c.seen) {
					t.Errorf("got %v", err)
				}
				return
			}
			wantMeaning(t, err, c.seen, c.fix)
		})
	}
}

// answering is a server that answers every request with an error, as its cloud does.
func answering(t *testing.T, status int, code string) *httptest.Server {
	t.Helper()
	code, message, _ := strings.Cut(code, ": ")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-ms-error-code", code)
		w.Header().Set("x-ms-request-id", strings.Repeat("1f0c", 10))
		w.Header().Set("x-amz-id-2", strings.Repeat("host", 20))
		if strings.HasPrefix(r.URL.Path, "/storage/v1/") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"error":{"code":%d,"message":%q}}`, status, code)
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s, and much more about it that helps nobody. %s</Message></Error>", code, message, strings.Repeat("x", 300))
	}))
	t.Cleanup(server.Close)
	return server
}

// TestUnreachable has what goes wrong on the way to a server.
func TestUnreachable(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })
	plain, secure := httptest.NewServer(hello), httptest.NewUnstartedServer(hello)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer plain.Close()
	defer secure.Close()
	for _, c := range []struct{ scheme, server, seen, fix string }{
		{"s3", closed.URL, "nothing answers at this address", "check the endpoint"},
		{"s3", "http://nosuch.invalid", "there is no host called nosuch.invalid", "check the endpoint"},
		{"s3", secure.URL, "certificate is from an authority that this machine does not trust", "SSL_CERT_FILE"},
		{"s3", strings.Replace(plain.URL, "http:", "https:", 1), "does not speak HTTPS", "http://"},
		{"gs", closed.URL, "nothing answers at this address", "storage.googleapis.com"},
		{"gs", "http://nosuch.invalid", "there is no host called nosuch.invalid", "storage.googleapis.com"},
		{"azblob", "http://nosuch.invalid", "there is no host called nosuch.invalid", "check the storage account"}, // the others take it a while
	} {
		t.Run(c.scheme+" "+c.server, func(t *testing.T) {
			credentials(t)
			wantMeaning(t, complaint(t, bucketAt(t, c.scheme, c.server)), c.seen, c.fix)
		})
	}
	t.Run("s3 plain to TLS", func(t *testing.T) {
		credentials(t)
		wantMeaning(t, complaint(t, bucketAt(t, "s3", strings.Replace(secure.URL, "https:", "http:", 1))), "protocol", "check the endpoint")
	})
}

// onStandardError returns what is written to standard error while f runs.
func onStandardError(t *testing.T, f func()) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	real := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = real }()
	f()
	said, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}

// TestNoCredentials: a machine without any says so, and only in the error. gocloud keeps
// what it found for Azure first.
func TestNoCredentials(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: S3's client tries again before it gives up")
	}
	none := httptest.NewServer(http.NotFoundHandler()) // has no metadata, of which the SDK used to warn
	defer none.Close()
	for scheme, variables := range map[string]map[string]string{
		"s3": {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": none.URL},
		"gs": {"GOOGLE_APPLICATION_CREDENTIALS": "/nosuch.json", "HOME": t.TempDir()},
	} {
		t.Run(scheme, func(t *testing.T) {
			credentials(t)
			u := map[string]string{"s3": bucketAt(t, "s3", "https://charts.invalid"), "gs": "gs://charts"}[scheme]
			for name, value := range variables {
				t.Setenv(name, value)
			}
			var err error
			if said := onStandardError(t, func() { err = complaint(t, u) }); said != "" {
				t.Errorf("%q is on standard error", said)
			}
			if server := (*bucket.ServerError)(nil); !errors.As(err, &server) || len(err.Error()) > maxLine || !strings.Contains(err.Error(), "://charts") {
				t.Errorf("got %v", err)
			} else if seen, fix := server.Meaning(); !strings.Contains(seen, "credentials") || fix == "" {
				t.Errorf("got %q, %q", seen, fix)
			}
		})
	}
}

// TestMeaningOfCertificates has certificates that real servers seldom have.
func TestMeaningOfCertificates(t *testing.T) {
	for seen, err := range map[string]error{
		"is for another host name": x509.HostnameError{Certificate: &x509.Certificate{}, Host: "h"},
		"has expired":              x509.CertificateInvalidError{Reason: x509.Expired, Detail: "current time 2 is after 1"},
		"not valid yet":            x509.CertificateInvalidError{Reason: x509.Expired, Detail: "current time 1 is before 2"},
		"is not valid":             &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.IncompatibleUsage}},
		"in time":                  os.ErrDeadlineExceeded,
	} {
		wantMeaning(t, &bucket.ServerError{Bucket: "s3://charts", Err: fmt.Errorf("Get \"https://x/\": %w", err)}, seen, "")
	}
}

// TestChainHasNoSignature: those who share the chain share no access.
func TestChainHasNoSignature(t *testing.T) {
	err := &bucket.ServerError{Bucket: "azblob://charts", Err: errors.New(`Get "https://a.invalid/charts?sv=1&sig=s3cret%3D&comp=list": EOF; X-Amz-Signature=s3cret&x`)}
	for _, text := range append(bucket.Chains(err), err.Error()) {
		if strings.Contains(text, "s3cret") || !strings.Contains(text, "comp=list") {
			t.Errorf("got %s", text)
		}
	}
}

// TestParameters: a misspelt parameter of a bucket's URL is named, with what was meant.
func TestParameters(t *testing.T) {
	credentials(t)
	for address, want := range map[string]string{
		"s3://charts?regoin=eu-central-1":        `did you mean "region"?`,
		"s3://charts?use_path_stlye=true":        `did you mean "use_path_style"?`,
		"s3://charts?prefx=site":                 `did you mean "prefix"?`,
		"gs://charts?anonimous=true":             `did you mean "anonymous"?`,
		"azblob://charts?storageaccount=a":       `did you mean "storage_account"?`,
		"s3://charts?use_path_style=yes":         "neither true nor false",
		"s3://charts?endpoint=minio.example.com": "is not a URL",
		"s3://charts?region=a&region=b":          "twice",
		"azblob://charts?protocol=htp":           "[http https]",
		"s3://":                                  "no bucket is named",
		"s3://charts?region=us east":             "not a region such as",
		"s3://charts?region=us_east":             "not a region such as",
	} {
		if _, err := bucket.Open(t.Context(), address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", address, err, want)
		}
	}
}

// TestRegion has a region that is missing, and one in the environment that cannot be one.
func TestRegion(t *testing.T) {
	for region, seen := range map[string]string{"": "no region is set", "us east": "the region cannot be one"} {
		credentials(t)
		t.Setenv("AWS_REGION", region)
		wantMeaning(t, complaint(t, "s3://charts"), seen, "AWS_REGION")
	}
}
