package bucket

import (
	"context"
	"errors"
	"math"
	"net/url"
	"os"
	"strconv"

	"cloud.google.com/go/storage"
	"gocloud.dev/blob"
	"gocloud.dev/blob/gcsblob" // gs:// URLs
	"gocloud.dev/gcp"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
)

// gcsProvider is Google Cloud Storage. A token is an object's generation.
var gcsProvider = provider{
	parameters: map[string]func(string) error{
		"access_id": anyText, "private_key_path": anyText, "anonymous": trueOrFalse, "universe_domain": anyText, "grpc": trueOrFalse, "zonal": trueOrFalse,
	},
	openURL: openGCS,
	readToken: func(r *blob.Reader) string {
		var raw *storage.Reader
		if !r.As(&raw) {
			return ""
		}
		return strconv.FormatInt(raw.Attrs.Generation, 10)
	},
	listToken: func(o *blob.ListObject) string {
		var attrs storage.ObjectAttrs
		if !o.As(&attrs) {
			return ""
		}
		return strconv.FormatInt(attrs.Generation, 10)
	},
	ifReplacing: ifGeneration,
	ifDeleting:  ifGeneration,
	copying: func(o Object, as func(any) bool) error {
		var handles *gcsblob.CopyObjectHandles
		var copier *storage.Copier
		if !as(&handles) {
			return errNoConditions
		}
		handles.Dst = handles.Dst.If(storage.Conditions{DoesNotExist: true})
		if !as(&copier) {
			return errNoConditions
		}
		copier.ContentType, copier.CacheControl = o.ContentType, o.CacheControl
		return nil
	},
	status: func(err error) int {
		var api *googleapi.Error
		if !errors.As(err, &api) {
			return 0
		}
		return api.Code
	},
	noBucket: func(err error) bool { return errors.Is(err, storage.ErrBucketNotExist) },
}

func ifGeneration(token string, as func(any) bool) error {
	generation, err := strconv.ParseInt(token, 10, 64)
	if err != nil || generation == 0 {
		generation = math.MaxInt64 // no object has this generation; 0 would mean no condition
	}
	var handle **storage.ObjectHandle
	if !as(&handle) {
		return errNoConditions
	}
	*handle = (*handle).If(storage.Conditions{GenerationMatch: generation})
	return nil
}

// openGCS opens a bucket. gocloud's own opener is left to emulators and other universes:
// if it finds no credentials, it says so on standard output, among the results.
func openGCS(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	mux := blob.DefaultURLMux()
	q, emulated := u.Query(), os.Getenv("STORAGE_EMULATOR_HOST") != "" || os.Getenv("STORAGE_EMULATOR_HOST_GRPC") != ""
	if !emulated && q.Get("universe_domain") == "" {
		opener, err := gcsOpener(ctx, q)
		if err != nil {
			return nil, err
		}
		mux = new(blob.URLMux)
		mux.RegisterBucket(gcsblob.Scheme, opener)
	}
	b, err := mux.OpenBucketURL(ctx, u)
	if err != nil {
		return nil, err
	}
	var client *storage.Client
	if b.As(&client) { // it would try for minutes
		client.SetRetry(storage.WithErrorFunc(func(err error) bool { return storage.ShouldRetry(err) && !unreachable(err) }))
	}
	return b, nil
}

func gcsOpener(ctx context.Context, q url.Values) (*gcsblob.URLOpener, error) {
	if anonymous, _ := strconv.ParseBool(q.Get("anonymous")); anonymous || q.Get("access_id") == "-" {
		return &gcsblob.URLOpener{Client: gcp.NewAnonymousHTTPClient(gcp.DefaultTransport())}, nil
	}
	credentials, err := gcp.DefaultCredentials(ctx)
	if err != nil {
		return nil, err
	}
	opener := &gcsblob.URLOpener{TokenSource: gcp.CredentialsTokenSource(credentials)}
	if universe, err := credentials.GetUniverseDomain(); err == nil && universe != "" {
		opener.Options.ClientOptions = []option.ClientOption{option.WithUniverseDomain(universe)}
	}
	opener.Client, err = gcp.NewHTTPClient(gcp.DefaultTransport(), opener.TokenSource)
	return opener, err
}
