package publisher

import (
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/s3blob" // s3:// URLs
)

// s3Provider knows S3 and what speaks its protocol: R2, MinIO, Ceph. A token is
// an ETag without its quotes. It is made of the bytes, so two versions with the
// same bytes share one; no caller could tell them apart either.
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
	// Of several conditional writes at once, S3 lets some neither win nor lose.
	again: func(err error) bool {
		var response *smithyhttp.ResponseError
		return errors.As(err, &response) && response.HTTPStatusCode() == http.StatusConflict
	},
}
