package doctor_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/doctor"
)

// refusing is a server that refuses every request as its cloud does.
func refusing(t *testing.T, status int, code string) *url.URL {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-ms-error-code", code)
		if strings.HasPrefix(r.URL.Path, "/storage/v1/") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": status, "message": code}})
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>no</Message></Error>", code)
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestClouds checks how the errors of the real clients are explained.
func TestClouds(t *testing.T) {
	for _, c := range []struct {
		cloud  string
		status int
		code   string
		seen   string
		more   bool // the rest is worth checking
	}{
		{"s3", 404, "NoSuchBucket", "there is no such bucket", false},
		{"s3", 403, "AccessDenied", "permission denied", true},
		{"s3", 403, "InvalidAccessKeyId", "the server does not know this access key", false},
		{"s3", 403, "SignatureDoesNotMatch", "the secret key does not belong to the access key", false},
		{"s3", 400, "ExpiredToken", "the credentials have expired", false},
		{"s3", 301, "PermanentRedirect", "the bucket is in another region", false},
		{"s3", 400, "AuthorizationHeaderMalformed", "the bucket is in another region", false},
		{"s3", 403, "RequestTimeTooSkewed", "this machine's clock differs too much", false},
		{"gs", 404, "The specified bucket does not exist.", "there is no such bucket", false},
		{"gs", 403, "caller does not have storage.objects.list access", "permission denied", true},
		{"azblob", 404, "ContainerNotFound", "there is no such container", false},
		{"azblob", 403, "AuthenticationFailed", "the server does not accept the credentials", false},
		{"azblob", 403, "AuthorizationPermissionMismatch", "permission denied", true},
	} {
		t.Run(c.cloud+" "+c.code, func(t *testing.T) {
			server := refusing(t, c.status, c.code)
			bucket := place(t, c.cloud, server)
			r := doctor.Examine(t.Context(), doctor.Options{Drop: bucket})
			want(t, r, "drop: listing", doctor.Fail, c.seen)
			if more := slices.ContainsFunc(r.Checks, func(row doctor.Row) bool { return row.Check == "drop: inbox/" }); more != c.more {
				t.Errorf("whether the rest was checked: %v, want %v", more, c.more)
			}
		})
	}
}

// TestNobodyThere examines an endpoint where nothing listens.
func TestNobodyThere(t *testing.T) {
	server := httptest.NewServer(nil)
	u, err := url.Parse(server.URL)
	server.Close()
	if err != nil {
		t.Fatal(err)
	}
	r := doctor.Examine(t.Context(), doctor.Options{Site: place(t, "s3", u), ReadOnly: true})
	want(t, r, "site: listing", doctor.Fail, "nothing answers at this address")
}

func place(t *testing.T, cloud string, server *url.URL) doctor.Place {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-central-1", "AWS_CONFIG_FILE": "none", "AWS_SHARED_CREDENTIALS_FILE": "none",
		"STORAGE_EMULATOR_HOST": server.Host, "AZURE_STORAGE_ACCOUNT": "account", "AZURE_STORAGE_KEY": "a2V5",
	} {
		t.Setenv(name, value)
	}
	address := map[string]string{
		"s3":     "s3://charts?use_path_style=true&endpoint=" + server.String(),
		"gs":     "gs://charts",
		"azblob": "azblob://charts?protocol=http&localemu=true&domain=" + server.Host,
	}[cloud]
	store, err := bucket.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return doctor.Place{Store: store, URL: address}
}

// TestDenied asks the real clients for an object that they may not read.
func TestDenied(t *testing.T) {
	for cloud, code := range map[string]string{"s3": "AccessDenied", "gs": "AccessDenied"} {
		_, err := place(t, cloud, refusing(t, 403, code)).Store.Get(t.Context(), "receipts/x.json")
		if !bucket.Denied(err) || errors.Is(err, bucket.ErrNotFound) {
			t.Errorf("%s: %v does not count as a missing permission", cloud, err)
		}
	}
	_, err := place(t, "s3", refusing(t, 404, "NoSuchKey")).Store.Get(t.Context(), "receipts/x.json")
	if bucket.Denied(err) || !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("%v does not count as a missing object", err)
	}
}
