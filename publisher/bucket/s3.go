package bucket

import (
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/s3blob" // s3:// URLs
)

// s3Provider is S3 and what speaks its protocol: R2, MinIO, Ceph. A token is an ETag
// without its quotes. It is made from the bytes, so two versions with the same bytes
// share one; callers could not tell them apart either.
var s3Provider = provider{
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
	alias: plusAlias,
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
