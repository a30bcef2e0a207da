package servers

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // azblob:// URLs
	_ "gocloud.dev/blob/gcsblob"   // gs:// URLs
	_ "gocloud.dev/blob/s3blob"    // s3:// URLs
)

// What clients identify themselves with; only these servers know it.
const account = "portolan"

var secret = base64.StdEncoding.EncodeToString([]byte("only for tests, on loopback"))

var errClient = errors.New("this version of gocloud.dev does not give its client away")

var s3Kind = kind{
	program: "versitygw",
	args: func(port, _, dir string) []string {
		return []string{"--port", "127.0.0.1:" + port, "--access", account, "--secret", secret, "--quiet", "--keep-alive", "posix", dir}
	},
	client: func(string) []string {
		return []string{
			"AWS_ACCESS_KEY_ID=" + account, "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_REGION=us-east-1", "AWS_SESSION_TOKEN=",
			"AWS_EC2_METADATA_DISABLED=true",
		}
	},
	query: func(front string) url.Values {
		return url.Values{"endpoint": {"http://" + front}, "use_path_style": {"true"}}
	},
	create: func(bucketURL, bucket string) error {
		return with(bucketURL, func(ctx context.Context, client *s3.Client) error {
			if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
				return err
			}
			policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::%s/*"}]}`, bucket)
			_, err := client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &policy})
			return err
		})
	},
	object: func(front, bucket, key string) string { return front + "/" + bucket + "/" + key },
	failure: func(w http.ResponseWriter, f Fault) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(f.status())
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>injected</Message></Error>", f.s3Code())
	},
}

var gcsKind = kind{
	program: "fake-gcs-server",
	args: func(port, front, _ string) []string {
		return []string{
			"-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", port,
			"-external-url", "http://" + front, "-public-host", front, "-log-level", "error",
		}
	},
	client: func(front string) []string { return []string{"STORAGE_EMULATOR_HOST=" + front} },
	query:  func(string) url.Values { return nil },
	create: func(bucketURL, bucket string) error {
		return with(bucketURL, func(ctx context.Context, client *storage.Client) error {
			return client.Bucket(bucket).Create(ctx, "project", nil)
		})
	},
	object: func(front, bucket, key string) string { return front + "/" + bucket + "/" + key },
	failure: func(w http.ResponseWriter, f Fault) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(f.status())
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": f.status(), "message": "injected"}})
	},
}

var azureKind = kind{
	program: "azurite-blob",
	args: func(port, _, _ string) []string {
		return []string{
			"--blobHost", "127.0.0.1", "--blobPort", port, "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry",
			"--silent",
		}
	},
	env: []string{"AZURITE_ACCOUNTS=" + account + ":" + secret},
	client: func(string) []string {
		return []string{"AZURE_STORAGE_ACCOUNT=" + account, "AZURE_STORAGE_KEY=" + secret}
	},
	query: func(front string) url.Values {
		return url.Values{"protocol": {"http"}, "domain": {front}}
	},
	create: func(bucketURL, _ string) error {
		return with(bucketURL, func(ctx context.Context, client *container.Client) error {
			access := container.PublicAccessTypeBlob
			_, err := client.Create(ctx, &container.CreateOptions{Access: &access})
			return err
		})
	},
	object: func(front, bucket, key string) string { return front + "/" + account + "/" + bucket + "/" + key },
	failure: func(w http.ResponseWriter, f Fault) {
		w.Header().Set("Content-Type", "application/xml")
		w.Header().Set("x-ms-error-code", f.azureCode())
		w.WriteHeader(f.status())
		fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><Error><Code>%s</Code><Message>injected %s</Message></Error>`,
			f.azureCode(), strconv.Itoa(f.status()))
	},
}

// with opens a bucket and calls f with the client beneath it.
func with[Client any](bucketURL string, f func(ctx context.Context, client Client) error) error {
	ctx := context.Background()
	b, err := blob.OpenBucket(ctx, bucketURL)
	if err != nil {
		return err
	}
	defer b.Close()
	var client Client
	if !b.As(&client) {
		return errClient
	}
	return f(ctx, client)
}
