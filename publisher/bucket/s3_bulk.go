package bucket

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
)

// deleteManyS3 removes objects with one request. Unlike gocloud's removal of one, it does
// not ask first whether they exist.
func deleteManyS3(ctx context.Context, b *blob.Bucket, bucket string, names []string) (gone []string, err error) {
	var client *s3.Client
	if !b.As(&client) {
		return nil, nil
	}
	objects := make([]types.ObjectIdentifier, len(names))
	for i := range names {
		objects[i].Key = &names[i]
	}
	out, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &types.Delete{Objects: objects}})
	if err != nil {
		return nil, err
	}
	for _, o := range out.Deleted {
		if o.Key != nil {
			gone = append(gone, *o.Key)
		}
	}
	return gone, nil
}
