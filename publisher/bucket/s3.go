package bucket

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob" // s3:// URLs
)

// s3Provider is S3 and what speaks its protocol: R2, MinIO, Ceph. A token is an ETag
// without its quotes. It is made from the bytes, so two versions with the same bytes
// share one; callers could not tell them apart either.
var s3Provider = provider{
	parameters: map[string]func(string) error{
		"region": regionName, "endpoint": serverURL, "profile": anyText, "role": anyText, "anonymous": trueOrFalse, "awssdk": anyText,
		"dualstack": trueOrFalse, "fips": trueOrFalse, "hostname_immutable": trueOrFalse, "rate_limiter_capacity": wholeNumber,
		"request_checksum_calculation": anyText, "response_checksum_validation": anyText,
		"accelerate": trueOrFalse, "use_path_style": trueOrFalse, "s3ForcePathStyle": trueOrFalse, "disable_https": trueOrFalse,
		"ssetype": anyText, "kmskeyid": anyText,
	},
	openURL: openS3,
	readToken: func(r *blob.Reader) string {
		var out s3.GetObjectOutput
		if !r.As(&out) || out.ETag == nil {
			return ""
		}
		return strings.Trim(*out.ETag, `"`)
	},
	listToken: func(o *blob.ListObject) string {
		var out types.Object
		if !o.As(&out) || out.ETag == nil {
			return ""
		}
		return strings.Trim(*out.ETag, `"`)
	},
	ifReplacing: func(token string, as func(any) bool) error {
		var in *transfermanager.UploadObjectInput
		if !as(&in) {
			return errNoConditions
		}
		quoted := `"` + token + `"`
		in.IfMatch = &quoted
		return nil
	},
	ifDeleting: func(token string, as func(any) bool) error {
		var in *s3.DeleteObjectInput
		if !as(&in) {
			return errNoConditions
		}
		quoted := `"` + token + `"`
		in.IfMatch = &quoted
		return nil
	},
	copying: func(o Object, as func(any) bool) error {
		var in *s3.CopyObjectInput
		if !as(&in) {
			return errNoConditions
		}
		star := "*"
		in.IfNoneMatch, in.MetadataDirective = &star, types.MetadataDirectiveReplace
		in.ContentType, in.CacheControl = &o.ContentType, &o.CacheControl
		return nil
	},
	deleteMany: deleteManyS3,
	alias:      plusAlias,
	status: func(err error) int {
		var response *smithyhttp.ResponseError
		if !errors.As(err, &response) || response.Response == nil {
			return 0
		}
		return response.HTTPStatusCode()
	},
	noBucket: func(err error) bool {
		var api smithy.APIError
		return errors.As(err, &api) && api.ErrorCode() == "NoSuchBucket"
	},
	beforeRead: func(as func(any) bool) error {
		var options *[]func(*s3.Options)
		if !as(&options) {
			return nil
		}
		// Otherwise the SDK writes to standard error, for each larger object,
		// that it does not check its checksum. The index has a chart's digest.
		*options = append(*options, func(o *s3.Options) { o.DisableLogOutputChecksumValidationSkipped = true })
		return nil
	},
}

// openS3 opens a bucket as gocloud does, and then again with a client that does not write
// to standard error on its own: what is wrong is in the errors. The client's options carry
// over what the URL's parameters say of the server, the credentials and the checksums.
// What they say of the bucket is lost with the first one, so it is read from the URL:
// ssetype, kmskeyid and prefix.
func openS3(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	b, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, err
	}
	var loud *s3.Client
	if !b.As(&loud) {
		return b, nil
	}
	defer b.Close() // the client stays
	options := loud.Options()
	options.Logger = logging.Nop{}
	if options.Credentials, err = quietCredentials(ctx, u.Query(), options); err != nil {
		return nil, err
	}
	quiet, err := s3blob.OpenBucket(ctx, s3.New(options), u.Host, &s3blob.Options{
		EncryptionType:             encryption(u.Query().Get("ssetype")),
		KMSEncryptionID:            u.Query().Get("kmskeyid"),
		RequestChecksumCalculation: options.RequestChecksumCalculation,
	})
	if err != nil {
		return nil, err
	}
	if prefix := u.Query().Get("prefix"); prefix != "" {
		quiet = blob.PrefixedBucket(quiet, prefix)
	}
	return quiet, nil
}

// encryption returns a kind of encryption as S3 spells it; gocloud takes it in any case.
func encryption(name string) types.ServerSideEncryption {
	kind := types.ServerSideEncryption(name)
	for _, known := range kind.Values() {
		if strings.EqualFold(name, string(known)) {
			return known
		}
	}
	return kind
}
