package bucket

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
)

// deleteManyAzure removes objects with one request.
func deleteManyAzure(ctx context.Context, b *blob.Bucket, _ string, names []string) (gone []string, err error) {
	var client *container.Client
	if !b.As(&client) {
		return nil, nil
	}
	batch, err := client.NewBatchBuilder()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := batch.Delete(name, nil); err != nil {
			return nil, err
		}
	}
	out, err := client.SubmitBatch(ctx, batch, nil)
	if err != nil {
		return nil, err
	}
	for _, answer := range out.Responses {
		if n := answer.ContentID; answer.Error == nil && n != nil && *n >= 0 && *n < len(names) {
			gone = append(gone, names[*n])
		}
	}
	return gone, nil
}
