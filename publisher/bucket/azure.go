package bucket

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	azblobblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // azblob:// URLs
)

// azureProvider is Azure Blob Storage. A token is an ETag without its quotes, which
// listings leave out.
var azureProvider = provider{
	parameters: map[string]func(string) error{
		"domain": anyText, "protocol": oneOf("http", "https"), "cdn": trueOrFalse, "localemu": trueOrFalse, "storage_account": anyText,
	},
	openURL: func(ctx context.Context, u *url.URL) (*blob.Bucket, error) { return blob.OpenBucket(ctx, u.String()) },
	readToken: func(r *blob.Reader) string {
		var response azblobblob.DownloadStreamResponse
		if !r.As(&response) {
			return ""
		}
		return azureToken(response.ETag)
	},
	listToken: func(o *blob.ListObject) string {
		var item container.BlobItem
		if !o.As(&item) || item.Properties == nil {
			return ""
		}
		return azureToken(item.Properties.ETag)
	},
	ifReplacing: func(token string, as func(any) bool) error {
		var options *azblob.UploadStreamOptions
		if !as(&options) {
			return errNoConditions
		}
		options.AccessConditions = ifETag(token)
		return nil
	},
	ifDeleting: func(token string, as func(any) bool) error {
		var options *azblobblob.DeleteOptions
		if !as(&options) {
			return errNoConditions
		}
		options.AccessConditions = ifETag(token)
		return nil
	},
	deleteMany: deleteManyAzure,
	status: func(err error) int {
		var response *azcore.ResponseError
		if !errors.As(err, &response) {
			return 0
		}
		return response.StatusCode
	},
	noBucket: func(err error) bool { return bloberror.HasCode(err, bloberror.ContainerNotFound) },
}

func azureToken(etag *azcore.ETag) string {
	if etag == nil {
		return ""
	}
	return strings.Trim(string(*etag), `"`)
}

func ifETag(token string) *azblobblob.AccessConditions {
	etag := azcore.ETag(`"` + token + `"`)
	return &azblobblob.AccessConditions{
		ModifiedAccessConditions: &azblobblob.ModifiedAccessConditions{IfMatch: &etag},
	}
}
