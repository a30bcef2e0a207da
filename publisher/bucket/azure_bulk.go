package bucket

import (
	"context"
	"slices"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
)

// maxBatch is how many requests Azure takes in one.
const maxBatch = 256

// deleteManyAzure removes objects with one request for every 256.
func deleteManyAzure(ctx context.Context, b *blob.Bucket, _ string, names []string) (gone []string, err error) {
	var client *container.Client
	if !b.As(&client) {
		return nil, nil
	}
	for some := range slices.Chunk(names, maxBatch) {
		batch, err := client.NewBatchBuilder()
		if err != nil {
			return nil, err
		}
		for _, name := range some {
			if err := batch.Delete(name, nil); err != nil {
				return nil, err
			}
		}
		out, err := client.SubmitBatch(ctx, batch, nil)
		if err != nil {
			return nil, err
		}
		for _, answer := range out.Responses {
			if n := answer.ContentID; answer.Error == nil && n != nil && *n >= 0 && *n < len(some) {
				gone = append(gone, some[*n])
			}
		}
	}
	return gone, nil
}
